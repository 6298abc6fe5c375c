// Reads what a disassembler writes: instructions, lines of the source, labels, scheduling fields.
using System.Globalization;
using System.Text.RegularExpressions;

namespace HSENet.Ptx;

/// <summary>Readers of listings.</summary>
static partial class MachineListingText
{
    [GeneratedRegex(@"^\.text\.(\S+):")]
    private static partial Regex Section();

    [GeneratedRegex(@"^([.$]\S+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"//## File "".*"", line (\d+)")]
    private static partial Regex SourceLine();

    [GeneratedRegex(@"^\s+/\*([0-9a-f]+)\*/\s+(?:@(!?U?P\w+)\s+)?([A-Z][A-Z0-9_.]*)\s*([^;]*);")]
    private static partial Regex Code();

    [GeneratedRegex(@"/\* 0x([0-9a-f]{16}) \*/\s*$")]
    private static partial Regex Word();

    [GeneratedRegex(@"`?\(?(\.L_[\w.]+)\)?")]
    private static partial Regex LabelUse();

    /// <summary>
    /// The kernels of <c>nvdisasm -c -g -hex</c>. Lines are those of the source that the assembler was told of by <c>.loc</c>.
    /// </summary>
    /// <exception cref="FormatException">The text is not such a listing.</exception>
    public static IReadOnlyList<MachineListing> FromDisassembly(string text, string architecture)
    {
        List<MachineListing> kernels = [];
        List<MachineInstruction> code = [];
        List<ulong> words = [];
        Dictionary<string, int> labels = [];
        List<string> pending = [];
        string? name = null;
        int line = 0;
        bool open = false; // the second word of the last instruction is still to come
        void Close()
        {
            if (name != null)
                kernels.Add(new MachineListing(name, architecture, 0, Finished(code, words, labels)));
            (code, words, labels, line, open) = ([], [], [], 0, false);
            pending.Clear();
        }
        foreach (string row in text.Split('\n'))
        {
            if (Section().Match(row) is { Success: true } section)
            {
                Close();
                name = section.Groups[1].Value;
            }
            else if (name == null)
                continue;
            else if (SourceLine().Match(row) is { Success: true } source)
                line = int.Parse(source.Groups[1].Value, CultureInfo.InvariantCulture);
            else if (Label().Match(row) is { Success: true } label)
                pending.Add(label.Groups[1].Value);
            else if (Code().Match(row) is { Success: true } found)
            {
                int address = int.Parse(found.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                foreach (string waiting in pending)
                    labels[waiting] = address;
                pending.Clear();
                code.Add(new MachineInstruction(address, line, found.Groups[2].Value, found.Groups[3].Value, found.Groups[4].Value.Trim(),
                    new MachineControl(1, false, MachineControl.None, MachineControl.None, 0, 0)));
                words.Add(Bits(row));
                open = true;
            }
            else if (Word().IsMatch(row))
            {
                if (open)
                    code[^1] = code[^1] with { Control = MachineControl.FromBits((int)(Bits(row) >> 41 & 0x1fffff)) };
                else
                {
                    words.Add(Bits(row));
                    code.Add(UnprintedInstruction.Of(code.Count == 0 ? 0 : code[^1].Address + MachineInstruction.Size, line, words[^1]));
                }
                if (open && code[^1].Operands.Length > 0)
                    code[^1] = UnprintedInstruction.Finished(code[^1], Bits(row));
                open = !open;
            }
        }
        Close();
        return kernels.Count > 0 ? kernels : throw new FormatException("the listing has no '.text.' section");
    }

    static ulong Bits(string row) => Word().Match(row) is { Success: true } word
        ? ulong.Parse(word.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : 0;

    // Labels become addresses; padding behind the end (a branch to itself, NOPs) goes.
    static List<MachineInstruction> Finished(List<MachineInstruction> code, List<ulong> words, Dictionary<string, int> labels)
    {
        var uses = code.Select(instruction => LabelUse().Match(instruction.Operands)).ToArray();
        // The encoding is believed where it gives the target of every branch whose label is printed.
        bool encoded = Enumerable.Range(0, code.Count).Where(n => code[n].Opcode == "BRA" && uses[n].Success)
            .All(n => !labels.TryGetValue(uses[n].Groups[1].Value, out int known)
                || known == UnprintedInstruction.Target(code[n], words[n]));
        for (int n = 0; n < code.Count; n++)
            if (uses[n].Success && (labels.TryGetValue(uses[n].Groups[1].Value, out int target)
                || encoded && code[n].Opcode == "BRA" && (target = UnprintedInstruction.Target(code[n], words[n])) >= 0))
                code[n] = code[n] with
                {
                    Operands = code[n].Operands.Replace(uses[n].Value, "0x" + target.ToString("x", CultureInfo.InvariantCulture),
                        StringComparison.Ordinal),
                };
        int end = code.Count;
        while (end > 0
            && (code[end - 1].Opcode == "NOP" || (code[end - 1].Opcode == "BRA" && code[end - 1].Target == code[end - 1].Address)))
            end--;
        return code[..end];
    }
}
