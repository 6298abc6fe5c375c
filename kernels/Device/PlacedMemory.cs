// Addresses of a launch that is looked at and not run: the same in every process, whatever the host's are.
using System.Runtime.InteropServices;
using HSENet.Ptx;

namespace HSENet.Kernels;

/// <summary>Allocations in the order in which they were made, at addresses that depend on their sizes alone.</summary>
sealed class PlacedMemory
{
    readonly List<(EmulatorAllocation Allocation, ulong Start)> _places;

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
        uint word = 0;
        int at = _places.FindIndex(place => address - place.Start + 4 <= (ulong)place.Allocation.Bytes && address >= place.Start);
        if (at >= 0)
            _places[at].Allocation.Read(new Span<uint>(ref word), (long)(address - _places[at].Start));
        return word;
    }
}
