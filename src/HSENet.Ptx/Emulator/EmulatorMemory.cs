// Global memory of the emulated device: separate allocations that the host owns.
namespace HSENet.Ptx;

/// <summary>The allocations that launches reach. An address is one of the host; nothing outside an allocation is ever touched.</summary>
public sealed unsafe class EmulatorMemory : IDisposable
{
    readonly Lock _lock = new();
    readonly List<EmulatorAllocation> _allocations = [];
    RegionTable? _table;
    int _version;

    /// <summary>Time of the race check, which goes on from launch to launch.</summary>
    internal uint RaceClock { get; set; }

    /// <summary>Launches so far: what a kernel reads as its grid's number.</summary>
    internal uint Launches;

    /// <summary>Held by a launch that looks for races: its stamps are the memory's.</summary>
    internal Lock RaceLock { get; } = new();

    /// <summary>Makes an allocation of uninitialised memory, aligned to 256 bytes as a driver does.</summary>
    /// <exception cref="EmulatorException"><paramref name="bytes"/> is negative.</exception>
    public EmulatorAllocation Allocate(long bytes, string name)
    {
        if (bytes < 0)
            throw new EmulatorException($"{name}: {bytes} bytes cannot be allocated");
        return Add(new EmulatorAllocation(this, bytes, name));
    }

    /// <summary>Makes the memory of a module's variable.</summary>
    internal EmulatorAllocation AllocateVariable(PtxVariable variable) =>
        Add(new EmulatorAllocation(this, variable.Bytes, variable.Name) { IsConstant = variable.Space == PtxSpace.Const });

    /// <summary>Makes an allocation that holds <paramref name="values"/>.</summary>
    public EmulatorAllocation Allocate<T>(ReadOnlySpan<T> values, string name) where T : unmanaged
    {
        EmulatorAllocation allocation = Allocate((long)values.Length * sizeof(T), name);
        allocation.Write(values);
        return allocation;
    }

    /// <summary>Lets kernels reach initialised memory that the caller owns and keeps alive, such as a mapped file, without a
    /// copy.</summary>
    /// <exception cref="EmulatorException">The pointer is null or the length negative.</exception>
    public EmulatorAllocation Attach(nint pointer, long bytes, string name, bool readOnly)
    {
        if (pointer == 0 || bytes < 0)
            throw new EmulatorException($"{name}: {bytes} bytes at {pointer} cannot be attached");
        return Add(new EmulatorAllocation(this, (byte*)pointer, bytes, name, readOnly));
    }

    /// <summary>Frees all allocations.</summary>
    public void Dispose()
    {
        EmulatorAllocation[] allocations;
        lock (_lock)
            allocations = [.. _allocations];
        foreach (EmulatorAllocation allocation in allocations)
            allocation.Dispose();
    }

    /// <summary>The allocations in the order of addresses; kept until one changes.</summary>
    internal RegionTable Regions(EmulatorMemory? others, bool races)
    {
        lock (_lock)
        {
            int version = _version + (others?._version ?? 0);
            if (_table != null && _table.Version == version && _table.Others == others && _table.Races == races)
                return _table;
            List<EmulatorAllocation> all = [.. _allocations];
            if (others != null)
                all.AddRange(others._allocations);
            // Making a region may change the versions, so they are read again afterwards.
            RegionTable table = new(all, others, races);
            table.Version = _version + (others?._version ?? 0);
            return _table = table;
        }
    }

    /// <summary>Takes everything for initialised: kernels that run without checks do not say what they write.</summary>
    internal void TrustAll()
    {
        lock (_lock)
            foreach (EmulatorAllocation allocation in _allocations)
                allocation.MarkInitialised(0, allocation.Bytes);
    }

    internal void Changed() => Interlocked.Increment(ref _version);

    internal void Remove(EmulatorAllocation allocation)
    {
        lock (_lock)
        {
            _allocations.Remove(allocation);
            Changed();
        }
    }

    EmulatorAllocation Add(EmulatorAllocation allocation)
    {
        lock (_lock)
        {
            _allocations.Add(allocation);
            Changed();
        }
        return allocation;
    }
}
