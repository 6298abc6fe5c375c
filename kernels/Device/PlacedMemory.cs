// Addresses of a launch that is looked at and not run: the same in every process, whatever the host's are.
using System.Runtime.InteropServices;
using HSENet.Ptx;

namespace HSENet.Kernels;

/// <summary>Allocations in the order in which they were made, at addresses that depend on their sizes alone.</summary>
sealed class PlacedMemory
{
    readonly record struct Place(ulong Start, ulong Bytes, ulong Host)
    {
        public bool HasWord(ulong address) => address >= Start && address - Start + sizeof(uint) <= Bytes;
    }

    readonly Place[] _places;

    // Where the last word was found: the next one is near it.
    volatile int _last;

    public PlacedMemory(IReadOnlyList<EmulatorAllocation> allocations) =>
        _places = [.. allocations.Zip(PtxTiming.Places(allocations.Select(allocation => allocation.Bytes)),
            (allocation, start) => new Place(start, (ulong)allocation.Bytes, allocation.Address))];

    /// <summary>Parameters whose addresses are those of this memory: views lie at multiples of eight bytes, and no length or number is as
    /// large as the host's addresses.</summary>
    public byte[] Parameters(ReadOnlySpan<byte> parameters)
    {
        byte[] placed = parameters.ToArray();
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(placed.AsSpan()))
        {
            ulong host = word;
            int at = Array.FindIndex(_places, place => host - place.Host <= place.Bytes);
            if (at >= 0)
                word = _places[at].Start + (host - _places[at].Host);
        }
        return placed;
    }

    /// <summary>Four bytes; zero outside of the allocations.</summary>
    public uint Word(ulong address)
    {
        Place[] places = _places;
        int last = _last;
        if (last >= places.Length || !places[last].HasWord(address))
        {
            last = 0;
            while (last < places.Length && !places[last].HasWord(address))
                last++;
            if (last == places.Length)
                return 0;
            _last = last;
        }
        // A walk asks for every lane of every load: the memory is the host's.
        return (uint)Marshal.ReadInt32((nint)(places[last].Host + (address - places[last].Start)));
    }
}
