// Runs blocks that live on a multiprocessor at once, long loops cut, and says how long each takes.
namespace HSENet.Ptx;

/// <summary>Runs of one multiprocessor with blocks of a launch.</summary>
/// <param name="kernel">The launch.</param>
/// <param name="gpu">Where it runs.</param>
/// <param name="program">Its instructions.</param>
/// <param name="shares">Which share of requests memory serves.</param>
/// <param name="level1Bytes">First-level cache that shared memory leaves.</param>
sealed class BlockRunner(MachineKernel kernel, GpuModel gpu, TimedInstruction[] program, MemoryShares shares, int level1Bytes)
{
    // Blocks that run at once start this share of a round apart: one distance alone can move a result by a quarter.
    static readonly double[] Distances = [0.15, 0.40, 0.65];

    /// <summary>How long each of some blocks takes that live together, and what they did.</summary>
    public sealed record Outcome(double[] Durations, MultiprocessorResult Run)
    {
        /// <summary>How long a block takes on average.</summary>
        public double Mean => Durations.Average();
    }

    /// <summary>Blocks that are alike, at several distances from each other.</summary>
    public Outcome Alike(IReadOnlyList<long> blocks, WarpPath path)
    {
        WarpPath[] paths = [.. blocks.Select(_ => path)];
        if (blocks.Count == 1)
            return Once(blocks, paths, WarpWalk.RunSteps, 0);
        double round = Round(Once(blocks, paths, WarpWalk.RunSteps, 0).Run, paths);
        Outcome[] all = ParallelResults.Each(Distances.Length, d => Once(blocks, paths, WarpWalk.RunSteps, Distances[d] * round));
        return new Outcome([.. all.Select(one => one.Mean)], all[^1].Run);
    }

    /// <summary>Blocks that differ, each with its own path, at one distance.</summary>
    /// <param name="blocks">Their numbers.</param>
    /// <param name="paths">What a warp of each does.</param>
    /// <param name="nth">Which distance: groups of blocks take them in turn.</param>
    public Outcome Different(IReadOnlyList<long> blocks, IReadOnlyList<WarpPath> paths, int nth)
    {
        Outcome first = Once(blocks, paths, WarpWalk.RunSteps / 2, 0);
        return blocks.Count == 1 ? first
            : Once(blocks, paths, WarpWalk.RunSteps / 2, Distances[nth % Distances.Length] * Round(first.Run, paths));
    }

    // A round of the longest loop of the blocks; without loops an eighth of their time.
    static double Round(MultiprocessorResult run, IReadOnlyList<WarpPath> paths) =>
        paths.SelectMany(path => path.Loops).MaxBy(loop => loop.Steps) is { } longest
        && Clocks(run, Branches(paths).IndexOf(longest.Branch), null) is > 0 and double round ? round : run.Cycles / 8.0;

    static List<int> Branches(IReadOnlyList<WarpPath> paths) =>
        [.. paths.SelectMany(path => path.Loops).Select(loop => loop.Branch).Distinct().Order()];

    Outcome Once(IReadOnlyList<long> blocks, IReadOnlyList<WarpPath> paths, double steps, double distance)
    {
        double warps = kernel.WarpsPerBlock * (double)blocks.Count;
        LoopCut?[] cuts = [.. paths.Select(path => Cut(path, warps, steps))];
        List<int> branches = Branches(paths);
        MultiprocessorResult run = new Multiprocessor(gpu, program, shares.Share, branches).Run(
            blocks.Select((number, b) => kernel.Warps(number, cuts[b])).GetEnumerator(),
            [.. Enumerable.Range(0, blocks.Count).Select(b => (long)(b * distance))], level1Bytes);
        double[] durations = new double[blocks.Count];
        for (int b = 0; b < durations.Length; b++)
        {
            durations[b] = run.Blocks[b].End - run.Blocks[b].Start;
            for (int n = 0; n < paths[b].Loops.Count && cuts[b] != null; n++)
            {
                LongLoop loop = paths[b].Loops[n];
                durations[b] += Math.Max(0, loop.Rounds - loop.Entries * (double)cuts[b]!.Loops[n].Rounds)
                    * Clocks(run, branches.IndexOf(loop.Branch), paths.All(path => path == paths[0]) ? null : b);
            }
        }
        return new Outcome(durations, run);
    }

    // Rounds so that a run stays short, shared out among the long loops by their length.
    static LoopCut? Cut(WarpPath path, double warps, double steps)
    {
        if (path.Loops.Count == 0 || path.Steps * warps <= steps)
            return null;
        double all = path.Loops.Sum(loop => (double)loop.Steps);
        CutLoop[] loops = [.. path.Loops.Select(loop => loop.Cut(Math.Max(WarpWalk.LeastRounds,
            (int)(steps * (loop.Steps / all) / warps / loop.StepsPerRound / loop.Entries))))];
        return loops.Index().All(pair => pair.Item.Rounds * path.Loops[pair.Index].Entries >= path.Loops[pair.Index].Rounds) ? null
            : new LoopCut(loops);
    }

    // Clocks of a loop's round, in the later two thirds of its rounds each time; of all blocks or one.
    static double Clocks(MultiprocessorResult run, int loop, int? block)
    {
        double sum = 0;
        int count = 0;
        foreach ((int of, List<long>[] loops) in run.RoundEnds)
        {
            if (block != null && of != block)
                continue;
            double clocks = 0, rounds = 0;
            for (int start = 0, end; start < loops[loop].Count; start = end + 1)
            {
                for (end = start; end < loops[loop].Count && loops[loop][end] >= 0;)
                    end++;
                int from = start + (end - start) / 3, to = end - 1;
                if (to <= from)
                    continue;
                clocks += loops[loop][to] - loops[loop][from];
                rounds += to - from;
            }
            sum += rounds > 0 ? clocks / rounds : 0;
            count += rounds > 0 ? 1 : 0;
        }
        return count == 0 ? 0 : sum / count;
    }
}
