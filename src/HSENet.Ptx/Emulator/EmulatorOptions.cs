// What a launch checks and measures.
namespace HSENet.Ptx;

/// <summary>Options of a launch. Bounds are always checked: no kernel reaches memory outside its allocations.</summary>
public sealed record EmulatorOptions
{
    /// <summary>Everything but races and profile.</summary>
    public static EmulatorOptions Default { get; } = new();

    /// <summary>Check alignment, uninitialised reads and asynchronous copies.</summary>
    public bool Checks { get; init; } = true;

    /// <summary>Look for races in shared and global memory; blocks then run one after the other. Implies <see cref="Checks"/>.</summary>
    public bool Races { get; init; }

    /// <summary>What is a note otherwise is a race: the last block's reads after an atomic without a fence.</summary>
    public bool Strict { get; init; }

    /// <summary>All blocks run together, each for a turn, so that they may wait for each other; they have to fit the GPU.</summary>
    public bool Cooperative { get; init; }

    /// <summary>Count instructions, sectors, bank conflicts and divergence by instruction. Implies <see cref="Checks"/>.</summary>
    public bool Profile { get; init; }

    /// <summary>Told of everything that is executed, block after block; needs <see cref="Profile"/>.</summary>
    internal IExecutionObserver? Observer { get; init; }

    /// <summary>Numbers of the blocks that run, x before y before z, each once; null for all. The others leave no trace.</summary>
    internal IReadOnlyList<long>? Blocks { get; init; }

    /// <summary>The one warp of each block that runs; null for all. The others count as having left.</summary>
    internal int? OnlyWarp { get; init; }

    /// <summary>
    /// With <see cref="Profile"/>: instructions of warps after which the counters come from a sample of the blocks, and most of the outputs
    /// stay unwritten; 0 to run every block. All run where blocks may depend on each other: an atomic whose result is used, a volatile or
    /// acquire access.
    /// </summary>
    public long SampledInstructions { get; init; }

    /// <summary>Instructions of a warp after which the launch is given up.</summary>
    public long MaxInstructions { get; init; } = 10_000_000_000;

    /// <summary>Threads of the host that run blocks; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Ends the launch between turns of its warps with <see cref="OperationCanceledException"/>; memory then holds what was written
    /// so far.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Findings that are kept; further ones are only counted.</summary>
    public int MaxFindings { get; init; } = 100;
}

/// <summary>What a launch did.</summary>
/// <param name="Findings">Faults in the order of blocks, and inside a block in the order of execution; at most eight of one kind and
/// line.</param>
/// <param name="FindingCount">All faults, those that were not kept too.</param>
/// <param name="WarpInstructions">Instructions that warps executed.</param>
/// <param name="Instructions">The same, counted once for each active lane.</param>
/// <param name="Profile">Counters by instruction, or null when they were not asked for.</param>
public sealed record EmulatorResult(
    IReadOnlyList<EmulatorFinding> Findings, long FindingCount, long WarpInstructions, long Instructions, LaunchProfile? Profile)
{
    /// <summary>What the kernel printed with <c>printf</c>, block after block and lane after lane.</summary>
    public string Printed { get; init; } = "";

    /// <summary>What is no fault but worth knowing, of kind <see cref="FindingKind.UnfencedTicket"/>; not among the findings.</summary>
    public IReadOnlyList<EmulatorFinding> Notes { get; init; } = [];
}
