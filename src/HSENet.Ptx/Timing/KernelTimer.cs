// How long a launch takes: blocks through one multiprocessor, rounds to the length of the loop, waves of blocks, a clock.
namespace HSENet.Ptx;

/// <summary>Predicts a launch of machine code. Everything is counted or computed; nothing is measured.</summary>
static class KernelTimer
{
    /// <summary>Instructions of warps that a run goes through at most.</summary>
    const double RunSteps = 400_000;

    /// <summary>Rounds of a loop that is cut, at least.</summary>
    const int LeastRounds = 9;

    /// <summary>What blocks that come last add of their own time: until the others end they run beside them.</summary>
    const double RestShare = 0.75;

    // Blocks that run at once start this share of a round apart: one distance alone can move a result by a quarter.
    static readonly double[] Distances = [0.15, 0.40, 0.65];

    /// <summary>Predicts.</summary>
    /// <param name="kernel">The launch.</param>
    /// <param name="path">What a warp of it does.</param>
    /// <param name="gpu">Where it runs.</param>
    /// <param name="registers">Registers of a thread.</param>
    /// <param name="sharedBytes">Shared memory of a block.</param>
    /// <param name="bufferBytes">Bytes of the launch's buffers; what of them fits into the second-level cache stays there from launch to
    /// launch.</param>
    public static TimingPrediction Predict(MachineKernel kernel, MachineKernel.WarpPath path, GpuModel gpu, int registers,
        long sharedBytes, long bufferBytes)
    {
        Occupancy occupancy = Occupancy.Of(gpu, kernel.Block.Count, registers, sharedBytes);
        if (occupancy.Blocks == 0)
            throw new EmulatorException($"{kernel.Program.Listing.Kernel}: not one block fits on a multiprocessor of {gpu.Name}; too "
                + $"many "
                + $"{occupancy.Limit}");
        TimedInstruction[] program = TimedInstruction.Of(kernel.Program.Listing, gpu);
        long blocks = kernel.Grid.Count, fullest = (blocks + gpu.Multiprocessors - 1) / gpu.Multiprocessors;
        int resident = (int)Math.Min(occupancy.Blocks, fullest);
        double kept = gpu.KeptInLevel2(bufferBytes);
        MemoryShares shares = MemoryShares.Of(kernel, program, path, gpu.Multiprocessors, resident, kept);
        int l1 = (int)Math.Max(8 * 1024, gpu.L1Bytes - resident * (sharedBytes + gpu.SystemSharedBytesPerBlock));
        Runner runner = new(kernel, gpu, program, shares, path, l1);
        BlockTime time = runner.Blocks(resident);
        long waves = fullest / resident, rest = fullest % resident;
        double cycles = waves * time.Cycles;
        if (rest > 0)
            cycles += RestShare * runner.Blocks((int)rest).Cycles;
        double warps = blocks * (double)kernel.WarpsPerBlock;
        TimingPrediction.Work work = new(kernel.Program.Listing.Kernel, $"machine code of {kernel.Program.Listing.Architecture}",
            FromPtx: false, [.. path.Executed.Select(count => count * warps)],
            [.. kernel.Program.Steps.Select((step, n) => TimingPrediction.Flops(step, program[n]))]);
        return TimingPrediction.Make(work, gpu, program, occupancy, shares.L2HitRate, time.Run, cycles, fullest / (double)resident);
    }

    /// <summary>Time of a block among as many as run at once, and what one run of them did.</summary>
    public sealed record BlockTime(double Cycles, MultiprocessorResult Run);

    // Runs blocks at several distances from each other.
    sealed class Runner(MachineKernel kernel, GpuModel gpu, TimedInstruction[] program, MemoryShares shares, MachineKernel.WarpPath path,
        int l1)
    {
        public BlockTime Blocks(int resident)
        {
            int warps = kernel.WarpsPerBlock * resident;
            LoopCut? cut = Cut(warps);
            int distances = resident == 1 ? 1 : Distances.Length;
            MultiprocessorResult? first = resident == 1 ? null : Once(resident, cut, 0);
            double round = first == null ? 0 : Round(first, Longest) is > 0 and double found ? found : first.Cycles / 8.0;
            double sum = 0;
            MultiprocessorResult run = null!;
            for (int d = 0; d < distances; d++)
            {
                run = Once(resident, cut, resident == 1 ? 0 : Distances[d] * round);
                double cycles = run.Blocks.Average(block => block.End - block.Start);
                for (int loop = 0; loop < path.Loops.Count && cut != null; loop++)
                    cycles += Math.Max(0, path.Loops[loop].Rounds - cut.Loops[loop].Rounds) * Round(run, loop);
                sum += cycles;
            }
            double mean = sum / distances;
            return new BlockTime(mean, run);
        }

        // The loop whose rounds set the distance between blocks.
        int Longest => path.Loops.Count == 0 ? -1 : Enumerable.Range(0, path.Loops.Count).MaxBy(loop => path.Loops[loop].Steps);

        // Rounds so that a run stays short, shared out among the long loops by their length.
        LoopCut? Cut(int warps)
        {
            if (path.Loops.Count == 0 || path.Steps * (double)warps <= RunSteps)
                return null;
            double all = path.Loops.Sum(loop => (double)loop.Steps);
            CutLoop[] loops = [.. path.Loops.Select(loop =>
                loop.Cut(Math.Max(LeastRounds, (int)(RunSteps * (loop.Steps / all) / warps / loop.StepsPerRound))))];
            return loops.Index().All(pair => pair.Item.Rounds >= path.Loops[pair.Index].Rounds) ? null : new LoopCut(loops);
        }

        MultiprocessorResult Once(int resident, LoopCut? cut, double distance)
        {
            Multiprocessor sm = new(gpu, program, shares.Share, [.. path.Loops.Select(loop => loop.Branch)]);
            int multiprocessors = gpu.Multiprocessors;
            IEnumerable<IReadOnlyList<IWarpStream>> blocks = Enumerable.Range(0, resident)
                .Select(b => kernel.Warps(b * (long)multiprocessors % kernel.Grid.Count, cut));
            return sm.Run(blocks.GetEnumerator(), [.. Enumerable.Range(0, resident).Select(b => (long)(b * distance))], l1);
        }

        // Clocks of a loop's round, in the later two thirds of its rounds.
        static double Round(MultiprocessorResult run, int loop)
        {
            double sum = 0;
            int count = 0;
            foreach (List<long>[] loops in run.RoundEnds)
            {
                if (loop < 0)
                    break;
                List<long> ends = loops[loop];
                int from = ends.Count / 3, to = ends.Count - 1;
                if (to <= from)
                    continue;
                sum += (ends[to] - ends[from]) / (double)(to - from);
                count++;
            }
            return count == 0 ? 0 : sum / count;
        }
    }
}
