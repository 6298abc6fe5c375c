// What is ordered with what: barriers, fences and atomics, thread by thread, as the memory model of PTX has it.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>
/// The order between the threads of a block and all others.
/// <list type="bullet">
/// <item>A barrier orders everything its threads did, and all that they knew, with everything they do after.</item>
/// <item>A fence, then a strong write (atomic, volatile, relaxed), or a release, publishes what its own thread did and knew; a strong read
/// of the word and then a fence, or an acquire, lets its own thread know it. Scopes of both sides have to include the other thread.</item>
/// <item><c>fence.sc</c> also publishes by the strong writes of those that its thread meets at a barrier, for who reads them before a
/// <c>fence.sc</c> (<see cref="GatherTotal"/>).</item>
/// </list>
/// A thread knows its block up to the last barrier of all, its warp up to that of all lanes, and what else it has acquired.
/// </summary>
sealed unsafe partial class RaceOrder(BlockState block, int warps)
{
    readonly ThreadOrder[] _threads = new ThreadOrder[warps * 32];
    readonly uint[] _warpEpochs = new uint[warps];
    readonly Knowledge?[] _arrived = new Knowledge?[BarrierUnit.Count], _arrivedTotal = new Knowledge?[BarrierUnit.Count];
    readonly Dictionary<ulong, WordOrder> _sharedWords = [];
    readonly Dictionary<ulong, SeenWrite> _sharedSeen = [];
    readonly Dictionary<ulong, uint> _sharedCovered = [];
    readonly List<Observation> _commonNotes = [];
    LaunchOrder _launch = null!;
    Knowledge? _common, _base, _clusterArrived;
    uint _epoch;
    bool _apart, _observed, _used, _totalFences;
    int _restarts;

    struct ThreadOrder
    {
        /// <summary>What the thread knows besides what its block and its warp know.</summary>
        public Knowledge? Known;

        /// <summary>What it knew at its last fence of any scope, and of the device's or a wider one.</summary>
        public Release? Fenced, DeviceFenced;

        /// <summary>The same at its last <c>fence.sc</c> of the device's scope or a wider one.</summary>
        public Release? TotalFenced;

        /// <summary>What those whom it met at barriers knew at a <c>fence.sc</c> before.</summary>
        public Release? Total;

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
        ShareTotal();
        _epoch = Tick();
        EpochStart = Now;
        _base = null;
        Array.Fill(_warpEpochs, _epoch);
    }

    /// <summary>Lanes arrive at a barrier without waiting.</summary>
    public void Arrive(int barrier, int warp, uint mask)
    {
        _arrived[barrier] = Gather(_arrived[barrier], warp, mask, Step());
        _arrivedTotal[barrier] = GatherTotal(_arrivedTotal[barrier], warp, mask);
    }

    /// <summary>Lanes arrive at the cluster's barrier: what they do from now on is not released by it.</summary>
    public void ArriveAtCluster(int warp, uint mask) => _clusterArrived = Gather(_clusterArrived, warp, mask, Step());

    /// <summary>The cluster's barrier opens.</summary>
    public void OpenCluster(List<(Warp Warp, Strand Strand)> met)
    {
        foreach ((Warp w, Strand strand) in met)
            for (uint m = strand.Lanes; m != 0; m &= m - 1)
                Acquire(ref _threads[w.Index * 32 + BitOperations.TrailingZeroCount(m)], _clusterArrived);
        _clusterArrived = null;
    }

    /// <summary>A barrier opens for strands of warps.</summary>
    public void Open(int barrier, List<(Warp Warp, Strand Strand)> met, bool everybody)
    {
        if (everybody && _arrived[barrier] == null)
        {
            OpenForAll();
            return;
        }
        uint time = Step();
        Knowledge? joined = _arrived[barrier], total = _arrivedTotal[barrier];
        _arrived[barrier] = _arrivedTotal[barrier] = null;
        List<Observation> notes = [];
        foreach ((Warp w, Strand strand) in met)
        {
            joined = Gather(joined, w.Index, strand.Lanes == w.Live ? uint.MaxValue : strand.Lanes, time);
            CollectNotes(notes, w.Index, strand.Lanes);
            total = GatherTotal(total, w.Index, strand.Lanes);
        }
        Release? shared = total == null ? null : new Release(total, 0);
        foreach ((Warp w, Strand strand) in met)
        {
            Spread(joined, notes, w.Index, strand.Lanes);
            SpreadTotal(shared, w.Index, strand.Lanes);
        }
    }

    /// <summary>Lanes of a warp met at bar.warp.sync.</summary>
    public void SyncLanes(Warp w, uint mask)
    {
        uint time = Step();
        if (GatherTotal(null, w.Index, mask) is { } total)
            SpreadTotal(new Release(total, 0), w.Index, mask);
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
    public void Fence(int warp, uint mask, bool device, bool total)
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
                    if (observation.NeedsTotal && !(device && total))
                        continue;
                    else if (device || !observation.NeedsDevice)
                        Acquire(ref thread, observation.Log.UpTo(observation.Count));
                    else
                        Acquire(ref thread, observation.Log.UpTo(observation.Count, block.Number));
                observed.RemoveAll(observation => observation.NeedsTotal ? device && total : device || !observation.NeedsDevice);
            }
            if (release == null || thread.Known != known)
                release = new Release(All(warp, known = thread.Known), time);
            thread.Fenced = release;
            if (device)
                thread.DeviceFenced = release;
            if (device && total)
                thread.TotalFenced = release;
        }
        _totalFences |= device && total;
        _used = true;
    }

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
        Array.Clear(_arrivedTotal);
        _sharedWords.Clear();
        _sharedSeen.Clear();
        _sharedCovered.Clear();
        _commonNotes.Clear();
        _base = _clusterArrived = null;
        _apart = _observed = _used = _totalFences = false;
    }
}
