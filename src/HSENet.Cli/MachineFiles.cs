// The machine code of the catalogue's kernels as it is committed: bench/results/machine.md, machine.tsv and the listings.
using System.Globalization;
using System.Text;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Runtime;

namespace HSENet.Cli;

static class MachineFiles
{
    public static readonly string[] Architectures = ["sm_80", "sm_90"];

    const string ListedArchitecture = "sm_90", PageName = "machine.md", TableName = "machine.tsv", ListingName = "machine.sm_90.listing.gz";
    const int MostListingBytes = 2 << 20;

    /// <summary>The table that was built into this program.</summary>
    public static MachineTable Committed { get; } = ReadCommitted();

    /// <summary>What no kernel of the catalogue may have; null if it does not.</summary>
    public static string? Fault(Assembled one)
    {
        AssembledKernel kernel = one.Kernel;
        int spilled = kernel.SpillStoreBytes + kernel.SpillLoadBytes;
        return spilled > 0 || kernel.StackBytes > (one.Rung?.Claims.LocalBytes ?? 0)
            ? $"{kernel.Listing.Kernel} for {kernel.Listing.Architecture}: {kernel.StackBytes} bytes of stack, {spilled} of spills; "
                + $"expected none"
            : null;
    }

    public static int WriteOrCheck(Assembler assembler, string? folder, string? compared, CancellationToken cancellation)
    {
        Assembled[] kernels = [.. KernelCatalog.GpuRungs.AsParallel().AsOrdered().WithCancellation(cancellation)
            .SelectMany(rung => PtxAssembleCommand.OfRung(assembler, rung, Architectures, null))];
        MachineTable table = new(assembler.Release.ToString(), [.. kernels.Select(one =>
            MachineRow.Of(one.Kernel, MachineListing.Key(one.Ptx, one.Kernel.Listing.Kernel)))]);
        List<string> faults = [.. kernels.Select(Fault).OfType<string>()];
        if (compared != null)
            faults.AddRange(Stale(compared, table));
        if (folder != null)
            Write(folder, table, kernels);
        foreach (string fault in faults)
            Messages.Note(fault);
        Messages.Note($"{table.Rows.Count} assembled by ptxas {table.Release}, {faults.Count} at fault");
        return faults.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    static void Write(string folder, MachineTable table, Assembled[] kernels)
    {
        using MemoryStream packed = new();
        MachineListingStore.Write(packed, kernels.Where(one => one.Kernel.Listing.Architecture == ListedArchitecture)
            .Select(one => (one.Ptx, one.Kernel.Listing)));
        if (packed.Length > MostListingBytes)
            throw new HseNetException($"the listings have {packed.Length} bytes, expected at most {MostListingBytes}");
        TextFile.Write(Path.Combine(folder, TableName), table.Write());
        TextFile.Write(Path.Combine(folder, PageName), Page(table));
        using AtomicFile file = new(Path.Combine(folder, ListingName));
        file.Write(packed.ToArray(), 0);
        file.Commit();
    }

    // Another release of the assembler gives other registers: then only the kernels' texts are compared.
    static IEnumerable<string> Stale(string folder, MachineTable fresh)
    {
        string path = Path.Combine(folder, TableName);
        MachineTable table = Read(File.Exists(path) ? File.ReadAllText(path) : "", path);
        MachineListingStore store = new();
        string listings = Path.Combine(folder, ListingName);
        if (File.Exists(listings))
            using (FileStream stream = File.OpenRead(listings))
                store.Add(stream);
        Dictionary<(string, string), MachineRow> rows = table.Rows.ToDictionary(row => (row.Kernel, row.Architecture));
        foreach (MachineRow row in fresh.Rows)
        {
            bool found = rows.Remove((row.Kernel, row.Architecture), out MachineRow? old);
            if (!found || old!.Key != row.Key || (table.Release == fresh.Release && old != row))
                yield return $"{path}: the row of {row.Kernel} for {row.Architecture} is {(found ? "out of date" : "missing")}";
        }
        foreach (var (kernel, architecture) in rows.Keys)
            yield return $"{path}: there is no {kernel} for {architecture}";
        Rung[] unlisted = [.. KernelCatalog.GpuRungs.Where(rung =>
            store.Find(KernelTexts.Get(rung), rung.EntryName, ListedArchitecture) == null)];
        foreach (Rung rung in unlisted)
            yield return $"{listings}: the listing of {rung.EntryName} is out of date or missing";
    }

    static MachineTable Read(string text, string place)
    {
        try
        {
            return MachineTable.Read(text);
        }
        catch (FormatException e)
        {
            throw new HseNetException($"{place}: {e.Message}", e);
        }
    }

    static MachineTable ReadCommitted()
    {
        using Stream stream = typeof(MachineFiles).Assembly.GetManifestResourceStream(TableName)
            ?? throw new InvalidOperationException($"this program was built without {TableName}");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return Read(reader.ReadToEnd(), TableName);
    }

    static string Page(MachineTable table)
    {
        StringBuilder page = new();
        page.Append($"""
            # What CUDA's assembler makes of every kernel

            Assembled by ptxas {table.Release} for sm_80 and sm_90, without a GPU; a driver assembles anew with its own release, and its
            registers can differ a little. Generated by `bench/regenerate`; `.ci/machine` compares, and fails on a spill or a stack.
            [machine.tsv](machine.tsv) has every column; `hsenet ptx assemble --kernel NAME --listing` shows the machine code by line of PTX.

            - **registers**: of a thread, for sm_80 and sm_90; **live**: the most 32-bit registers alive at once in the PTX, the estimate where no
              assembler is at hand. **stack**, **spills**: bytes of local memory, of sm_90; **shared**: static bytes of a block.
            - **instructions**: of the machine, for sm_80 and sm_90. **longest innermost loop**: of sm_90, its instructions and their kinds;
              the assembler unrolls short loops, so that a round may be several steps.
            - **PTX**: a hash of the kernel's text.

            | kernel | registers | live | stack | spills | shared | instructions | longest innermost loop | PTX |
            |---|--:|--:|--:|--:|--:|--:|---|---|

            """.ReplaceLineEndings("\n"));
        ILookup<string, MachineRow> rows = table.Rows.ToLookup(row => row.Kernel);
        foreach (Rung rung in KernelCatalog.GpuRungs)
        {
            MachineRow[] both = [.. rows[rung.EntryName]];
            MachineRow last = both[^1];
            int live = KernelFacts.Of(PtxModule.Parse(KernelTexts.Get(rung)), rung.EntryName).EstimatedLiveRegisters;
            page.Append(CultureInfo.InvariantCulture,
                $"| `{rung.EntryName}` | {string.Join(", ", both.Select(row => row.Registers))} | {live} | ")
                .Append(CultureInfo.InvariantCulture, $"{last.StackBytes} | {last.SpillBytes} | {last.SharedBytes} | ")
                .Append(CultureInfo.InvariantCulture, $"{string.Join(", ", both.Select(row => row.Instructions))} | ")
                .Append(CultureInfo.InvariantCulture, $"{(last.Loops.Length == 0 ? "–" : last.Loops.Split("; ")[0])} | `{last.Key}` |\n");
        }
        return page.ToString();
    }
}
