// What was published at a word: releases of threads, in the order in which they wrote it.
namespace HSENet.Ptx;

/// <summary>What a thread knew at a fence or a release, and when that was.</summary>
sealed record Release(Knowledge? Known, uint Clock);

/// <summary>A thread has read a word strongly after <paramref name="Count"/> releases were published there.</summary>
/// <param name="Log">The releases.</param>
/// <param name="Count">How many of them it saw.</param>
/// <param name="NeedsDevice">A fence of the block's scope does not acquire them.</param>
/// <param name="NeedsTotal">Only <c>fence.sc</c> acquires them.</param>
/// <param name="Atomic">The read is an atomic's, as those of a ticket that the last block draws.</param>
readonly record struct Observation(WordLog Log, int Count, bool NeedsDevice, bool NeedsTotal, bool Atomic);

/// <summary>
/// Releases that a chain of strong writes carries: atomics add to it, a plain store starts a new one. Only what somebody acquires is
/// joined, each release once.
/// </summary>
sealed class WordLog(int root)
{
    readonly List<(Release Release, long Thread)> _releases = [];
    readonly List<(int Count, Knowledge? Known)> _joined = [(0, null)];

    readonly List<int> _partIndices = [];
    WordLog? _part;
    long _partBlock;
    int _partScanned;

    public int Count => _releases.Count;

    public void Add(Release release, long thread)
    {
        // A thread that publishes the same again, as in a loop, adds nothing.
        if (Count == 0 || _releases[^1].Release != release || _releases[^1].Thread != thread)
            _releases.Add((release, thread));
    }

    /// <summary>What those know who saw the first <paramref name="count"/> releases.</summary>
    public Knowledge? UpTo(int count)
    {
        int at = _joined.Count - 1;
        while (_joined[at].Count > count)
            at--;
        (int joined, Knowledge? known) = _joined[at];
        Knowledge? before = null;
        for (int i = joined; i < count; i++)
        {
            (Release release, long thread) = _releases[i];
            if (release.Known != before)
                known = Knowledge.Join(known, before = release.Known);
            known = Knowledge.With(known, root, thread, Knowledge.Lane, release.Clock);
        }
        if (at == _joined.Count - 1 && count > joined)
            _joined.Add((count, known));
        return known;
    }

    /// <summary>What those know of one block's releases who saw the first <paramref name="count"/>.</summary>
    public Knowledge? UpTo(int count, long block)
    {
        WordLog own = OfBlock(block, count);
        int seen = _partIndices.BinarySearch(count);
        return own.UpTo(seen >= 0 ? seen : ~seen);
    }

    /// <summary>The releases of one block's threads, as a log of its own.</summary>
    public WordLog OfBlock(long block)
    {
        WordLog own = new(root);
        foreach ((Release release, long thread) in _releases)
            if (thread >> 10 == block)
                own.Add(release, thread);
        return own;
    }

    // The same, kept and continued: the part of the block that asked last, and where its releases stand in the whole.
    WordLog OfBlock(long block, int count)
    {
        if (_part == null || _partBlock != block)
        {
            (_part, _partBlock, _partScanned) = (new WordLog(root), block, 0);
            _partIndices.Clear();
        }
        for (; _partScanned < count; _partScanned++)
        {
            (Release release, long thread) = _releases[_partScanned];
            if (thread >> 10 != block)
                continue;
            _part.Add(release, thread);
            if (_part.Count > _partIndices.Count)
                _partIndices.Add(_partScanned);
        }
        return _part;
    }
}

/// <summary>
/// Who has read a strong write strongly, and when: the write comes before what they do then, and before what is ordered behind that.
/// </summary>
sealed record SeenWrite(uint Stamp)
{
    public Dictionary<long, uint> Readers { get; } = [];
}

/// <summary>The releases at a word: those that every block may acquire, and all those of one block.</summary>
sealed class WordOrder(int root)
{
    long _ownBlock = -1;
    WordLog? _own;

    /// <summary>Of the device's scope.</summary>
    public WordLog Device { get; private set; } = new(root);

    /// <summary>What others had fenced by <c>fence.sc</c> before they met the thread that wrote.</summary>
    public WordLog Total { get; private set; } = new(root);

    /// <summary>The thread that wrote last.</summary>
    public long Writer { get; private set; } = -1;

    /// <summary>Releases seen when an mbarrier's last phase was complete.</summary>
    public int PhaseCount { get; set; }

    /// <summary>A strong write; a plain store of another thread begins a new chain.</summary>
    public void Write(long thread, bool atomic)
    {
        if (!atomic && Writer != thread)
        {
            if (Device.Count > 0)
                Device = new WordLog(root);
            if (Total.Count > 0)
                Total = new WordLog(root);
            if (_own?.Count > 0)
                _own = new WordLog(root);
        }
        Writer = thread;
    }

    public void Publish(Release release, long thread, bool device)
    {
        if (device)
            Device.Add(release, thread);
        if (!device || _ownBlock == thread >> 10)
            Own(thread >> 10).Add(release, thread);
    }

    /// <summary>The log of a block's own releases; null when it has none that <see cref="Device"/> has not.</summary>
    public WordLog? OwnOf(long block, bool device) => device && _ownBlock != block ? null : Own(block);

    WordLog Own(long block)
    {
        if (_own != null && _ownBlock == block)
            return _own;
        _ownBlock = block;
        return _own = Device.OfBlock(block);
    }
}
