// What is ordered with what: barriers, fences and atomics, thread by thread, as the memory model of PTX has it.
using System.Numerics;
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

/// <summary>
/// The order between the threads of a block and all others.
/// <list type="bullet">
/// <item>A barrier orders everything its threads did, and all that they knew, with everything they do after.</item>
/// <item>A fence, then a strong write (atomic, volatile, relaxed), or a release, publishes what its own thread did and knew; a strong read
/// of the word and then a fence, or an acquire, lets its own thread know it. Scopes of both sides have to include the other thread.</item>
/// </list>
/// A thread knows its block up to the last barrier of all, its warp up to that of all lanes, and what else it has acquired.
/// </summary>
sealed unsafe class RaceOrder(BlockState block, int warps)
{
    readonly ThreadOrder[] _threads = new ThreadOrder[warps * 32];
    readonly uint[] _warpEpochs = new uint[warps];
    readonly Knowledge?[] _arrived = new Knowledge?[BarrierUnit.Count];
    readonly Dictionary<ulong, WordOrder> _sharedWords = [];
    readonly Dictionary<ulong, SeenWrite> _sharedSeen = [];
    readonly Dictionary<ulong, uint> _sharedCovered = [];
    readonly List<Observation> _commonNotes = [];
    LaunchOrder _launch = null!;
    Knowledge? _common, _base;
    uint _epoch;
    bool _apart, _observed, _used;
    int _restarts;

    struct ThreadOrder
    {
        /// <summary>What the thread knows besides what its block and its warp know.</summary>
        public Knowledge? Known;

        /// <summary>What it knew at its last fence of any scope, and of the device's or a wider one.</summary>
        public Release? Fenced, DeviceFenced;

        /// <summary>What it has read and not yet acquired.</summary>
        public List<Observation>? Observed;

        /// <summary>The same of threads that it met at a barrier, which never counts as acquired.</summary>
        public List<Observation>? Notes;
    }

    /// <summary>The times of the launch, the block and its turn, and of the last barrier of all threads, as the lowest stamps that have
    /// them; and now.</summary>
    public uint Now, LaunchStart, BlockStart, TurnStart, EpochStart;

    /// <summary>Time of the whole launch.</summary>
    public LaunchOrder Launch => _launch;

    long Base => block.Number << 10;

    public void StartLaunch(LaunchOrder launch) => (_launch, _restarts) = (launch, launch.Restarts);

    public void StartBlock()
    {
        if (_launch.Exhausted)
            Forget();
        if (_used)
            ForgetThreads();
        Turn();
        BlockStart = TurnStart;
        _common = null;
        OpenForAll();
    }

    /// <summary>The block runs again, after others.</summary>
    public void StartTurn()
    {
        if (_launch.Exhausted)
            Forget();
        Turn();
        if (_restarts != _launch.Restarts)
            Renew();
    }

    /// <summary>All threads of the block met.</summary>
    public void OpenForAll()
    {
        MakeRoom();
        if (_apart || _observed)
        {
            foreach (ref ThreadOrder thread in _threads.AsSpan())
            {
                _common = Knowledge.Join(_common, thread.Known);
                thread.Known = null;
                Note(_commonNotes, thread.Observed);
                Note(_commonNotes, thread.Notes);
            }
            _apart = false;
        }
        _epoch = Tick();
        EpochStart = Now;
        _base = null;
        Array.Fill(_warpEpochs, _epoch);
    }

    /// <summary>Lanes arrive at a barrier without waiting.</summary>
    public void Arrive(int barrier, int warp, uint mask) => _arrived[barrier] = Gather(_arrived[barrier], warp, mask, Step());

    /// <summary>A barrier opens for strands of warps.</summary>
    public void Open(int barrier, List<(Warp Warp, Strand Strand)> met, bool everybody)
    {
        if (everybody && _arrived[barrier] == null)
        {
            OpenForAll();
            return;
        }
        uint time = Step();
        Knowledge? joined = _arrived[barrier];
        _arrived[barrier] = null;
        List<Observation> notes = [];
        foreach ((Warp w, Strand strand) in met)
        {
            joined = Gather(joined, w.Index, strand.Lanes == w.Live ? uint.MaxValue : strand.Lanes, time);
            CollectNotes(notes, w.Index, strand.Lanes);
        }
        foreach ((Warp w, Strand strand) in met)
            Spread(joined, notes, w.Index, strand.Lanes);
    }

    /// <summary>Lanes of a warp met at bar.warp.sync.</summary>
    public void SyncLanes(Warp w, uint mask)
    {
        uint time = Step();
        Span<ThreadOrder> lanes = _threads.AsSpan(w.Index * 32, 32);
        bool same = mask == w.Live && !_observed;
        for (uint m = mask; m != 0 && same; m &= m - 1)
            same = lanes[BitOperations.TrailingZeroCount(m)].Known == lanes[BitOperations.TrailingZeroCount(mask)].Known;
        if (same)
        {
            _warpEpochs[w.Index] = time;
            return;
        }
        List<Observation> notes = [];
        CollectNotes(notes, w.Index, mask);
        Spread(Gather(null, w.Index, mask == w.Live ? uint.MaxValue : mask, time), notes, w.Index, mask);
    }

    /// <summary>Lanes of a warp execute a fence: they acquire what they have observed, and what they know can be published.</summary>
    public void Fence(int warp, uint mask, bool device)
    {
        uint time = Step();
        Release? release = null;
        Knowledge? known = null;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            ref ThreadOrder thread = ref _threads[warp * 32 + BitOperations.TrailingZeroCount(m)];
            if (thread.Observed is { Count: > 0 } observed)
            {
                foreach (Observation observation in observed)
                    if (device || !observation.NeedsDevice)
                        Acquire(ref thread, observation.Log.UpTo(observation.Count));
                    else
                        Acquire(ref thread, observation.Log.UpTo(observation.Count, block.Number));
                observed.RemoveAll(observation => device || !observation.NeedsDevice);
            }
            if (release == null || thread.Known != known)
                release = new Release(All(warp, known = thread.Known), time);
            thread.Fenced = release;
            if (device)
                thread.DeviceFenced = release;
        }
        _used = true;
    }

    /// <summary>A thread reads a word strongly.</summary>
    public void Read(int thread, MemoryRegion* region, ulong offset, MemoryOrder order)
    {
        bool shared = region->Index == BlockState.SharedIndex, device = (order & MemoryOrder.Device) != 0;
        if ((order & MemoryOrder.NoResult) == 0 && Words(shared).TryGetValue(WordOf(region, offset), out WordOrder? word))
            See(thread, word, shared, device, order, null);
    }

    /// <summary>A thread writes a word strongly.</summary>
    public void Write(int thread, MemoryRegion* region, ulong offset, MemoryOrder order, bool atomic)
    {
        bool shared = region->Index == BlockState.SharedIndex, device = (order & MemoryOrder.Device) != 0 || shared;
        ref ThreadOrder own = ref _threads[thread];
        bool releases = (order & MemoryOrder.Release) != 0;
        Dictionary<ulong, WordOrder> words = Words(shared);
        ulong key = WordOf(region, offset);
        if (!words.TryGetValue(key, out WordOrder? word))
        {
            if (!releases && own.Fenced == null)
                return;
            words[key] = word = new WordOrder(_launch.Root);
        }
        word.Write(Base + thread, atomic);
        if (releases)
            word.Publish(new Release(All(thread / 32, own.Known), Step()), Base + thread, device);
        else if (own.Fenced != null)
        {
            if (device && (shared ? own.Fenced : own.DeviceFenced) is { } fenced)
                word.Publish(fenced, Base + thread, true);
            if (!shared && (!device || own.Fenced != own.DeviceFenced))
                word.Publish(own.Fenced, Base + thread, false);
        }
    }

    /// <summary>The phase of the mbarrier at an address is complete: those who test it know what had been published by then.</summary>
    public void CompletePhase(ulong offset)
    {
        WordOrder word = Shared(offset);
        word.PhaseCount = word.Device.Count;
    }

    /// <summary>A thread learns that the last phase of an mbarrier is complete.</summary>
    public void SeePhase(int thread, ulong offset, MemoryOrder order)
    {
        WordOrder word = Shared(offset);
        See(thread, word, true, true, order, word.PhaseCount);
    }

    /// <summary>Whether an access of a thread of some block at a time is not ordered before what a thread of this block does now.</summary>
    public bool Unordered(uint clock, long otherBlock, int other, int thread)
    {
        if (otherBlock == block.Number && (other == thread || clock < _epoch
            || (other / 32 == thread / 32 && clock < _warpEpochs[thread / 32])))
            return false;
        long key = (otherBlock << 10) + other;
        return clock >= Knowledge.Of(_common, _launch.Root, key) && clock >= Knowledge.Of(_threads[thread].Known, _launch.Root, key);
    }

    /// <summary>Whether all threads of another block are known up to behind a time.</summary>
    public bool KnowsBlock(uint clock, long otherBlock, int thread) =>
        otherBlock == block.Number ? clock < _epoch : clock < Knowledge.OfBlock(_common, _launch.Root, otherBlock)
            || clock < Knowledge.OfBlock(_threads[thread].Known, _launch.Root, otherBlock);

    /// <summary>Whether it would be ordered if atomics that drew a ticket had acquired what they saw.</summary>
    public bool OrderedByTicket(uint clock, long otherBlock, int other, int thread)
    {
        if (!_observed)
            return false;
        List<Observation> notes = [.. _commonNotes];
        Note(notes, _threads[thread].Observed);
        Note(notes, _threads[thread].Notes);
        long key = (otherBlock << 10) + other;
        foreach (Observation observation in notes)
            if (clock < Knowledge.Of(observation.Log.UpTo(observation.Count), _launch.Root, key))
                return true;
        return false;
    }

    /// <summary>A thread reads strongly what was written strongly.</summary>
    public void SeeWrite(uint stamp, int thread, ulong place, bool shared)
    {
        Dictionary<ulong, SeenWrite> all = shared ? _sharedSeen : _launch.Seen;
        if (!all.TryGetValue(place, out SeenWrite? seen) || seen.Stamp != stamp)
            all[place] = seen = new SeenWrite(stamp);
        seen.Readers.TryAdd(Base + thread, _launch.Clock);
        _used = true;
    }

    /// <summary>Whether a thread comes behind one that has seen a write.</summary>
    public bool IsBehind(uint stamp, int thread, ulong place, bool shared)
    {
        if (!(shared ? _sharedSeen : _launch.Seen).TryGetValue(place, out SeenWrite? seen) || seen.Stamp != stamp)
            return false;
        foreach ((long reader, uint time) in seen.Readers)
            if (reader == Base + thread || !Unordered(time, reader >> 10, (int)(reader & Stamp.Who), thread))
                return true;
        return false;
    }

    /// <summary>Keeps a weak write that a strong one covers: other strong accesses may still race with it.</summary>
    public void KeepWeak(ulong place, uint stamp, bool shared)
    {
        (shared ? _sharedCovered : _launch.Covered)[place] = stamp;
        _used = true;
    }

    /// <summary>The stamp of such a write; 0 when there is none.</summary>
    public uint KeptWeak(ulong place, bool shared) => (shared ? _sharedCovered : _launch.Covered).GetValueOrDefault(place);

    void See(int thread, WordOrder word, bool shared, bool device, MemoryOrder order, int? count)
    {
        bool atomic = (order & MemoryOrder.Atomic) != 0, acquires = (order & MemoryOrder.Acquire) != 0;
        if (device || shared)
            See(ref _threads[thread], new Observation(word.Device, count ?? word.Device.Count, !shared, atomic), acquires);
        if (!shared && word.OwnOf(block.Number, device) is { } own)
            See(ref _threads[thread], new Observation(own, own.Count, false, atomic), acquires);
    }

    void See(ref ThreadOrder thread, Observation observation, bool acquires)
    {
        if (observation.Count == 0)
            return;
        if (acquires)
        {
            Acquire(ref thread, observation.Log.UpTo(observation.Count));
            return;
        }
        thread.Observed ??= [];
        Add(thread.Observed, observation);
        _observed = _used = true;
    }

    void Acquire(ref ThreadOrder thread, Knowledge? known)
    {
        thread.Known = Knowledge.Join(thread.Known, known);
        _apart = _used = true;
    }

    // Everything that a thread knows, without what it does itself.
    Knowledge? All(int warp, Knowledge? known)
    {
        _base ??= Knowledge.With(_common, _launch.Root, Base, Knowledge.Block, _epoch);
        Knowledge? all = Knowledge.Join(_base, known);
        return _warpEpochs[warp] > _epoch
            ? Knowledge.With(all, _launch.Root, Base + warp * 32, Knowledge.Warp, _warpEpochs[warp]) : all;
    }

    Knowledge? Gather(Knowledge? joined, int warp, uint mask, uint time)
    {
        Knowledge? before = null;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int thread = warp * 32 + BitOperations.TrailingZeroCount(m);
            if (_threads[thread].Known != before)
                joined = Knowledge.Join(joined, before = _threads[thread].Known);
            if (mask != uint.MaxValue)
                joined = Knowledge.With(joined, _launch.Root, Base + thread, Knowledge.Lane, time);
        }
        uint whole = mask == uint.MaxValue ? time : _warpEpochs[warp];
        return whole > _epoch ? Knowledge.With(joined, _launch.Root, Base + warp * 32, Knowledge.Warp, whole) : joined;
    }

    void Spread(Knowledge? joined, List<Observation> notes, int warp, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
        {
            ref ThreadOrder thread = ref _threads[warp * 32 + BitOperations.TrailingZeroCount(m)];
            thread.Known = joined;
            if (notes.Count > 0)
                Note(thread.Notes ??= [], notes);
        }
        _apart = _used = true;
    }

    void CollectNotes(List<Observation> notes, int warp, uint mask)
    {
        for (uint m = mask; m != 0 && _observed; m &= m - 1)
        {
            ref ThreadOrder thread = ref _threads[warp * 32 + BitOperations.TrailingZeroCount(m)];
            Note(notes, thread.Observed);
            Note(notes, thread.Notes);
        }
    }

    static void Note(List<Observation> notes, List<Observation>? more)
    {
        foreach (Observation observation in more ?? [])
            if (observation.Atomic)
                Add(notes, observation);
    }

    static void Add(List<Observation> observations, Observation added)
    {
        foreach (ref Observation observation in CollectionsMarshal.AsSpan(observations))
            if (observation.Log == added.Log && observation.Atomic == added.Atomic)
            {
                if (observation.Count < added.Count)
                    observation = added;
                return;
            }
        observations.Add(added);
    }

    WordOrder Shared(ulong offset)
    {
        if (!_sharedWords.TryGetValue(offset & ~3ul, out WordOrder? word))
            _sharedWords[offset & ~3ul] = word = new WordOrder(_launch.Root);
        return word;
    }

    Dictionary<ulong, WordOrder> Words(bool shared) => shared ? _sharedWords : _launch.Words;

    static ulong WordOf(MemoryRegion* region, ulong offset) => (region->Base + offset) & ~3ul;

    uint Step()
    {
        MakeRoom();
        return Tick();
    }

    uint Tick()
    {
        uint time = _launch.Tick();
        Now = time << Stamp.ClockShift;
        return time;
    }

    // The clock has an end: there everything before is forgotten, which hides races across that moment and invents none.
    void MakeRoom()
    {
        if (!_launch.Exhausted)
            return;
        Forget();
        Turn();
        Renew();
    }

    void Turn()
    {
        _launch.Turn(block.Number);
        LaunchStart = _launch.Start << Stamp.ClockShift;
        TurnStart = Now = _launch.Clock << Stamp.ClockShift;
    }

    void Forget()
    {
        block.ClearStamps();
        _launch.Restart();
    }

    void Renew()
    {
        _restarts = _launch.Restarts;
        block.ClearSharedStamps();
        ForgetThreads();
        BlockStart = TurnStart;
        _common = null;
        _epoch = Tick();
        EpochStart = Now;
    }

    void ForgetThreads()
    {
        Array.Clear(_threads);
        Array.Clear(_warpEpochs);
        Array.Clear(_arrived);
        _sharedWords.Clear();
        _sharedSeen.Clear();
        _sharedCovered.Clear();
        _commonNotes.Clear();
        _base = null;
        _apart = _observed = _used = false;
    }
}
