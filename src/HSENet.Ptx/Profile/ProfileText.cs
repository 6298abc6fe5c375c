// A profile as a table for terminals.
using System.Globalization;
using System.Text;

namespace HSENet.Ptx;

/// <summary>Writes a profile for people who read it in a terminal.</summary>
public static class ProfileText
{
    const int Shown = 8;

    /// <summary>The table, lines ended by \n.</summary>
    public static string Write(KernelProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        StringBuilder text = new();
        foreach ((string name, string value) in Rows(profile))
            text.Append(CultureInfo.InvariantCulture, $"{name,-28} {value}\n");
        Section(text, "instructions by class", profile.InstructionsByClass.OrderByDescending(pair => pair.Value)
            .Select(pair => (pair.Key, $"{Number(pair.Value),16}  {Percent(pair.Value, profile.WarpInstructions)}")));
        Section(text, "bank conflicts by instruction", profile.ConflictsByInstruction.Take(Shown)
            .Select(row => ($"line {row.Instruction.Line}",
                $"{Number(row.Conflicts),16}  in {Number(row.Requests)} accesses: {row.Instruction}")));
        return text.ToString();
    }

    internal static IEnumerable<(string Name, string Value)> Rows(KernelProfile p)
    {
        KernelBound bound = p.Bound;
        yield return ("kernel", p.Facts.EntryName);
        yield return ("launch", $"{Number(p.Counts.Blocks)} blocks of {p.Counts.Threads} threads"
            + (p.Counts.BlocksRun == p.Counts.Blocks ? "" : $"; {Number(p.Counts.BlocksRun)} of them were executed and count for all"));
        yield return ("GPU", $"{p.Gpu.Name} (figures on paper; nothing here was measured on hardware)");
        yield return ("warp instructions", $"{Number(p.WarpInstructions)}, {Format(100 * p.LaneShare)} % of the lanes active");
        if (p.Machine is { } machine)
            yield return ("machine instructions", $"{Number(machine.WarpInstructions)} of warps, as assembled for "
                + $"{machine.Listing.Architecture} (the way of one warp, taken for all)");
        yield return ("operations", p.Operations == 0 ? "none"
            : string.Join(", ", p.OperationsByType.Select(pair => $"{Number(pair.Value)} {pair.Key}")
            .Concat(p.TensorOperationsByType.Select(pair => $"{Number(pair.Value)} {pair.Key} on tensor cores"))));
        if (p.UsefulOperations is { } useful)
            yield return ("useful operations", $"{Number((long)useful)}: what the result needs, whatever the kernel"
                + (p.Operations > 0 ? $"; {Format(100 * useful / p.Operations)} % of the executed" : ""));
        yield return ("tensor cores", p.TensorShare == 0 ? "not used" : $"{Format(100 * p.TensorShare)} % of the operations");
        yield return ("global memory", $"{Number(p.GlobalRequests)} accesses, {Format(p.SectorsPerRequest)} sectors each");
        yield return ("global bytes", $"{Number(p.GlobalBytesMoved)} moved in sectors, {Number(p.GlobalBytesAsked)} asked for by lanes, "
            + $"{Number(p.MemoryBytes)} at least");
        yield return ("shared memory",
            $"{Number(p.SharedRequests)} accesses, {Number(p.SharedWavefronts)} passes, {Number(p.BankConflicts)} of them by bank "
            + $"conflicts");
        yield return ("local memory", $"{Number(p.LocalRequests)} accesses");
        yield return ("async copies", p.Counts.AsyncCopyDepth == 0 ? "none" : $"{p.Counts.AsyncCopyDepth} groups under way at most");
        yield return ("barriers", $"{Number(p.Barriers)} by warps");
        yield return ("divergence", $"{Number(p.DivergentBranches)} of {Number(p.Branches)} conditional branches");
        yield return p.AssembledRegisters is { } registers
            ? ("registers", $"{registers} as assembled; {p.Facts.EstimatedLiveRegisters} live at once in the PTX")
            : ("live registers", $"{p.Facts.EstimatedLiveRegisters} at most (estimate; an assembler's number differs)");
        yield return ("shared bytes of a block", Number(p.SharedBytesPerBlock));
        yield return ("occupancy", $"{Format(100 * p.Occupancy.Share)} % of the warps that a multiprocessor takes: {p.Occupancy.Blocks} "
            + $"blocks, {p.Occupancy.Warps} warps; limited by {p.Occupancy.Limit}");
        yield return ("grid", p.Spread.PerRound == 0 ? "no block fits on a multiprocessor"
            : $"{Format(p.Spread.Busy)} of {p.Gpu.Multiprocessors} multiprocessors busy; {Format(p.Spread.Waves)} waves of "
            + $"{Number(p.Spread.PerRound)} blocks, the last {Format(100 * p.Spread.Tail)} % full");
        yield return ("arithmetic intensity", $"{Format(p.ArithmeticIntensity)} operations for each byte");
        yield return ("bound", $"{bound.FullName}: {Format(bound.Microseconds)} µs (memory {Format(bound.Memory)}, "
            + $"L2 {Format(bound.Level2)}, tensor {Format(bound.Tensor)}, issue {Format(bound.Issue)}); "
            + "latencies, and what does not overlap, are left out");
        if (p.MachineBound is { } assembled)
            yield return ("bound of machine code", $"{assembled.FullName}: {Format(assembled.Microseconds)} µs, "
                + $"{Format(assembled.WarmMicroseconds)} µs with what the second-level cache keeps of the same launch before");
        if (p.Operations > 0 || p.UsefulOperations > 0)
            yield return ("rate at the bound", $"{Format(p.TeraPerSecondAtBound)} TFLOP/s of "
                + (p.UsefulOperations == null ? "executed operations" : "useful operations"));
    }

    /// <summary>A count with commas between thousands.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Three significant digits, without an exponent.</summary>
    public static string Format(double value)
    {
        int decimals = value == 0 || value >= 100 ? 0 : Math.Clamp(2 - (int)Math.Floor(Math.Log10(value)), 0, 9);
        return value.ToString("F" + decimals, CultureInfo.InvariantCulture);
    }

    static string Percent(long value, long of) => of == 0 ? "" : $"{Format(100.0 * value / of)} %";

    static void Section(StringBuilder text, string title, IEnumerable<(string Name, string Value)> rows)
    {
        bool first = true;
        foreach ((string name, string value) in rows)
        {
            if (first)
                text.Append(CultureInfo.InvariantCulture, $"\n{title}\n");
            first = false;
            text.Append(CultureInfo.InvariantCulture, $"  {name,-26} {value}\n");
        }
    }
}
