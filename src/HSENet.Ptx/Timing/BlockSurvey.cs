// What blocks all over the grid do: tells a launch whose blocks are alike from one whose blocks differ, and how they differ.
namespace HSENet.Ptx;

/// <summary>Walks some blocks of each kind (last along an axis of the grid or not), spread over the launch.</summary>
sealed class BlockSurvey
{
    // Instructions of warps that are walked, roughly; of a kind one block at least, unless that takes too long.
    const double Steps = 400_000, Most = 6_000_000;

    // Blocks of a kind that are walked at least where that does not take too long.
    const int Fewest = 9;

    // Blocks that are too long for that count as alike unless those in the middle or at the end part so much from the first; then one warp
    // of each is walked, for so many instructions that are gone through.
    const double FarApart = 2, MostOfLong = 60_000_000;

    // Blocks count as alike when they part this little: on average, and the heaviest.
    const double AverageDifference = 0.01, LargestDifference = 0.05;

    readonly List<(BlockSample.Kind Kind, (Dim3 Place, double Work)[] Blocks, int Axis)> _kinds = [];

    BlockSurvey(int instructions) => Executed = new double[instructions];

    /// <summary>How often all warps of the launch issue each instruction.</summary>
    public double[] Executed { get; }

    /// <summary>Instructions that a block issues on average.</summary>
    public double MeanWork { get; private set; }

    /// <summary>The block that issues most of those that were walked, and how many.</summary>
    public (long Number, double Work) Heaviest { get; private set; }

    /// <summary>Whether one block may stand for all.</summary>
    public bool IsAlike { get; private set; }

    /// <summary>Walks.</summary>
    /// <param name="kernel">The launch.</param>
    /// <param name="warp">What a warp of its first block does.</param>
    public static BlockSurvey Of(MachineKernel kernel, WarpWalk warp)
    {
        BlockSurvey survey = new(warp.Executed.Count);
        double cost = warp.Steps * (double)kernel.WarpsPerBlock, all = 0;
        List<(double Work, double Weight)> works = [];
        List<BlockSample.Kind> kinds = BlockSample.Kinds(kernel.Grid);
        bool isLong = cost * kinds.Count > Most;
        if (isLong)
        {
            WarpWalk[] others = [kernel.Walk(kernel.Grid.Count / 2), kernel.Walk(kernel.Grid.Count - 1)];
            if (Array.TrueForAll(others, other => other.Steps <= FarApart * warp.Steps && FarApart * other.Steps >= warp.Steps))
            {
                for (int i = 0; i < survey.Executed.Length; i++)
                    survey.Executed[i] = warp.Executed[i] * (double)kernel.Grid.Count * kernel.WarpsPerBlock;
                (survey.IsAlike, survey.MeanWork, survey.Heaviest) = (true, cost, (0, cost));
                return survey;
            }
            // Of long blocks that lie far apart one warp is walked, and what is gone through of it one by one is what that takes.
            cost = Math.Max(1, others.Append(warp).Max(walk => walk.Walked));
        }
        double most = (isLong ? MostOfLong : Most) / kinds.Count;
        Func<long, (long[] Executed, long Walked)> look = isLong ? kernel.CountByLeader : kernel.Count;
        foreach (BlockSample.Kind kind in kinds)
        {
            long least = Math.Clamp((long)(most / cost), isLong ? 2 : 1, Fewest),
                count = Math.Min(kind.Count, Math.Max(least, (long)(Steps / cost * kind.Count / kernel.Grid.Count)));
            IReadOnlyList<LineSample.Seen<(long[] Executed, long Walked)>> walked = kind.IsLine
                ? LineSample.Of(kind.Count, count, places => Walk(look, [.. places.Select(kind.Block)]),
                    one => isLong ? [one.Walked, one.Executed.Sum()] : [one.Executed.Sum()], most, isWeighted: isLong)
                : Alike(look, kind, count);
            var blocks = new (Dim3 Place, double Work)[walked.Count];
            for (int n = 0; n < blocks.Length; n++)
            {
                var (place, weight, (executed, _)) = walked[n];
                double work = 0;
                for (int i = 0; i < executed.Length; i++)
                {
                    work += executed[i];
                    survey.Executed[i] += executed[i] * weight;
                }
                long number = kind.IsLine ? kind.Block(place) : place;
                blocks[n] = (kernel.Grid.Position(number), work);
                works.Add((work, weight));
                all += work * weight;
                if (work > survey.Heaviest.Work)
                    survey.Heaviest = (number, work);
            }
            survey._kinds.Add((kind, blocks, Axis(blocks)));
        }
        survey.MeanWork = all / kernel.Grid.Count;
        survey.IsAlike = works.Sum(one => Math.Abs(one.Work - survey.MeanWork) * one.Weight) <= AverageDifference * all
            && survey.Heaviest.Work <= (1 + LargestDifference) * survey.MeanWork;
        return survey;
    }

    static (long[] Executed, long Walked)[] Walk(Func<long, (long[] Executed, long Walked)> look, long[] blocks) =>
        ParallelResults.Each(blocks.Length, n => look(blocks[n]));

    // Blocks of several axes, by their numbers, each for as many others.
    static IReadOnlyList<LineSample.Seen<(long[] Executed, long Walked)>> Alike(Func<long, (long[] Executed, long Walked)> look,
        BlockSample.Kind kind, long count)
    {
        long[] numbers = [.. Enumerable.Range(0, (int)count)
            .Select(n => count == kind.Count ? kind.Block(n) : kind.Spread(n, count)).Distinct().Order()];
        return [.. numbers.Zip(Walk(look, numbers),
            (number, counts) => new LineSample.Seen<(long[] Executed, long Walked)>(number, kind.Count / (double)numbers.Length, counts))];
    }

    /// <summary>About how much a block issues: as one of its kind that was walked and lies nearest along the axis by which they
    /// differ.</summary>
    public double Work(Dim3 place)
    {
        foreach (var (kind, blocks, axis) in _kinds)
            if (kind.Has(place))
            {
                int at = Along(place, axis), low = 0, high = blocks.Length - 1;
                while (low < high)
                {
                    int middle = (low + high) / 2;
                    if (Along(blocks[middle].Place, axis) < at)
                        low = middle + 1;
                    else
                        high = middle;
                }
                if (low > 0 && at - Along(blocks[low - 1].Place, axis) < Along(blocks[low].Place, axis) - at)
                    low--;
                return blocks[low].Work;
            }
        return MeanWork;
    }

    // The axis along which neighbours differ least: what a block does depends on it most. Sorts the blocks by it.
    static int Axis((Dim3 Place, double Work)[] blocks)
    {
        int axis = Enumerable.Range(0, 3).MinBy(axis =>
        {
            var sorted = blocks.OrderBy(block => Along(block.Place, axis)).ToArray();
            bool lies = Along(sorted[0].Place, axis) < Along(sorted[^1].Place, axis);
            return lies ? sorted.Zip(sorted.Skip(1), (a, b) => Math.Abs(a.Work - b.Work)).Sum() : double.MaxValue;
        });
        Array.Sort(blocks, (a, b) => Along(a.Place, axis).CompareTo(Along(b.Place, axis)));
        return axis;
    }

    static int Along(Dim3 place, int axis) => axis switch { 0 => place.X, 1 => place.Y, _ => place.Z };
}
