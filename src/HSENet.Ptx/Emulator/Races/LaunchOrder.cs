// The race check's clock, and what the blocks of a launch share: who ran when, and what was published at which word.
namespace HSENet.Ptx;

/// <summary>
/// One clock for all launches on a memory. It steps whenever something is released, so an access is before a release of its thread if its
/// stamp is smaller. One block runs at a time while races are looked for, so a range of the clock belongs to one block.
/// </summary>
sealed class LaunchOrder
{
    readonly List<uint> _starts = [];
    readonly List<long> _blocks = [];

    public LaunchOrder(uint clock, long blocks)
    {
        Start = Clock = clock;
        Root = Knowledge.Root(blocks);
    }

    /// <summary>Now, and when the launch started.</summary>
    public uint Clock { get; private set; }
    public uint Start { get; private set; }

    /// <summary>Level of the root of what threads know.</summary>
    public int Root { get; }

    /// <summary>Words of global memory that were written strongly.</summary>
    public Dictionary<ulong, WordOrder> Words { get; } = [];

    /// <summary>Their last writes, as far as others have seen them.</summary>
    public Dictionary<ulong, SeenWrite> Seen { get; } = [];

    /// <summary>Stamps of weak writes that strong ones have covered.</summary>
    public Dictionary<ulong, uint> Covered { get; } = [];

    /// <summary>True when the clock is so far that stamps should be cleared and it should start anew.</summary>
    public bool Exhausted => Clock > Stamp.MaxClock - 4096;

    public uint Tick() => ++Clock;

    /// <summary>How often the clock started anew.</summary>
    public int Restarts { get; private set; }

    /// <summary>A block runs from now on.</summary>
    public void Turn(long block)
    {
        _starts.Add(Tick());
        _blocks.Add(block);
    }

    /// <summary>The block that was running at a time.</summary>
    public long BlockAt(uint clock) => _blocks[TurnAt(clock)];

    /// <summary>The blocks that ran from a time on, some more than once.</summary>
    public IEnumerable<long> BlocksFrom(uint clock) => _blocks.Skip(TurnAt(clock));

    /// <summary>Forgets everything: the clock starts anew, and a turn has to begin.</summary>
    public void Restart()
    {
        Start = Clock = 1;
        Restarts++;
        Words.Clear();
        Seen.Clear();
        Covered.Clear();
        _starts.Clear();
        _blocks.Clear();
    }

    int TurnAt(uint clock)
    {
        int index = _starts.BinarySearch(clock);
        return Math.Max(0, index >= 0 ? index : ~index - 1);
    }
}
