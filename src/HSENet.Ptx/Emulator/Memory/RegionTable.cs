// The regions of a launch, sorted by address, and where to find one.
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>An unchanging list of regions; entry 0 is empty, the start of every cache.</summary>
sealed unsafe class RegionTable
{
    readonly MemoryRegion[] _regions;
    readonly MemoryRegion* _first;
    readonly EmulatorAllocation[] _allocations;

    public RegionTable(List<EmulatorAllocation> allocations, EmulatorMemory? others, bool races)
    {
        (Others, Races) = (others, races);
        _allocations = [.. allocations.OrderBy(allocation => allocation.Address)];
        _regions = GC.AllocateArray<MemoryRegion>(_allocations.Length + 1, pinned: true);
        _first = (MemoryRegion*)Unsafe.AsPointer(ref _regions[0]);
        _first->Base = ulong.MaxValue;
        for (int i = 0; i < _allocations.Length; i++)
        {
            _regions[i + 1] = _allocations[i].Region(races);
            _regions[i + 1].Index = i;
        }
    }

    public int Version { get; set; }

    public EmulatorMemory? Others { get; }

    public bool Races { get; }

    /// <summary>A region that holds nothing.</summary>
    public MemoryRegion* Empty => _first;

    /// <summary>The region that starts last at or before the address, or the empty one.</summary>
    public MemoryRegion* Find(ulong address)
    {
        int low = 1, high = _regions.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_first[middle].Base <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return _first + (low - 1);
    }

    /// <summary>Forgets all accesses of the race check.</summary>
    public void ClearStamps()
    {
        foreach (ref MemoryRegion region in _regions.AsSpan())
            if (region.Stamps != null)
                region.Stamps->Clear();
    }

    /// <summary>Whether an address lies in a variable of .const.</summary>
    public bool IsConstant(ulong address)
    {
        MemoryRegion* region = Find(address);
        return region->Contains(address, 1, false) && _allocations[region->Index].IsConstant;
    }

    /// <summary>Name of what lies at an address inside a region.</summary>
    public string NameAt(MemoryRegion* region, ulong address) => _allocations[region->Index].NameAt((long)(address - region->Base));

    /// <summary>Name of the allocation nearest to an address, and where the address lies against it.</summary>
    public (string Name, string Where) Nearest(ulong address)
    {
        MemoryRegion* region = Find(address);
        ulong toNext = region + 1 < _first + _regions.Length ? region[1].Base - address : ulong.MaxValue;
        if (region == _first || (toNext < ulong.MaxValue && toNext < address - region->Base - region->LoadBytes
            && address - region->Base >= region->LoadBytes))
        {
            if (toNext == ulong.MaxValue)
                return ("", "there is no allocation");
            EmulatorAllocation next = _allocations[region[1].Index];
            return (next.Name, $"{toNext} bytes before {next.Name} ({next.Bytes} bytes)");
        }
        EmulatorAllocation nearest = _allocations[region->Index];
        ulong offset = address - region->Base;
        return (nearest.NameAt((long)Math.Min(offset, region->LoadBytes == 0 ? 0 : region->LoadBytes - 1)), offset >= region->LoadBytes
            ? $"{offset - region->LoadBytes} bytes after the end of {nearest.Name} ({nearest.Bytes} bytes)"
            : $"at byte {offset} of {nearest.Name} ({nearest.Bytes} bytes)");
    }
}
