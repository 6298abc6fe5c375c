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
        Dictionary<string, int> labels = [];
        List<string> pending = [];
        string? name = null;
        int line = 0;
        bool open = false; // the second word of the last instruction is still to come
        void Close()
        {
            if (name != null)
                kernels.Add(new MachineListing(name, architecture, 0, Finished(code, labels)));
            (code, labels, line, open) = ([], [], 0, false);
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
                open = true;
            }
            else if (open && Word().Match(row) is { Success: true } word)
            {
                ulong bits = ulong.Parse(word.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                code[^1] = code[^1] with { Control = MachineControl.FromBits((int)(bits >> 41 & 0x1fffff)) };
                open = false;
            }
        }
        Close();
        return kernels.Count > 0 ? kernels : throw new FormatException("the listing has no '.text.' section");
    }

    // Labels become addresses; padding behind the end (a branch to itself, NOPs) goes.
    static List<MachineInstruction> Finished(List<MachineInstruction> code, Dictionary<string, int> labels)
    {
        for (int n = 0; n < code.Count; n++)
            if (LabelUse().Match(code[n].Operands) is { Success: true } use && labels.TryGetValue(use.Groups[1].Value, out int target))
                code[n] = code[n] with
                {
                    Operands = code[n].Operands.Replace(use.Value, "0x" + target.ToString("x", CultureInfo.InvariantCulture),
                        StringComparison.Ordinal),
                };
        int end = code.Count;
        while (end > 0
            && (code[end - 1].Opcode == "NOP" || (code[end - 1].Opcode == "BRA" && code[end - 1].Target == code[end - 1].Address)))
            end--;
        return code[..end];
    }
}
