// A predicted time and what it is made of.
using System.Collections.ObjectModel;

namespace HSENet.Ptx;

/// <summary>What the model of time says of a launch. Every figure is predicted, none measured.</summary>
public sealed record TimingPrediction
{
    /// <summary>The GPU that it is for.</summary>
    public required GpuModel Gpu { get; init; }

    /// <summary>Name of the kernel.</summary>
    public required string Kernel { get; init; }

    /// <summary>Where the instructions come from: <c>machine code of sm_90</c>, <c>PTX</c>.</summary>
    public required string Basis { get; init; }

    /// <summary>Whether it is an estimate from PTX alone.</summary>
    public required bool FromPtx { get; init; }

    /// <summary>Error that the model shows on published measurements, as a share: the mean one, and the largest.</summary>
    public required (double Mean, double Largest) ErrorBand { get; init; }

    /// <summary>Clocks of the multiprocessors.</summary>
    public required double Cycles { get; init; }

    /// <summary>The clock that the load allows, 10⁹ a second.</summary>
    public required double Gigahertz { get; init; }

    /// <summary>Time from one launch to the next, 10⁻⁶ seconds.</summary>
    public double Microseconds => Cycles / Gigahertz / 1e3 + LaunchMicroseconds;

    /// <summary>The part of it that launching takes.</summary>
    public required double LaunchMicroseconds { get; init; }

    /// <summary>Blocks and warps of a multiprocessor.</summary>
    public required Occupancy Occupancy { get; init; }

    /// <summary>Waves of blocks on the multiprocessor that gets the most; a broken number has a tail.</summary>
    public required double Waves { get; init; }

    /// <summary>Floating-point operations that the launch executes.</summary>
    public required double Operations { get; init; }

    /// <summary>Bytes that the multiprocessors move to and from the second-level cache, and to and from memory.</summary>
    public required double L2Bytes { get; init; }

    /// <inheritdoc cref="L2Bytes"/>
    public required double MemoryBytes { get; init; }

    /// <summary>Instructions of warps that the launch issues.</summary>
    public required double WarpInstructions { get; init; }

    /// <summary>Shares of the time: issue slots used, load-store unit busy, tensor cores busy; 0 to 1.</summary>
    public required (double Issue, double LoadStore, double Tensor) Busy { get; init; }

    /// <summary>Shares of sectors that the first-level and the second-level cache had, 0 to 1.</summary>
    public required (double L1, double L2) HitRates { get; init; }

    /// <summary>Clocks between two instructions of a warp, and warps of a scheduler that could issue.</summary>
    public required double CyclesPerInstruction { get; init; }

    /// <inheritdoc cref="CyclesPerInstruction"/>
    public required double EligibleWarps { get; init; }

    /// <summary>Clocks per instruction for each reason to wait, the largest first.</summary>
    public required IReadOnlyList<(StallReason Reason, double Clocks)> Stalls { get; init; }

    /// <summary>Lines of PTX at which warps wait most: share of all waiting, and the first reason.</summary>
    public required IReadOnlyList<(int Line, double Share, StallReason Reason)> Lines { get; init; }

    /// <summary>Places in the compiler's source by line of PTX, where they are known.</summary>
    public IReadOnlyDictionary<int, string> Sources { get; init; } = ReadOnlyDictionary<int, string>.Empty;

    /// <summary>Operations that the result needs, whatever the kernel; null when that is not known.</summary>
    public double? UsefulOperations { get; init; }

    /// <summary>Blocks of the last wave as a share of a full one, 0 to 1.</summary>
    public double Tail => Waves - Math.Ceiling(Waves) + 1;

    /// <summary>10¹² operations a second: of those that the result needs where that is known, else of those that are executed.</summary>
    public double TeraOperations => (UsefulOperations ?? Operations) / Microseconds / 1e6;

    /// <summary>What the data sheet promises: of the tensor cores where they work, else of f32; 10¹² operations a second.</summary>
    public (double Tera, string Name) Peak =>
        Busy.Tensor > 0 ? (Gpu.TensorTera, "dense 16-bit products with f32 sums") : (Gpu.F32Tera, "f32");

    /// <summary>10⁹ bytes a second from and to memory.</summary>
    public double MemoryGigabytes => MemoryBytes / Microseconds / 1e3;

    /// <summary>What the launch spends its time on: the busiest resource, or the reason for which warps wait.</summary>
    public string Limit => Busy.Tensor >= 0.8 ? "tensor cores" : Busy.LoadStore >= 0.8 ? "load-store unit"
        : Busy.Issue >= 0.8 ? "issue slots" : MemoryGigabytes >= 0.8 * Gpu.MemoryGigabytesPerSecond ? "memory"
        : Stalls.Count > 0 ? $"latency: {Stalls[0].Reason.Words()}" : "latency";

    /// <summary>What a launch executes.</summary>
    /// <param name="Kernel">Name of the kernel.</param>
    /// <param name="Basis">Where the instructions come from.</param>
    /// <param name="FromPtx">Whether rules stand in for machine code.</param>
    /// <param name="Executed">How often warps execute each instruction.</param>
    /// <param name="Operations">Floating-point operations of one execution.</param>
    internal sealed record Work(string Kernel, string Basis, bool FromPtx, double[] Executed,
        double[] Operations);

    internal static TimingPrediction Make(Work work, GpuModel gpu, TimedInstruction[] program, Occupancy occupancy, double l2Hits,
        MultiprocessorResult run, double cycles, double waves)
    {
        // The run went through some blocks, and perhaps some of their rounds: each instruction counts as often as the launch executes it.
        double operations = 0, unit = 0, tags = 0, tensorClocks = 0, l2 = 0, memory = 0, lived = 0;
        double[] reasons = new double[StallReasons.Count];
        SortedDictionary<int, double[]> lines = [];
        for (int i = 0; i < program.Length; i++)
        {
            if (run.Executed[i] == 0)
                continue;
            double executed = work.Executed[i], scale = executed / run.Executed[i];
            operations += executed * work.Operations[i];
            tensorClocks += program[i].Pipe == TimedPipe.Tensor ? executed * program[i].PipeClocks : 0;
            unit += run.UnitClocks[i] * scale;
            tags += run.TagClocks[i] * scale;
            l2 += run.L2Bytes[i] * scale;
            memory += run.MemoryBytes[i] * scale;
            lived += executed;
            double[] line = lines.TryGetValue(program[i].Line, out double[]? known) ? known
                : lines[program[i].Line] = new double[reasons.Length];
            for (int r = 0; r < reasons.Length; r++)
            {
                double stalled = run.Stalls[i, r] * scale;
                reasons[r] += stalled;
                line[r] += stalled;
                lived += stalled;
            }
        }
        double instructions = work.Executed.Sum();
        // Short blocks may each live on what was saved of a bandwidth, and on slots that the blocks around them leave; all of them together
        // cannot.
        double[] least = [memory / gpu.MemoryBytesPerClock, l2 / gpu.AttainableL2BytesPerClock, instructions / gpu.IssuesPerClock, unit, tags];
        cycles = Math.Max(cycles, least.Max() / gpu.Multiprocessors);
        double all = cycles * gpu.Multiprocessors, waited = Math.Max(1, reasons.Sum());
        double tensor = tensorClocks / 4 / all;
        return new TimingPrediction
        {
            Gpu = gpu,
            Kernel = work.Kernel,
            Basis = work.Basis,
            FromPtx = work.FromPtx,
            ErrorBand = work.FromPtx ? TimingErrors.Ptx : TimingErrors.MachineCode,
            Cycles = cycles,
            Gigahertz = gpu.Clock(tensor),
            LaunchMicroseconds = gpu.LaunchMicroseconds,
            Occupancy = occupancy,
            Waves = waves,
            Operations = operations,
            L2Bytes = l2,
            MemoryBytes = memory,
            WarpInstructions = instructions,
            Busy = (instructions / 4 / all, unit / all, tensor),
            HitRates = (run.L1Sectors == 0 ? 0 : run.L1Hits / (double)run.L1Sectors, l2Hits),
            CyclesPerInstruction = lived / instructions,
            EligibleWarps = (instructions + reasons[(int)StallReason.NotSelected]) / 4 / all,
            Stalls = [.. reasons.Index().Select(pair => ((StallReason)pair.Index, pair.Item / instructions))
                .OrderByDescending(pair => pair.Item2)],
            Lines = [.. lines.Where(line => line.Value.Sum() > 0).OrderByDescending(line => line.Value.Sum()).Take(10).Select(line =>
                (line.Key, line.Value.Sum() / waited, (StallReason)Array.IndexOf(line.Value, line.Value.Max())))],
        };
    }

    /// <summary>Floating-point operations of one execution by a warp.</summary>
    internal static double Flops(MachineStep step, in TimedInstruction i) => step.Class switch
    {
        MachineClass.Tensor => i.Operations,
        MachineClass.F32 or MachineClass.F64 or MachineClass.Half when step.Source.Opcode is "FFMA" or "DFMA" or "HFMA2" => 64,
        MachineClass.F32 or MachineClass.F64 or MachineClass.Half when step.Source.Opcode is "FADD" or "FMUL" or "DADD" or "DMUL" => 32,
        _ => 0,
    };
}
