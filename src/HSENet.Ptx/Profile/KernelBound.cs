// What limits a kernel on a GPU: the time that each resource alone needs for what was counted.
namespace HSENet.Ptx;

/// <summary>
/// Times of a launch when one resource alone counts, in microseconds, at the rates that a GPU's maker states, on the multiprocessors that
/// its grid keeps busy. The largest is the bound. It leaves out every latency (of memory, of dependent instructions, of barriers), whatever
/// two resources do not do at once, what first-level caches miss beyond the least, and the launch itself: most kernels take longer, and a
/// bound orders two of them only where the same resource binds both. Each instruction of PTX counts as one of
/// the machine, though an assembler merges some and splits others: <see cref="KernelProfile.MachineBound"/> counts those of machine code.
/// Inputs are not in the second-level cache, but for
/// <see cref="WarmMicroseconds"/>.
/// </summary>
/// <param name="Memory">Bytes over the bandwidth of the GPU's memory.</param>
/// <param name="Level2">Bytes that pass the second-level cache over its bandwidth and that of the busy multiprocessors' ports.</param>
/// <param name="Tensor">Operations of mma over the rate of the tensor cores for that instruction and type.</param>
/// <param name="Issue">The slowest of the multiprocessor's pipes.</param>
/// <param name="IssueLimit">Which pipe that is: <c>issue slots</c>, <c>f32</c>, <c>f64</c>, <c>half</c>, <c>integer</c>,
/// <c>special functions</c>, <c>load-store</c>, or the <c>longest warp</c>, which starts an instruction a clock at most.</param>
/// <param name="Kept">Share of the buffers that a launch finds in the second-level cache when it follows the same launch, 0 to 1.</param>
public sealed record KernelBound(double Memory, double Level2, double Tensor, double Issue, string IssueLimit, double Kept)
{
    (string Name, double Time)[] Resources => [("memory", Memory), ("L2", Level2), ("tensor", Tensor), ("issue", Issue)];

    /// <summary><c>memory</c>, <c>L2</c>, <c>tensor</c> or <c>issue</c>.</summary>
    public string Name => Resources.MaxBy(resource => resource.Time).Name;

    /// <summary>The largest of the times.</summary>
    public double Microseconds => Resources.Max(resource => resource.Time);

    /// <summary>The largest of the times when the launch follows the same launch: memory gives only what the second-level cache did not
    /// keep. Predictions are of such launches.</summary>
    public double WarmMicroseconds => Math.Max(Memory * (1 - Kept), Math.Max(Level2, Math.Max(Tensor, Issue)));

    /// <summary>The name, with the pipe behind <c>issue</c>.</summary>
    public string FullName => Name == "issue" ? $"issue ({IssueLimit})" : Name;

    internal static KernelBound Of(GpuModel gpu, LaunchProfile counts, GridSpread spread, long memoryBytes, long bufferBytes,
        MachineWork? machine)
    {
        double tensor = 0, f32 = 0, f64 = 0, half = 0, integer = 0, multiply = 0, special = 0;
        long passing = 0;
        foreach ((int n, PtxInstruction i) in counts.Instructions.Index())
        {
            double operations = (double)LaunchProfile.MatrixOperations(i) * counts.WarpInstructions[n];
            if (operations > 0)
                tensor += operations / gpu.MmaTera(i) / 1e6;
            else
                switch (InstructionClass.PipeOf(i))
                {
                    case Pipe.F32: f32 += counts.WarpInstructions[n]; break;
                    case Pipe.F64: f64 += counts.WarpInstructions[n]; break;
                    case Pipe.Half: half += counts.WarpInstructions[n]; break;
                    case Pipe.Integer: integer += counts.WarpInstructions[n]; break;
                    case Pipe.IntegerMultiply: multiply += counts.WarpInstructions[n]; break;
                    case Pipe.Special: special += counts.WarpInstructions[n]; break;
                }
            if (InstructionClass.PassesLevel1(i))
                passing += counts.GlobalSectors[n];
        }
        long instructions = Math.Min(counts.WarpInstructions.Sum(), machine?.WarpInstructions ?? long.MaxValue),
            ofWarp = Math.Min(counts.MostInWarp, machine?.InstructionsOfWarp ?? long.MaxValue);
        double busy = spread.PipesBusy;
        (double Clocks, string Limit)[] pipes =
        [
            (instructions / (double)gpu.IssuesPerClock * busy / spread.Busy, "issue slots"),
            (Clocks(f32, gpu.F32LanesPerClock, TimedPipe.Float), "f32"),
            (Clocks(f64, gpu.F64LanesPerClock, TimedPipe.Double), "f64"),
            (Clocks(half, gpu.HalfLanesPerClock, TimedPipe.Half), "half"),
            (Math.Max(Clocks(integer, gpu.IntegerLanesPerClock, TimedPipe.Integer),
                Clocks(multiply, gpu.IntegerLanesPerClock, TimedPipe.Multiply)), "integer"),
            (Clocks(special, gpu.SpecialLanesPerClock, TimedPipe.Special), "special functions"),
            // A request to shared memory passes once for each wavefront.
            (counts.SharedWavefronts.Sum() + (double)counts.GlobalPasses.Sum(), "load-store"),
        ];
        var (clocks, limit) = pipes.MaxBy(pipe => pipe.Clocks);
        double clocksPerMicrosecond = gpu.BoostGigahertz * 1e3;
        double level2BytesPerClock = Math.Min(gpu.Level2BytesPerClock ?? double.PositiveInfinity, busy * gpu.PortBytesPerClock);
        // A warp issues an instruction a clock at most, however many multiprocessors there are.
        double longest = ofWarp / clocksPerMicrosecond, issue = clocks / (clocksPerMicrosecond * busy);
        if (longest > issue)
            (issue, limit) = (longest, "longest warp");
        return new KernelBound(memoryBytes / gpu.MemoryGigabytesPerSecond / 1e3,
            Math.Max(memoryBytes, passing * (double)KernelProfile.SectorBytes) / level2BytesPerClock / clocksPerMicrosecond,
            tensor * gpu.Multiprocessors / busy, issue, limit, gpu.KeptInLevel2(bufferBytes));

        // Blocks may differ and only some were followed through machine code: the fewer of both counts are surely executed.
        double Clocks(double counted, int lanes, TimedPipe pipe) =>
            Math.Min(counted * 32 / lanes, machine?.Clocks(gpu, pipe) ?? double.PositiveInfinity);
    }
}
