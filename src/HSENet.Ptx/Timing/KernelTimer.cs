// How long a launch takes: blocks through one multiprocessor, rounds to the length of the loop, waves of blocks, a clock.
namespace HSENet.Ptx;

/// <summary>Predicts a launch of machine code. Everything is counted or computed; nothing is measured.</summary>
static class KernelTimer
{
    // What blocks that come last add of their own time: until the others end they run beside them.
    const double RestShare = 0.75;

    // Groups of neighbours that stand for blocks which differ, beside the group of the heaviest.
    const int Groups = 5;

    /// <summary>Predicts.</summary>
    /// <param name="kernel">The launch.</param>
    /// <param name="walk">What a warp of its first block does.</param>
    /// <param name="survey">What its blocks do.</param>
    /// <param name="gpu">Where it runs.</param>
    /// <param name="registers">Registers of a thread.</param>
    /// <param name="sharedBytes">Shared memory of a block.</param>
    /// <param name="bufferBytes">Bytes of the launch's buffers; what of them fits into the second-level cache stays there from launch to
    /// launch.</param>
    public static TimingPrediction Predict(MachineKernel kernel, WarpWalk walk, BlockSurvey survey, GpuModel gpu, int registers,
        long sharedBytes, long bufferBytes)
    {
        Occupancy occupancy = Occupancy.Of(gpu, kernel.Block.Count, registers, sharedBytes);
        if (occupancy.Blocks == 0)
            throw new EmulatorException($"{kernel.Program.Listing.Kernel}: not one block fits on a multiprocessor of {gpu.Name}; too many "
                + $"{occupancy.Limit}");
        TimedInstruction[] program = TimedInstruction.Of(kernel.Program.Listing, gpu);
        long blocks = kernel.Grid.Count, fullest = (blocks + gpu.Multiprocessors - 1) / gpu.Multiprocessors;
        int resident = (int)Math.Min(occupancy.Blocks, fullest);
        WarpPath path = walk.Path(resident * kernel.WarpsPerBlock);
        double kept = gpu.KeptInLevel2(bufferBytes);
        MemoryShares shares = MemoryShares.Of(kernel, program, survey.IsAlike ? path : null, gpu.Multiprocessors, resident, kept);
        int l1 = (int)Math.Max(8 * 1024, gpu.L1Bytes - resident * (sharedBytes + gpu.SystemSharedBytesPerBlock));
        BlockRunner runner = new(kernel, gpu, program, shares, l1);
        long waves = fullest / resident;
        int rest = (int)(fullest % resident);
        double cycles;
        MultiprocessorResult run;
        if (survey.IsAlike)
        {
            BlockRunner.Outcome full = runner.Alike(Neighbours(0, resident), path);
            (cycles, run) = (waves * full.Mean, full.Run);
            if (rest > 0)
                cycles += RestShare * runner.Alike(Neighbours(0, rest), path).Mean;
        }
        else
            (cycles, run) = Different();
        TimingPrediction.Work work = new(kernel.Program.Listing.Kernel, $"machine code of {kernel.Program.Listing.Architecture}",
            FromPtx: false, survey.Executed, [.. kernel.Program.Steps.Select((step, n) => TimingPrediction.Flops(step, program[n]))]);
        return TimingPrediction.Make(work, gpu, program, occupancy, shares.L2HitRate, run, cycles, fullest / (double)resident);

        // Blocks that the hardware puts on one multiprocessor, one after the other, each on the next multiprocessor.
        long[] Neighbours(long first, int count) => [.. Enumerable.Range(0, count).Select(b => first + b * (long)gpu.Multiprocessors)
            .Where(number => number < blocks)];

        (double, MultiprocessorResult) Different()
        {
            long[] starts = Starts(blocks, gpu.Multiprocessors, resident, survey.Heaviest.Number);
            (long[] Numbers, WarpPath[] Paths, BlockRunner.Outcome Outcome)[] groups = ParallelResults.Each(starts.Length, g =>
            {
                long[] numbers = Neighbours(starts[g], resident);
                WarpPath[] paths = [.. numbers.Select(number => kernel.Walk(number).Path(resident * kernel.WarpsPerBlock))];
                return (numbers, paths, runner.Different(numbers, paths, g));
            });
            MultiprocessorResult all = groups[0].Outcome.Run;
            foreach (var group in groups.Skip(1))
                all.Add(group.Outcome.Run);
            // What a block issues says how long it takes, as of those that ran.
            (double Work, double Clocks)[] known = [.. groups.SelectMany(group => group.Numbers.Zip(group.Outcome.Durations))
                .Select(pair => (Work: survey.Work(kernel.Grid.Position(pair.First)), Clocks: pair.Second))
                .GroupBy(pair => pair.Work).Select(group => (group.Key, group.Average(pair => pair.Clocks))).OrderBy(pair => pair.Key)];
            (double mean, double stretch) = GridTime.Of(blocks, (long)resident * gpu.Multiprocessors,
                number => Clocks(known, survey.Work(kernel.Grid.Position(number))));
            double equal = waves * mean;
            if (rest > 0)
            {
                var (numbers, paths, outcome) = groups.MinBy(group => Math.Abs(group.Outcome.Mean - mean));
                equal += RestShare * mean / outcome.Mean
                    * runner.Different(numbers[..Math.Min(rest, numbers.Length)], paths[..Math.Min(rest, paths.Length)], 0).Mean;
            }
            return (equal * stretch, all);
        }
    }

    // Where groups of neighbours begin: the heaviest block's, and others spread over the launch.
    static long[] Starts(long blocks, int multiprocessors, int resident, long heaviest)
    {
        long apart = multiprocessors, last = Math.Max(Math.Min(blocks, apart), blocks - (resident - 1) * apart) - 1;
        long before = Math.Min(heaviest / apart, resident / 2);
        return [.. Enumerable.Range(0, Groups).Select(g => (long)((g + 0.5) / Groups * (last + 1)))
            .Append(Math.Min(last, heaviest - before * apart)).Distinct().Order()];
    }

    // Between two blocks that ran, by what they issue; beyond them in proportion.
    static double Clocks((double Work, double Clocks)[] known, double work)
    {
        int at = Array.FindIndex(known, pair => pair.Work >= work);
        if (at <= 0)
            return at < 0 ? known[^1].Clocks * (work / Math.Max(1, known[^1].Work)) : known[0].Clocks * (work / Math.Max(1, known[0].Work));
        double part = (work - known[at - 1].Work) / (known[at].Work - known[at - 1].Work);
        return known[at - 1].Clocks + part * (known[at].Clocks - known[at - 1].Clocks);
    }
}
