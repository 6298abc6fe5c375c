// Why a warp does not issue, in the words of NVIDIA's profiler.
namespace HSENet.Ptx;

/// <summary>Reasons for which a warp waits between two instructions.</summary>
public enum StallReason
{
    /// <summary>The fixed latency of the instruction before.</summary>
    Wait,

    /// <summary>Data from global or local memory, or asynchronous copies.</summary>
    LongScoreboard,

    /// <summary>Data from shared memory, special functions, special registers, or operands that are still read.</summary>
    ShortScoreboard,

    /// <summary>The queue to shared memory is full.</summary>
    MioThrottle,

    /// <summary>The queue to global and local memory is full.</summary>
    LgThrottle,

    /// <summary>The pipe of its instruction is busy.</summary>
    MathPipeThrottle,

    /// <summary>Other warps of its block have not come to the barrier.</summary>
    Barrier,

    /// <summary>The target of a branch is fetched.</summary>
    BranchResolving,

    /// <summary>It could issue, and another warp did.</summary>
    NotSelected,
}

static class StallReasons
{
    public static readonly int Count = Enum.GetValues<StallReason>().Length;

    /// <summary>The profiler's words: <c>long scoreboard</c>.</summary>
    public static string Words(this StallReason reason) => reason switch
    {
        StallReason.LongScoreboard => "long scoreboard",
        StallReason.ShortScoreboard => "short scoreboard",
        StallReason.MioThrottle => "MIO throttle",
        StallReason.LgThrottle => "LG throttle",
        StallReason.MathPipeThrottle => "math pipe throttle",
        StallReason.BranchResolving => "branch resolving",
        StallReason.NotSelected => "not selected",
        _ => reason.ToString().ToLowerInvariant(),
    };
}
