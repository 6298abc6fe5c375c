// A warp on a multiprocessor: where it is, what it waits for, when its loops' rounds ended.
namespace HSENet.Ptx;

sealed class TimedWarp(IWarpStream stream, int block, int scheduler, int loops)
{
    const int Boards = 64;

    public IWarpStream Stream => stream;
    public int Block => block;
    public int Scheduler => scheduler;

    /// <summary>The instruction that issues next.</summary>
    public ExecutedStep Step;

    public bool AtBarrier { get; set; }

    /// <summary>When the instruction before lets it go on, and why that takes until then.</summary>
    public long Ready { get; set; }

    /// <inheritdoc cref="Ready"/>
    public StallReason ReadyReason { get; set; }

    /// <summary>When the data that it waits for are there, and why that takes until then.</summary>
    public long DataReady { get; private set; }

    /// <inheritdoc cref="DataReady"/>
    public StallReason DataReason { get; private set; }

    /// <summary>The later of both.</summary>
    public long Earliest { get; private set; }

    public long LastIssue { get; set; }

    /// <summary>When rounds of each long loop ended; a negative number where the warp left the loop.</summary>
    public List<long>[] RoundEnds { get; } = [.. Enumerable.Range(0, loops).Select(_ => new List<long>())];

    /// <summary>Completion of all asynchronous copies so far, and of each group.</summary>
    public long CopyDone { get; set; }

    /// <inheritdoc cref="CopyDone"/>
    public List<long> CopyGroups { get; } = [];

    /// <summary>When each scoreboard is clear, and which ones wait for memory beyond the multiprocessor.</summary>
    readonly long[] _clear = new long[Boards];
    ulong _long;

    public void Set(int board, long clear, bool isLong)
    {
        if (clear < _clear[board])
            return;
        _clear[board] = clear;
        _long = isLong ? _long | 1UL << board : _long & ~(1UL << board);
    }

    /// <summary>Works out when the next instruction can issue as far as this warp is concerned.</summary>
    public void Prepare(in TimedInstruction i)
    {
        (DataReady, DataReason) = (0, StallReason.ShortScoreboard);
        for (ulong mask = i.WaitMask; mask != 0; mask &= mask - 1)
        {
            int board = System.Numerics.BitOperations.TrailingZeroCount(mask);
            if (_clear[board] > DataReady)
                (DataReady, DataReason) = (_clear[board],
                    (_long >> board & 1) != 0 ? StallReason.LongScoreboard : StallReason.ShortScoreboard);
        }
        if (i.Kind == TimedKind.CopyWait && CopyGroups.Count > i.Count && CopyGroups[^(i.Count + 1)] is var done && done > DataReady)
            (DataReady, DataReason) = (done, StallReason.LongScoreboard);
        Earliest = Math.Max(Ready, DataReady);
    }
}
