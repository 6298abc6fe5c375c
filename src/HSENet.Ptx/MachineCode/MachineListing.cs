// The machine code of a kernel: what a GPU would execute, instruction by instruction.
namespace HSENet.Ptx;

/// <summary>A kernel's machine code for one architecture.</summary>
/// <param name="Kernel">Name of the entry.</param>
/// <param name="Architecture">Such as <c>sm_90</c>.</param>
/// <param name="Registers">Registers of a thread; 0 where nobody said.</param>
/// <param name="Instructions">In the order of their addresses, padding behind the end left out.</param>
public sealed record MachineListing(string Kernel, string Architecture, int Registers, IReadOnlyList<MachineInstruction> Instructions)
{
    /// <summary>The same with the lines of PTX moved, as when the kernel stands elsewhere in a file.</summary>
    public MachineListing MoveLines(int by) => this with
    {
        Instructions = [.. Instructions.Select(i => i.Line == 0 ? i : i with { Line = i.Line + by })],
    };

    /// <summary>A text that says the same of every text of the same kernel: the entry without blank lines, comments, positions in other
    /// sources and the blanks around lines; its SHA-256 names a listing.</summary>
    /// <exception cref="PtxException">The text has no such entry.</exception>
    public static string Key(string ptx, string kernel)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        (string[] lines, int first) = EntryLines(ptx, kernel);
        IEnumerable<string> kept = lines.Skip(first).Select(line => line.Trim()).Where(line => line.Length > 0
            && !line.StartsWith("//", StringComparison.Ordinal) && !line.StartsWith(".loc", StringComparison.Ordinal));
        List<string> body = [];
        int depth = 0;
        foreach (string line in kept)
        {
            body.Add(line);
            depth += line.Count(c => c == '{') - line.Count(c => c == '}');
            if (depth == 0 && line.Contains('}', StringComparison.Ordinal))
                break;
        }
        byte[] hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', body)));
        return System.Convert.ToHexStringLower(hash.AsSpan(0, 12));
    }

    /// <summary>Line of the text, from 1, where an entry begins.</summary>
    /// <exception cref="PtxException">The text has no such entry.</exception>
    public static int FirstLine(string ptx, string kernel)
    {
        ArgumentNullException.ThrowIfNull(ptx);
        return EntryLines(ptx, kernel).First + 1;
    }

    static (string[] Lines, int First) EntryLines(string ptx, string kernel)
    {
        string[] lines = ptx.Split('\n');
        int first = Array.FindIndex(lines, line => System.Text.RegularExpressions.Regex.IsMatch(line,
            $@"\.entry\s+{System.Text.RegularExpressions.Regex.Escape(kernel)}\b"));
        return first >= 0 ? (lines, first) : throw new PtxException(0, $"there is no kernel '{kernel}'");
    }
}
