// What an assembler made of many kernels, as a table in a file: registers, memory, instructions and loops beside the key of the PTX.
using System.Globalization;
using System.Text;

namespace HSENet.Ptx;

/// <summary>A row: a kernel for an architecture.</summary>
/// <param name="Kernel">Name of the entry.</param>
/// <param name="Architecture">Such as <c>sm_90</c>.</param>
/// <param name="Key">What <see cref="MachineListing.Key"/> gives for its PTX: of another text the row says nothing.</param>
/// <param name="Registers">Registers of a thread.</param>
/// <param name="StackBytes">Local memory of a thread.</param>
/// <param name="SpillBytes">Bytes of spilled registers, stored and loaded.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
/// <param name="Instructions">Number of machine instructions.</param>
/// <param name="Classes">The same by class, as in <c>F32 12, Integer 30</c>.</param>
/// <param name="Widths">Accesses to memory and matrix instructions by width, as in <c>LDG.128 4, HMMA.16816 8</c>.</param>
/// <param name="Loops">Innermost loops with their instructions by class, the longest first, separated by <c>;</c>.</param>
public sealed record MachineRow(string Kernel, string Architecture, string Key, int Registers, int StackBytes, int SpillBytes,
    int SharedBytes, int Instructions, string Classes, string Widths, string Loops)
{
    /// <summary>The row of an assembled kernel.</summary>
    public static MachineRow Of(AssembledKernel kernel, string key)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        MachineListing listing = kernel.Listing;
        return new MachineRow(listing.Kernel, listing.Architecture, key, listing.Registers, kernel.StackBytes,
            kernel.SpillStoreBytes + kernel.SpillLoadBytes, kernel.SharedBytes, listing.Instructions.Count,
            ByClass(listing.Instructions), ByWidth(listing.Instructions),
            string.Join("; ", MachineLoop.Of(listing).Where(loop => loop.IsInnermost).OrderByDescending(loop => loop.Instructions.Count)
                .Select(loop => $"{loop.Instructions.Count}: {ByClass(loop.Instructions)}")));
    }

    /// <summary>Instructions by class, the most frequent first.</summary>
    public static string ByClass(IEnumerable<MachineInstruction> code) => Counts(code.Select(i => i.Class.ToString()));

    static string ByWidth(IEnumerable<MachineInstruction> code) => Counts(code.Select(i => i.Opcode switch
    {
        "LDG" or "STG" or "LD" or "ST" or "LDS" or "STS" or "LDGSTS" => $"{i.Opcode}.{8 * i.MemoryBytes}",
        "HMMA" or "IMMA" or "LDSM" or "STSM" => i.Mnemonic,
        _ => "",
    }).Where(name => name.Length > 0));

    static string Counts(IEnumerable<string> names) => string.Join(", ", names.CountBy(name => name)
        .OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"));
}

/// <summary>Rows, and the release of the assembler that made them.</summary>
/// <param name="Release">Such as <c>11.8</c>.</param>
/// <param name="Rows">In the order of the file.</param>
public sealed record MachineTable(string Release, IReadOnlyList<MachineRow> Rows)
{
    const string Start = "# ptxas ";
    const string Head = "kernel\tarchitecture\tkey\tregisters\tstack\tspills\tshared\tinstructions\tclasses\twidths\tloops";

    /// <summary>
    /// The row of a kernel whose text is still the one that was assembled, for an architecture or, where it has none for that, for the
    /// nearest lower one: neighbours give nearly the same registers. Null when there is none.
    /// </summary>
    /// <exception cref="PtxException">The text has no such kernel.</exception>
    public MachineRow? Find(string ptx, string kernel, int architecture)
    {
        string key = MachineListing.Key(ptx, kernel);
        return Rows.Where(row => row.Key == key && row.Kernel == kernel && Number(row) <= architecture).MaxBy(Number);

        static int Number(MachineRow row) => int.Parse(row.Architecture.AsSpan(3), CultureInfo.InvariantCulture);
    }

    /// <summary>The file's text, lines ended by \n.</summary>
    public string Write()
    {
        StringBuilder text = new($"{Start}{Release}\n{Head}\n");
        foreach (MachineRow r in Rows)
            text.Append(CultureInfo.InvariantCulture,
                $"{r.Kernel}\t{r.Architecture}\t{r.Key}\t{r.Registers}\t{r.StackBytes}\t{r.SpillBytes}\t")
                .Append(CultureInfo.InvariantCulture, $"{r.SharedBytes}\t{r.Instructions}\t{r.Classes}\t{r.Widths}\t{r.Loops}\n");
        return text.ToString();
    }

    /// <summary>Reads such a text.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static MachineTable Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length < 2 || !lines[0].StartsWith(Start, StringComparison.Ordinal) || lines[1] != Head)
            throw new FormatException($"the table of machine code begins with '{lines.FirstOrDefault()}', expected '{Start}' and its "
                + $"columns");
        return new MachineTable(lines[0][Start.Length..], [.. lines.Skip(2).Select(Row)]);
    }

    static MachineRow Row(string line)
    {
        string[] f = line.Split('\t');
        if (f.Length != Head.Split('\t').Length || !f[1].StartsWith("sm_", StringComparison.Ordinal))
            throw new FormatException($"the table of machine code has the line '{line}', expected {Head.Split('\t').Length} fields");
        int Number(int n) => int.TryParse(f[n], NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value
            : throw new FormatException($"the table of machine code has the line '{line}', expected a number in field {n + 1}");
        return new MachineRow(f[0], f[1], f[2], Number(3), Number(4), Number(5), Number(6), Number(7), f[8], f[9], f[10]);
    }
}
