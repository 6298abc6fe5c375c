// What is ordered with what: barriers, fences and atomics, inside a block and between blocks.
namespace HSENet.Ptx;

/// <summary>
/// One clock for all launches on a memory; it steps whenever something orders accesses, so an access is before such an event if its
/// stamp is smaller. Blocks run one after the other while races are looked for, so a range of the clock belongs to one block.
/// <list type="bullet">
/// <item>A barrier orders everything its threads did before with everything they do after.</item>
/// <item>A fence, then an atomic (or a volatile, relaxed or release store) publishes what the thread knew at the fence; whoever reads
/// that word later with an atomic (or a volatile, relaxed or acquire load) knows it too.</item>
/// </list>
/// </summary>
sealed class RaceOrder(int warps)
{
    readonly uint[] _known = new uint[warps * warps];
    readonly uint[]?[] _fenced = new uint[]?[warps];
    readonly uint[] _laneStart = new uint[warps * 32];
    readonly Dictionary<ulong, List<Release>> _releases = [];
    readonly List<uint> _blockStarts = [];
    readonly List<List<(ulong Word, int Count, uint Clock)>> _acquired = [];

    /// <summary>What a thread published: its block, when, and for each warp of its block up to when it knew its accesses.</summary>
    readonly record struct Release(int Block, uint Clock, uint[] Known);

    /// <summary>Now.</summary>
    public uint Clock { get; private set; } = 1;

    /// <summary>When the launch and the block started, and the last barrier of all its threads.</summary>
    public uint LaunchStart { get; private set; }
    public uint BlockStart { get; private set; }
    public uint Epoch { get; private set; }

    /// <summary>The same times as the lowest stamps that have them.</summary>
    public uint Now, LaunchStartStamp, BlockStartStamp, EpochStamp;

    /// <summary>True when the clock is so far that stamps should be cleared and it should start anew.</summary>
    public bool Exhausted => Clock > Stamp.MaxClock / 2;

    public void StartLaunch(uint clock)
    {
        LaunchStart = Clock = clock;
        LaunchStartStamp = Now = clock << Stamp.ClockShift;
        _releases.Clear();
        _blockStarts.Clear();
        _acquired.Clear();
    }

    public void StartBlock()
    {
        BlockStart = Tick();
        BlockStartStamp = Now;
        _blockStarts.Add(Clock);
        _acquired.Add([]);
        Array.Clear(_fenced);
        Array.Fill(_laneStart, Clock);
        OpenForAll();
    }

    /// <summary>All threads of the block met.</summary>
    public void OpenForAll()
    {
        Epoch = Tick();
        EpochStamp = Now;
        Array.Fill(_known, Epoch);
    }

    /// <summary>Some warps met: each knows what any of them knew.</summary>
    public void OpenFor(ReadOnlySpan<int> met)
    {
        Tick();
        Span<uint> joined = stackalloc uint[warps];
        joined.Clear();
        foreach (int w in met)
            for (int x = 0; x < warps; x++)
                joined[x] = Math.Max(joined[x], _known[w * warps + x]);
        foreach (int w in met)
            joined[w] = Clock;
        foreach (int w in met)
            joined.CopyTo(_known.AsSpan(w * warps, warps));
    }

    /// <summary>Lanes of a warp met at bar.warp.sync.</summary>
    public void SyncLanes(int warp, uint mask)
    {
        Tick();
        for (int lane = 0; lane < 32; lane++)
            if ((mask >> lane & 1) != 0)
                _laneStart[warp * 32 + lane] = Clock;
    }

    /// <summary>A warp executes a fence.</summary>
    public void Fence(int warp)
    {
        uint[] known = _known.AsSpan(warp * warps, warps).ToArray();
        known[warp] = Tick();
        _fenced[warp] = known;
    }

    /// <summary>A thread of a warp writes a word atomically.</summary>
    public void Publish(int warp, ulong word)
    {
        if (_fenced[warp] is not { } known)
            return;
        if (!_releases.TryGetValue(word, out List<Release>? releases))
            _releases[word] = releases = [];
        releases.Add(new Release(_blockStarts.Count - 1, Tick(), known));
    }

    /// <summary>A thread of a warp reads a word atomically and learns what was published there.</summary>
    public void Learn(int warp, ulong word)
    {
        if (!_releases.TryGetValue(word, out List<Release>? releases))
            return;
        int block = _blockStarts.Count - 1;
        foreach (Release release in releases)
            if (release.Block == block)
                for (int x = 0; x < warps; x++)
                    _known[warp * warps + x] = Math.Max(_known[warp * warps + x], release.Known[x]);
        _acquired[^1].Add((word, releases.Count, Tick()));
    }

    /// <summary>Whether an access with a stamp is not ordered before what a thread does now.</summary>
    public bool Unordered(uint stamp, int thread, bool shared)
    {
        uint clock = Stamp.Clock(stamp), who = stamp & Stamp.Who;
        if (clock < (shared ? BlockStart : LaunchStart))
            return false;
        if (clock < BlockStart)
            return !OrderedBlocks(BlockOf(clock), clock, who, _blockStarts.Count - 1, uint.MaxValue, []);
        if (who == Stamp.ManyBlocks)
            return true;
        if (who == thread || clock < Epoch)
            return false;
        int warp = thread / 32;
        if (who == Stamp.ManyWarps)
            return clock >= _known.AsSpan(warp * warps, warps).ToArray().Min();
        int other = (int)(who >= Stamp.ManyLanes ? who - Stamp.ManyLanes : who / 32);
        return clock >= (other == warp ? _laneStart[thread] : _known[warp * warps + other]);
    }

    /// <summary>Index of the block that was running at a time.</summary>
    public int BlockOf(uint clock)
    {
        int index = _blockStarts.BinarySearch(clock);
        return index >= 0 ? index : ~index - 1;
    }

    // At the end of its range the clock stands still: later accesses look unordered only with those of the same moment.
    uint Tick()
    {
        if (Clock < Stamp.MaxClock)
            Clock++;
        Now = Clock << Stamp.ClockShift;
        return Clock;
    }

    // Follows what was published from block to block, backwards from the one that reads.
    bool OrderedBlocks(int writer, uint clock, uint who, int reader, uint before, HashSet<int> seen)
    {
        if (who == Stamp.ManyBlocks || !seen.Add(reader))
            return false;
        foreach ((ulong word, int count, uint when) in _acquired[reader])
        {
            if (when > before)
                continue;
            List<Release> releases = _releases[word];
            for (int i = 0; i < count; i++)
            {
                Release release = releases[i];
                if (release.Block == writer && Covers(release, clock, who))
                    return true;
                if (release.Block != reader && release.Block != writer
                    && OrderedBlocks(writer, clock, who, release.Block, release.Clock, seen))
                    return true;
            }
        }
        return false;
    }

    static bool Covers(Release release, uint clock, uint who)
    {
        if (who == Stamp.ManyWarps)
            return clock < release.Known.Min();
        return clock < release.Known[who >= Stamp.ManyLanes ? who - Stamp.ManyLanes : who / 32];
    }
}
