// How long a launch takes, estimated from PTX alone: the emulator runs the blocks of one multiprocessor, rules stand in for an assembler.
namespace HSENet.Ptx;

static class PtxEstimate
{
    const int MostEntries = 1_200_000;

    // Blocks that run at once start this share of a block's time apart.
    const double Distance = 0.02;

    /// <summary>Estimates a launch.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="emulator">A device with the launch's memory.</param>
    /// <param name="launch">The launch.</param>
    /// <param name="gpu">Where it would run.</param>
    /// <param name="registers">Registers of a thread.</param>
    /// <param name="sharedBytes">Shared memory of a block.</param>
    public static TimingPrediction Predict(EmulatorKernel kernel, Emulator emulator, TimedLaunch launch, GpuModel gpu, int registers,
        long sharedBytes)
    {
        if (EmulatorKernel.GridFault(launch.Grid) is { } fault)
            throw new EmulatorException($"{launch.Kernel}: {fault}");
        Occupancy occupancy = Occupancy.Of(gpu, launch.Block.Count, registers, sharedBytes);
        if (occupancy.Blocks == 0)
            throw new EmulatorException($"{launch.Kernel}: not one block fits on a multiprocessor of {gpu.Name}; too many "
                + $"{occupancy.Limit}");
        long blocks = launch.Grid.Count, fullest = (blocks + gpu.Multiprocessors - 1) / gpu.Multiprocessors;
        int resident = (int)Math.Min(occupancy.Blocks, fullest), warpsPerBlock = (int)((launch.Block.Count + 31) / 32);
        DecodedKernel decoded = kernel.Decoded(CheckLevel.Profile);
        if (decoded.Statements.Exists(statement => statement.Opcode == "wmma"))
            throw new EmulatorException($"{launch.Kernel}: no estimate from PTX, which does not say how wmma loads its fragments; it "
                + $"takes machine "
                + $"code for {gpu.Target}");
        PtxTrace trace = new(decoded, MostEntries / (resident * warpsPerBlock));
        emulator.Launch(kernel, launch.Grid, launch.Block, launch.DynamicSharedBytes, launch.Parameters, new EmulatorOptions
        {
            Profile = true,
            Observer = trace,
            Blocks = [.. Enumerable.Range(0, resident).Select(b => b * (long)gpu.Multiprocessors).Where(number => number < blocks)],
        });
        PtxRules rules = new(decoded, gpu);
        double[] executed = Executed(trace, rules, decoded, blocks / (double)resident);
        double kept = gpu.KeptInLevel2(launch.BufferBytes);
        double share = Share(trace, decoded, rules, launch.BufferBytes, blocks / (double)resident, fullest / (double)resident) * (1 - kept);
        double[] shares = new double[rules.Program.Length];
        Array.Fill(shares, share);
        int l1 = (int)Math.Max(8 * 1024, gpu.L1Bytes - resident * (sharedBytes + gpu.SystemSharedBytesPerBlock));
        (double cycles, MultiprocessorResult run) = Run(trace, rules, decoded, gpu, shares, resident, l1, 0);
        (cycles, run) = resident == 1 ? (cycles, run) : Run(trace, rules, decoded, gpu, shares, resident, l1, Distance * cycles);
        long waves = fullest / resident, rest = fullest % resident;
        double all = cycles * (waves + (rest > 0 ? 0.75 * rest / resident : 0));
        TimingPrediction.Work work = new(launch.Kernel, "PTX alone (an estimate)", FromPtx: true, executed,
            [.. rules.Program.Select((i, n) => Operations(decoded.Statements[n % decoded.Statements.Count], i))]);
        return TimingPrediction.Make(work, gpu, rules.Program, occupancy, 1 - share, run, all, fullest / (double)resident);
    }

    static (double Cycles, MultiprocessorResult Run) Run(PtxTrace trace, PtxRules rules, DecodedKernel kernel, GpuModel gpu,
        double[] shares,
        int resident, int l1, double distance)
    {
        IEnumerable<IReadOnlyList<IWarpStream>> blocks = trace.Ways.GroupBy(pair => pair.Place.Block).Select(block =>
            (IReadOnlyList<IWarpStream>)[.. block.Select(pair => new PtxStream(kernel, trace, rules, pair.Way))]);
        MultiprocessorResult run = new Multiprocessor(gpu, rules.Program, shares, [])
            .Run(blocks.GetEnumerator(), [.. Enumerable.Range(0, resident).Select(b => (long)(b * distance))], l1);
        // What was not recorded takes as long as what was.
        double recorded = trace.Ways.Sum(pair => (double)pair.Way.Entries.Count), total = trace.Ways.Sum(pair => (double)pair.Way.Total);
        return (run.Blocks.Average(block => block.End - block.Start) * total / recorded, run);
    }

    // Of the copies for rounds that go side by side the first stands for all.
    static double[] Executed(PtxTrace trace, PtxRules rules, DecodedKernel kernel, double scale)
    {
        double[] executed = new double[rules.Program.Length];
        int count = kernel.Statements.Count;
        for (int b = 0; b < kernel.Blocks.Length; b++)
        {
            ref CodeBlock code = ref kernel.Blocks[b];
            for (int s = code.Statement; s < code.Statement + code.Statements; s++)
                if (!rules.Vanishes[s])
                    for (int copy = 0; copy < (rules.Unrolls(b) ? PtxRules.Unrolled : 1); copy++)
                        executed[copy * count + s] = trace.Executed[s] * scale / (rules.Unrolls(b) ? PtxRules.Unrolled : 1);
        }
        return executed;
    }

    // Each byte of the buffers comes from memory once for the square root of the waves: blocks of a wave share what they read, those of
    // different waves in part.
    static double Share(PtxTrace trace, DecodedKernel kernel, PtxRules rules, long bufferBytes, double scale, double waves)
    {
        double asked = 0;
        for (int s = 0; s < kernel.Statements.Count; s++)
            if (rules.Program[s].Kind is TimedKind.GlobalLoad or TimedKind.Copy && !rules.Vanishes[s])
                asked += trace.Executed[s] * scale * 32 * Math.Max(1, rules.Bytes[s]);
        return asked == 0 ? 0 : Math.Min(1, bufferBytes * Math.Sqrt(Math.Max(1, waves)) / asked);
    }

    static double Operations(PtxInstruction i, in TimedInstruction timed) =>
        timed.Operations > 0 ? timed.Operations : 32.0 * InstructionClass.LaneOperations(i).Operations;
}
