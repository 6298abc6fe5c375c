// Addresses of a launch that is looked at and not run: the same in every process, whatever the host's are.
using System.Runtime.InteropServices;
using HSENet.Ptx;

namespace HSENet.Kernels;

/// <summary>Allocations in the order in which they were made, at addresses that depend on their sizes alone.</summary>
sealed class PlacedMemory
{
    readonly List<(EmulatorAllocation Allocation, ulong Start)> _places;

    // Where the last word was found: the next one is near it.
    volatile int _last;

    public PlacedMemory(IReadOnlyList<EmulatorAllocation> allocations) =>
        _places = [.. allocations.Zip(PtxTiming.Places(allocations.Select(allocation => allocation.Bytes)))];

    /// <summary>Parameters whose addresses are those of this memory: views lie at multiples of eight bytes, and no length or number is as
    /// large as the host's addresses.</summary>
    public byte[] Parameters(ReadOnlySpan<byte> parameters)
    {
        byte[] placed = parameters.ToArray();
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(placed.AsSpan()))
        {
            ulong host = word;
            int at = _places.FindIndex(place => host - place.Allocation.Address <= (ulong)place.Allocation.Bytes);
            if (at >= 0)
                word = _places[at].Start + (host - _places[at].Allocation.Address);
        }
        return placed;
    }

    /// <summary>Four bytes; zero outside of the allocations.</summary>
    public uint Word(ulong address)
    {
        int last = _last;
        if (!Holds(last))
        {
            last = 0;
            while (last < _places.Count && !Holds(last))
                last++;
            if (last == _places.Count)
                return 0;
            _last = last;
        }
        // A walk asks for every lane of every load: the memory is the host's.
        return (uint)Marshal.ReadInt32((nint)(_places[last].Allocation.Address + (address - _places[last].Start)));

        bool Holds(int place) => place < _places.Count && address >= _places[place].Start
            && address - _places[place].Start + 4 <= (ulong)_places[place].Allocation.Bytes;
    }
}
