// Counters of a launch, by instruction.
namespace HSENet.Ptx;

/// <summary>What a launch did, counted for each instruction of the kernel and of the functions that it calls. All arrays have one entry an
/// instruction.</summary>
public sealed class LaunchProfile
{
    internal LaunchProfile(IReadOnlyList<PtxInstruction> instructions, long blocks, long threads)
    {
        Instructions = instructions;
        (Blocks, BlocksRun, Threads) = (blocks, blocks, threads);
        int count = instructions.Count;
        WarpInstructions = new long[count];
        ActiveLanes = new long[count];
        DivergentBranches = new long[count];
        GlobalRequests = new long[count];
        GlobalSectors = new long[count];
        GlobalPasses = new long[count];
        GlobalBytes = new long[count];
        SharedRequests = new long[count];
        SharedWavefronts = new long[count];
        SharedIdealWavefronts = new long[count];
        SharedBytes = new long[count];
        LocalRequests = new long[count];
    }

    /// <summary>The instructions, each with its line of the text.</summary>
    public IReadOnlyList<PtxInstruction> Instructions { get; }

    /// <summary>Blocks of the launch.</summary>
    public long Blocks { get; }

    /// <summary>Blocks that were executed: fewer where a sample counts for all.</summary>
    public long BlocksRun { get; private set; }

    /// <summary>Threads of a block.</summary>
    public long Threads { get; }

    /// <summary>Instructions of warps in the block that had most.</summary>
    public long MostInBlock { get; internal set; }

    /// <summary>Instructions of warps in the block that had fewest.</summary>
    public long FewestInBlock { get; internal set; }

    /// <summary>Instructions of the warp that had most.</summary>
    public long MostInWarp { get; internal set; }

    /// <summary>How often warps executed it.</summary>
    public long[] WarpInstructions { get; }

    /// <summary>How often lanes executed it; those that a predicate holds back are not counted.</summary>
    public long[] ActiveLanes { get; }

    /// <summary>How often lanes of a warp parted at it.</summary>
    public long[] DivergentBranches { get; }

    /// <summary>Accesses of warps to global memory.</summary>
    public long[] GlobalRequests { get; }

    /// <summary>Different sectors of 32 bytes that these accesses touch.</summary>
    public long[] GlobalSectors { get; }

    /// <summary>Clocks that these accesses take of the load-store unit: four sectors a clock, one clock at least.</summary>
    public long[] GlobalPasses { get; }

    /// <summary>Bytes that the lanes asked for; bytes that several lanes share are counted for each.</summary>
    public long[] GlobalBytes { get; }

    /// <summary>Accesses of warps to shared memory.</summary>
    public long[] SharedRequests { get; }

    /// <summary>Passes that these accesses need, bank conflicts included.</summary>
    public long[] SharedWavefronts { get; }

    /// <summary>Passes that they would need without bank conflicts.</summary>
    public long[] SharedIdealWavefronts { get; }

    /// <summary>Bytes that the lanes asked for in shared memory.</summary>
    public long[] SharedBytes { get; }

    /// <summary>Accesses of warps to local memory.</summary>
    public long[] LocalRequests { get; }

    /// <summary>The most groups of asynchronous copies that a thread had under way at once.</summary>
    public int AsyncCopyDepth { get; internal set; }

    long[][] Counters => [WarpInstructions, ActiveLanes, DivergentBranches, GlobalRequests, GlobalSectors, GlobalPasses, GlobalBytes,
        SharedRequests, SharedWavefronts, SharedIdealWavefronts, SharedBytes, LocalRequests];

    /// <summary>Parts of a launch together, each taken so many times.</summary>
    /// <param name="blocks">Blocks that they stand for.</param>
    /// <param name="parts">The parts.</param>
    internal static LaunchProfile Sum(long blocks, IReadOnlyList<(LaunchProfile Part, double Times)> parts)
    {
        LaunchProfile first = parts[0].Part, sum = new(first.Instructions, blocks, first.Threads)
        {
            BlocksRun = parts.Sum(part => part.Part.BlocksRun),
            MostInBlock = parts.Max(part => part.Part.MostInBlock),
            FewestInBlock = parts.Min(part => part.Part.FewestInBlock),
            MostInWarp = parts.Max(part => part.Part.MostInWarp),
            AsyncCopyDepth = parts.Max(part => part.Part.AsyncCopyDepth),
        };
        long[][][] counters = [.. parts.Select(part => part.Part.Counters)];
        foreach (var (n, counter) in sum.Counters.Index())
            for (int i = 0; i < counter.Length; i++)
            {
                double all = 0; // rounded at the end: what every block does stays exact
                for (int part = 0; part < counters.Length; part++)
                    all += counters[part][n][i] * parts[part].Times;
                counter[i] = (long)Math.Round(all);
            }
        return sum;
    }

    /// <summary>One block was executed, in part, and stands for all.</summary>
    /// <param name="instructions">Instructions of warps in a block.</param>
    internal void Represent(long instructions)
    {
        BlocksRun = 1;
        MostInBlock = FewestInBlock = instructions;
    }

    /// <summary>Floating-point or integer operations of one execution of an mma by a warp: 2·m·n·k; 0 for other instructions.</summary>
    public static long MatrixOperations(PtxInstruction instruction)
    {
        ArgumentNullException.ThrowIfNull(instruction);
        if (instruction.Opcode != "mma" && !(instruction.Opcode == "wmma" && instruction.Has("mma")))
            return 0;
        string shape = instruction.Modifiers.First(modifier => modifier.Length > 1 && modifier[0] == 'm' && char.IsAsciiDigit(modifier[1]));
        return shape.Split('m', 'n', 'k').Where(part => part.Length > 0)
            .Aggregate(2L, (product, part) => product * int.Parse(part, System.Globalization.CultureInfo.InvariantCulture));
    }
}
