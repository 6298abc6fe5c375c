// Counters of a launch from some of its blocks: a profile at a model's own sizes in seconds.
namespace HSENet.Ptx;

/// <summary>
/// Blocks are told apart by whether they are the last along each axis of the grid, which often have less to do. Of each kind some run,
/// spread over the whole launch, and count for the others. Which ones follows from the grid and from what blocks execute, so the same
/// launch has the same sample everywhere: where neighbours in a line part, the border between them is looked for
/// (<see cref="LineSample"/>). Where one block is too long, some of its warps run, if they share no memory.
/// </summary>
static class BlockSample
{
    /// <summary>Blocks of a kind that run at least, if there are so many: work may grow from block to block. Fewer where they have more
    /// instructions than enough, of long ones only those that showed the cost: where work grows evenly, few that lie spread say as
    /// much.</summary>
    const int Fewest = 40, FewestThatAreNotLong = 6;

    /// <summary>Instructions of warps: of a long block, and of the fewest blocks of a kind.</summary>
    const double Long = 4_000_000, Enough = 20_000_000;

    // Steps whose multiples fall between each other on every axis: powers of the inverse of the root of x^(d+1) = x + 1 for d axes. The
    // first axis of several that have more than one block goes in equal strides instead.
    static readonly double[][] Steps = [[], [], [0.6180339887], [0.7548776662, 0.5698402910]];

    // Blocks in a line that run one by one at most, so that the border between unlike ones is found, and instructions for finding it. Among
    // more of them, in equal distances, a border is where it seems to be to less than a hundredth of the line.
    const int MostAlone = 100;
    const double Search = 100_000_000;

    // Of a block that is longer by itself than a sample some warps run, for as many times the sample's instructions.
    const double LongBlock = 2, OfLongBlock = 8;

    // Below these instructions a block runs whole, however few may be executed.
    const double ShortBlock = 100_000;

    // Blocks of a kind from which on more than one shows the cost.
    const int Many = 16;

    /// <summary>Profiles a launch.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="apart">Warps of a block that share nothing but barriers, so that some may run without the others; else 1.</param>
    /// <param name="instructions">Instructions of warps that may be executed, roughly.</param>
    /// <param name="threads">Samples that run at once at most.</param>
    /// <param name="run">Runs the blocks with these numbers; all for null. Of each one warp; all for null.</param>
    public static EmulatorResult Run(Dim3 grid, int apart, long instructions, int threads,
        Func<IReadOnlyList<long>?, int?, EmulatorResult> run)
    {
        if (apart > 1 && OfOneBlock(grid, apart, instructions, threads, run) is { } result)
            return result;
        List<Kind> kinds = Kinds(grid);
        // One or two of each kind show what a block of it costs at most.
        long[][] tried = [.. kinds.Select(kind => kind.Count < Many ? [kind.Block(kind.Count / 2)]
            : new[] { kind.Block(0), kind.Block(kind.Count / 2) })];
        long[] together = [.. tried.SelectMany(blocks => blocks)];
        Dictionary<long, EmulatorResult> known = new(together.Zip(
            ParallelResults.Each(together.Length, threads, n => run([together[n]], null)), KeyValuePair.Create));
        double[] costs = [.. tried.Select(blocks => blocks.Max(block => Math.Max(1.0, known[block].Profile!.MostInBlock)))];
        double all = kinds.Zip(costs, (kind, cost) => kind.Count * cost).Sum();
        if (all <= instructions)
            return run(null, null);
        return Sum(grid.Count, ParallelResults.Each(kinds.Count, threads, n =>
        {
            Kind kind = kinds[n];
            long fewest = costs[n] < Long ? Math.Clamp((long)(Enough / costs[n]), FewestThatAreNotLong, Fewest)
                : Math.Clamp((long)(2 * instructions / costs[n]), 1, Fewest);
            long count = Math.Max(tried[n].Length, Math.Min(kind.Count, Math.Max(fewest, (long)(kind.Count * (instructions / all)))));
            if (count > kind.Count / 2 && count >= Fewest)
                return (run([.. Enumerable.Range(0, (int)kind.Count).Select(b => kind.Block(b))], null), 1.0);
            if (kind.IsLine && count <= MostAlone)
                return (Sum(kind.Count, LineSample.Of(kind.Count, count, places => ParallelResults.Each(places.Length, threads,
                    place => known.GetValueOrDefault(kind.Block(places[place])) ?? run([kind.Block(places[place])], null)), Figures,
                    count * costs[n] + Search, isWeighted: true).Select(seen => (seen.Value, seen.Weight))), 1.0);
            if (count == tried[n].Length)
                return (Sum(count, tried[n].Select(block => (known[block], 1.0))), kind.Count / (double)count);
            long[] blocks = [.. Enumerable.Range(0, (int)count).Select(b => kind.Spread(b, count)).Distinct()];
            return (run(blocks, null), kind.Count / (double)blocks.Length);
        }));
    }

    // Where the block in the middle is longer than all that may be executed: its first warp, its last, and others as far as they go.
    static EmulatorResult? OfOneBlock(Dim3 grid, int warps, long instructions, int threads,
        Func<IReadOnlyList<long>?, int?, EmulatorResult> run)
    {
        long[] middle = [grid.Count / 2];
        EmulatorResult first = run(middle, 0);
        if (first.WarpInstructions * (double)warps <= Math.Max(ShortBlock, LongBlock * instructions))
            return null;
        double most = OfLongBlock * instructions;
        IReadOnlyList<LineSample.Seen<EmulatorResult>> seen = LineSample.Of(warps,
            (int)Math.Clamp(most / first.WarpInstructions, 2, warps), places => ParallelResults.Each(places.Length, threads,
                place => places[place] == 0 ? first : run(middle, (int)places[place])), Figures, most, isWeighted: true);
        EmulatorResult sum = Sum(grid.Count, seen.Select(one => (one.Value, one.Weight * grid.Count)));
        sum.Profile!.Represent((long)seen.Sum(one => one.Value.WarpInstructions * one.Weight));
        return sum;
    }

    // What tells blocks apart; the first of it is what running them takes.
    static double[] Figures(EmulatorResult result) => [result.WarpInstructions, result.Instructions, result.Profile!.GlobalSectors.Sum(),
        result.Profile.SharedWavefronts.Sum()];

    static EmulatorResult Sum(long blocks, IEnumerable<(EmulatorResult Result, double Times)> parts)
    {
        (EmulatorResult Result, double Times)[] all = [.. parts];
        return all[0].Result with
        {
            Findings = [.. all.SelectMany(part => part.Result.Findings)],
            FindingCount = all.Sum(part => part.Result.FindingCount),
            WarpInstructions = all.Sum(part => part.Result.WarpInstructions),
            Instructions = all.Sum(part => part.Result.Instructions),
            Profile = LaunchProfile.Sum(blocks, [.. all.Select(part => (part.Result.Profile!, part.Times))]),
        };
    }

    /// <summary>Blocks by whether they are the last along each axis.</summary>
    public static List<Kind> Kinds(Dim3 grid)
    {
        List<Kind> kinds = [];
        foreach ((long From, long Count) z in Parts(grid.Z))
            foreach ((long From, long Count) y in Parts(grid.Y))
                foreach ((long From, long Count) x in Parts(grid.X))
                    kinds.Add(new Kind(grid, x, y, z));
        return kinds;
    }

    static (long From, long Count)[] Parts(long size) => size == 1 ? [(0, 1)] : [(0, size - 1), (size - 1, 1)];

    /// <summary>Blocks in a part of each axis.</summary>
    public readonly record struct Kind(Dim3 Grid, (long From, long Count) X, (long From, long Count) Y, (long From, long Count) Z)
    {
        public long Count => X.Count * Y.Count * Z.Count;

        /// <summary>Whether they lie along one axis at most.</summary>
        public bool IsLine => X.Count == Count || Y.Count == Count || Z.Count == Count;

        /// <summary>Whether a block is of this kind.</summary>
        public bool Has(Dim3 place) => Within(X, place.X) && Within(Y, place.Y) && Within(Z, place.Z);

        static bool Within((long From, long Count) part, long at) => at >= part.From && at < part.From + part.Count;

        /// <summary>Number of the n-th of blocks that lie spread over the kind.</summary>
        public long Spread(int n, long of)
        {
            (long From, long Count)[] axes = [X, Y, Z];
            double[] steps = Steps[axes.Count(axis => axis.Count > 1)];
            long[] at = new long[3];
            int used = -1;
            for (int axis = 0; axis < 3; axis++)
                if (axes[axis].Count > 1)
                    at[axis] = (long)((used++ < 0 ? (n + 0.5) / of : (0.5 + n * steps[used - 1]) % 1) * axes[axis].Count);
            for (int axis = 0; axis < 3; axis++)
                at[axis] += axes[axis].From;
            return at[0] + Grid.X * (at[1] + Grid.Y * at[2]);
        }

        /// <summary>Number in the launch of the kind's n-th block.</summary>
        public long Block(long n) =>
            X.From + n % X.Count + Grid.X * (Y.From + n / X.Count % Y.Count + Grid.Y * (Z.From + n / X.Count / Y.Count));
    }
}
