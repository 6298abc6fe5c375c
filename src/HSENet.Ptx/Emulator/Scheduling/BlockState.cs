// Everything that a block of threads needs while it runs; pooled, one per worker.
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>
/// Memory and warps of the block that a worker runs. All native memory is in pinned arrays, so a block that is no longer pooled goes with
/// the garbage collector.
/// </summary>
sealed unsafe class BlockState
{
    const int Alignment = 64;

    readonly List<byte[]> _pinned = [];
    readonly MemoryRegion* _shared;
    readonly byte[] _sharedStates;
    readonly byte[] _localStates;
    readonly MemoryRegion* _localRegions;
    readonly int _hintCount;
    Dim3 _blockSize;
    Dim3 _gridSize;
    RaceStamps* _sharedStamps;
    long _sharedStampBytes = -1;
    int _dynamicShared = -1, _sharedCapacity;

    public BlockState(DecodedKernel kernel, int warps)
    {
        Kernel = kernel;
        Findings = new FindingCollector(this);
        Rounds = new BarrierRounds(this);
        Warps = new Warp[warps];
        if (kernel.Level is CheckLevel.Races or CheckLevel.All)
            Races = new RaceChecker(this, warps);
        if (kernel.Level is CheckLevel.Profile or CheckLevel.All)
            Profile = new ProfileCounters(kernel);
        RowsBefore = new byte[kernel.VariableBytes];
        _hintCount = kernel.SlotCount + 1;
        Hints = (MemoryRegion**)Pinned(_hintCount * sizeof(MemoryRegion*));
        Parameters = Pinned(kernel.ParameterBytes + Alignment);
        ParameterRegion = (MemoryRegion*)Pinned(sizeof(MemoryRegion));
        *ParameterRegion = new MemoryRegion { Data = Parameters, LoadBytes = (ulong)kernel.ParameterBytes, Index = ParameterIndex };
        _shared = (MemoryRegion*)Pinned(sizeof(MemoryRegion));
        _localRegions = (MemoryRegion*)Pinned(sizeof(MemoryRegion) * 32 * warps);
        _sharedStates = new byte[kernel.StaticSharedBytes];
        foreach (SharedArray array in kernel.SharedArrays)
            _sharedStates.AsSpan(array.Offset, array.Bytes).Fill(MemoryRegion.Uninitialised);
        _localStates = new byte[kernel.LocalBytes];
        foreach (SharedArray array in kernel.LocalArrays)
            _localStates.AsSpan(array.Offset, array.Bytes).Fill(MemoryRegion.Uninitialised);
        for (int i = 0; i < warps; i++)
            Warps[i] = MakeWarp(i);
    }

    ~BlockState() => RaceStamps.Free(_sharedStamps);

    public DecodedKernel Kernel { get; }
    public Warp[] Warps { get; }
    public FindingCollector Findings { get; }

    /// <summary>Null unless races are looked for.</summary>
    public RaceChecker? Races { get; }

    /// <summary>Null unless a profile is made.</summary>
    public ProfileCounters? Profile { get; }

    /// <summary>Shared memory of the block, with addresses from 0.</summary>
    public MemoryRegion* Shared => _shared;

    /// <summary>For each instruction that accesses memory the region that it hit last.</summary>
    public readonly MemoryRegion** Hints;

    /// <summary>Parameters of the kernel as the driver takes them.</summary>
    public readonly byte* Parameters;

    /// <summary>The same as memory.</summary>
    public readonly MemoryRegion* ParameterRegion;

    public RegionTable Regions { get; private set; } = null!;

    /// <summary>Sizes of the launch, and the block's position.</summary>
    public Dim3 BlockSize => _blockSize;
    public Dim3 GridSize => _gridSize;
    public Dim3 Position { get; private set; }
    public long Number { get; private set; }
    public int DynamicSharedBytes => _dynamicShared;
    public uint LaunchNumber { get; private set; }

    /// <summary>Instructions that warps may still execute before they are asked.</summary>
    public long Budget;

    /// <summary>The limit of the whole launch.</summary>
    public long MaxInstructions;
    public CancellationToken Cancellation;

    /// <summary>Instructions that warps executed in this launch.</summary>
    public long Executed;

    /// <summary>Threads that arrived at each barrier without waiting.</summary>
    public readonly int[] ArrivedThreads = new int[BarrierUnit.Count];

    /// <summary>The number of threads that each barrier was given since it last opened; -1 for none.</summary>
    public readonly int[] BarrierCounts = new int[BarrierUnit.Count];

    /// <summary>Barriers that a strand waits at, as bits.</summary>
    public uint BarriersInUse;

    /// <summary>Arrivals at mbarriers that wait for asynchronous copies.</summary>
    public readonly List<AsyncArrival> Arrivals = [];

    /// <summary>Strands that meet at the barrier that opens.</summary>
    public readonly List<(Warp Warp, Strand Strand)> Met = [];

    /// <summary>How often memory changed; the same object in all blocks that run together.</summary>
    public MemoryChanges Changes = new();

    /// <summary>Barriers that open again and again while nothing changes.</summary>
    public BarrierRounds Rounds { get; }

    /// <summary>Basic blocks of a strand's turn.</summary>
    public int Slice;

    /// <summary>Those that are left of the turn under way.</summary>
    public int Turns;

    /// <summary>Where the instructions were used up.</summary>
    public (Warp Warp, Strand Strand)? StoppedAt;

    /// <summary>Room for the registers of a warp.</summary>
    public readonly byte[] RowsBefore;

    /// <summary>Makes the block ready for a launch.</summary>
    public void Prepare(in LaunchShape launch)
    {
        Regions = launch.Regions;
        LaunchNumber = launch.Number;
        for (int i = 0; i < _hintCount; i++)
            Hints[i] = Regions.Empty;
        launch.Parameters.CopyTo(new Span<byte>(Parameters, Kernel.ParameterBytes));
        Findings.Start(launch.Options.Strict);
        Executed = 0;
        MaxInstructions = launch.Options.MaxInstructions;
        Cancellation = launch.Options.Cancellation;
        _onlyWarp = launch.Options.OnlyWarp ?? -1;
        Profile?.Clear();
        if (Profile != null)
            Profile.Observer = launch.Options.Observer;
        foreach (Warp w in Warps)
            w.Instructions = w.InstructionsBefore = w.LaneInstructions = 0;
        if (_dynamicShared != launch.DynamicSharedBytes)
        {
            _dynamicShared = launch.DynamicSharedBytes;
            int bytes = Kernel.StaticSharedBytes + _dynamicShared;
            if (bytes > _sharedCapacity || _shared->Data == null)
            {
                _sharedCapacity = bytes;
                _shared->Data = Pinned(bytes + Alignment);
                _shared->Shadow = Pinned(bytes + Alignment);
            }
            _shared->LoadBytes = _shared->StoreBytes = (ulong)bytes;
            _shared->Index = SharedIndex;
        }
        PrepareRaces(launch);
        if (_blockSize != launch.Block || _gridSize != launch.Grid)
        {
            (_blockSize, _gridSize) = (launch.Block, launch.Grid);
            for (int i = 0; i < Warps.Length; i++)
                FillShape(Warps[i]);
        }
    }

    int _onlyWarp = -1;

    /// <summary>Puts every warp at the start of the kernel, for the block with a number.</summary>
    public void Start(long number, bool checks)
    {
        (Number, Position) = (number, _gridSize.Position(number));
        Races?.Order.StartBlock();
        if (checks && _shared->LoadBytes > 0)
        {
            Span<byte> states = new(_shared->Shadow, (int)_shared->LoadBytes);
            _sharedStates.CopyTo(states);
            states[_sharedStates.Length..].Fill(MemoryRegion.Uninitialised);
        }
        Rounds.Start();
        Arrivals.Clear();
        Array.Clear(ArrivedThreads);
        Array.Fill(BarrierCounts, -1);
        StoppedAt = null;
        BarriersInUse = 0;
        int threads = (int)_blockSize.Count;
        foreach (Warp w in Warps)
        {
            int lanes = Math.Min(32, threads - w.Index * 32);
            uint mask = lanes == 32 ? uint.MaxValue : (1u << lanes) - 1;
            if (_onlyWarp >= 0 && w.Index != _onlyWarp)
            {
                w.Leave();
                continue;
            }
            w.Start(mask);
            w.Copies?.Clear();
            new Span<byte>(w.Rows, Kernel.VariableBytes).Clear();
            FillPosition(w);
            for (int lane = 0; lane < 32 && Kernel.LocalBytes > 0; lane++)
                _localStates.CopyTo(new Span<byte>(w.LocalRegions[lane].Shadow, Kernel.LocalBytes));
        }
    }

    /// <summary>Region indices of memory that is no allocation.</summary>
    public const int SharedIndex = -1, LocalIndex = -2, ParameterIndex = -3;

    void PrepareRaces(in LaunchShape launch)
    {
        if (Races == null)
            return;
        if (_sharedStampBytes != (long)_shared->LoadBytes)
        {
            RaceStamps.Free(_sharedStamps);
            _sharedStampBytes = (long)_shared->LoadBytes;
            _shared->Stamps = _sharedStamps = RaceStamps.Make(_sharedStampBytes);
        }
        // The clock belongs to the memory of the launch; what another memory's clock left here means nothing.
        ClearSharedStamps();
        Races.Order.StartLaunch(launch.Order!);
    }

    /// <summary>Forgets all accesses of the race check.</summary>
    public void ClearStamps()
    {
        ClearSharedStamps();
        Regions.ClearStamps();
    }

    /// <summary>Forgets those to shared memory.</summary>
    public void ClearSharedStamps() => _sharedStamps->Clear();

    Warp MakeWarp(int index)
    {
        Warp w = new(this, index)
        {
            Rows = Pinned(Kernel.RowBytes),
            Local = Pinned(Kernel.LocalBytes * 32 + Alignment),
            CallParameters = Pinned(Kernel.CallParameterBytes * 32 + Alignment),
            LocalRegions = _localRegions + 32 * index,
        };
        byte* states = Pinned(Kernel.LocalBytes * 32 + Alignment);
        for (int lane = 0; lane < 32; lane++)
            w.LocalRegions[lane] = new MemoryRegion
            {
                Data = w.Local + lane * Kernel.LocalBytes,
                Shadow = states + lane * Kernel.LocalBytes,
                LoadBytes = (ulong)Kernel.LocalBytes,
                StoreBytes = (ulong)Kernel.LocalBytes,
                Index = LocalIndex,
            };
        foreach (ConstantRow row in Kernel.Constants)
            Fill(w, row.Offset, row.Kind, row.Bits);
        return w;
    }

    static void Fill(Warp w, int offset, RowKind kind, ulong bits)
    {
        if (kind == RowKind.Predicate)
            *(uint*)(w.Rows + offset) = bits != 0 ? uint.MaxValue : 0;
        else if (kind == RowKind.Bits32)
            new Span<uint>(w.Rows + offset, 32).Fill((uint)bits);
        else
            new Span<ulong>(w.Rows + offset, 32).Fill(bits);
    }

    void FillShape(Warp w)
    {
        foreach (SpecialRow row in Kernel.Specials)
            for (int lane = 0; lane < 32 && !SpecialRegisters.OfPosition(row.Register); lane++)
                ((uint*)(w.Rows + row.Offset))[lane] = SpecialRegisters.Value(row.Register, this, w, lane);
    }

    void FillPosition(Warp w)
    {
        foreach (SpecialRow row in Kernel.Specials)
            if (SpecialRegisters.OfPosition(row.Register))
                new Span<uint>(w.Rows + row.Offset, 32).Fill(SpecialRegisters.Value(row.Register, this, w, 0));
    }

    byte* Pinned(int bytes)
    {
        byte[] array = GC.AllocateArray<byte>(bytes + Alignment, pinned: true);
        _pinned.Add(array);
        byte* start = (byte*)Unsafe.AsPointer(ref array[0]);
        return start + (Alignment - (long)start % Alignment);
    }
}
