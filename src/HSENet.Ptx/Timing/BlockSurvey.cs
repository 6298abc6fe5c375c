// What blocks all over the grid do: tells a launch whose blocks are alike from one whose blocks differ, and how they differ.
namespace HSENet.Ptx;

/// <summary>Walks some blocks of each kind (last along an axis of the grid or not), spread over the launch.</summary>
sealed class BlockSurvey
{
    // Instructions of warps that are walked, roughly; of a kind one block at least, unless that takes too long.
    const double Steps = 400_000, Most = 6_000_000;

    // Blocks of a kind that are walked at least where that does not take too long, and further ones between those that differ.
    const int Fewest = 9, MostHalves = 40;

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
        if (cost * kinds.Count > Most)
        {
            for (int i = 0; i < survey.Executed.Length; i++)
                survey.Executed[i] = warp.Executed[i] * (double)kernel.Grid.Count * kernel.WarpsPerBlock;
            (survey.IsAlike, survey.MeanWork, survey.Heaviest) = (true, cost, (0, cost));
            return survey;
        }
        foreach (BlockSample.Kind kind in kinds)
        {
            long least = Math.Clamp((long)(Most / (cost * kinds.Count)), 1, Fewest),
                count = Math.Min(kind.Count, Math.Max(least, (long)(Steps / cost * kind.Count / kernel.Grid.Count)));
            SortedList<long, long[]> walked = kind.IsLine ? Line(kernel, kind, count, Most / kinds.Count)
                : Walk(kernel, count == kind.Count ? LongRange(count).Select(kind.Block) : LongRange(count).Select(n => kind.Spread((int)n, count)));
            var blocks = new (Dim3 Place, double Work)[walked.Count];
            for (int n = 0; n < blocks.Length; n++)
            {
                // Of blocks in a line each counts for those nearer to it than to the others.
                double weight = !kind.IsLine ? kind.Count / (double)blocks.Length
                    : (n + 1 < blocks.Length ? (kind.Index(walked.Keys[n]) + kind.Index(walked.Keys[n + 1])) / 2.0 : kind.Count - 0.5)
                        - (n > 0 ? (kind.Index(walked.Keys[n - 1]) + kind.Index(walked.Keys[n])) / 2.0 : -0.5);
                double work = 0;
                long[] executed = walked.Values[n];
                for (int i = 0; i < executed.Length; i++)
                {
                    work += executed[i];
                    survey.Executed[i] += executed[i] * weight;
                }
                blocks[n] = (kernel.Grid.Position(walked.Keys[n]), work);
                works.Add((work, weight));
                all += work * weight;
                if (work > survey.Heaviest.Work)
                    survey.Heaviest = (walked.Keys[n], work);
            }
            survey._kinds.Add((kind, blocks, Axis(blocks)));
        }
        survey.MeanWork = all / kernel.Grid.Count;
        survey.IsAlike = works.Sum(one => Math.Abs(one.Work - survey.MeanWork) * one.Weight) <= AverageDifference * all
            && survey.Heaviest.Work <= (1 + LargestDifference) * survey.MeanWork;
        return survey;
    }

    static IEnumerable<long> LongRange(long count) => Enumerable.Range(0, (int)count).Select(n => (long)n);

    static SortedList<long, long[]> Walk(MachineKernel kernel, IEnumerable<long> blocks)
    {
        long[] numbers = [.. blocks.Distinct()];
        long[][] executed = ParallelResults.Each(numbers.Length, n => kernel.Count(numbers[n]));
        SortedList<long, long[]> walked = [];
        foreach (var (number, counts) in numbers.Zip(executed))
            walked.Add(number, counts);
        return walked;
    }

    // Blocks in equal distances, then halfway where neighbours part most: finds where one part of the launch ends and another begins.
    static SortedList<long, long[]> Line(MachineKernel kernel, BlockSample.Kind kind, long count, double most)
    {
        SortedList<long, long[]> walked = Walk(kernel, LongRange(count).Select(n => kind.Block(count == 1 ? kind.Count / 2
            : n * (kind.Count - 1) / (count - 1))));
        double steps = walked.Values.Sum(counts => (double)counts.Sum());
        for (int halves = 0; halves < MostHalves && steps < most; halves++)
        {
            double widest = 0;
            long middle = -1;
            for (int n = 1; n < walked.Count; n++)
            {
                long from = kind.Index(walked.Keys[n - 1]), to = kind.Index(walked.Keys[n]);
                double parts = Math.Abs(walked.Values[n].Sum() - walked.Values[n - 1].Sum()) * (double)(to - from);
                if (to - from > 1 && parts > widest)
                    (widest, middle) = (parts, kind.Block((from + to) / 2));
            }
            if (widest * walked.Count <= AverageDifference * steps * kind.Count)
                break;
            walked.Add(middle, kernel.Count(middle));
            steps += walked[middle].Sum();
        }
        return walked;
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
