// Memory of the race check for one region: who wrote and who read each word since then.
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

/// <summary>
/// A stamp says when, how and by whom: 20 bits of the check's clock, 2 bits for the kind of access, 10 bits for the thread in its block;
/// the clock says which block ran. 0 is older than everything.
/// </summary>
static class Stamp
{
    public const int ClockShift = 12;
    public const uint Who = (1 << 10) - 1, MaxClock = (1 << 20) - 1;

    /// <summary>Kinds: an ordinary access; one that is strong in the memory model among threads of a block (<c>.cta</c>), or of the
    /// device; a volatile one, which is strong everywhere.</summary>
    public const uint Weak = 0, Narrow = 1 << 10, Wide = 2 << 10, Volatile = 3 << 10, Kind = 3 << 10;

    public static uint Clock(uint stamp) => stamp >> ClockShift;
}

/// <summary>
/// Stamps of words or of single bytes. Readers since the last write are kept as a product: when the first of them read, which warps and
/// which lanes there were, and the last one exactly.
/// </summary>
unsafe struct RaceCells
{
    /// <summary>The last writer.</summary>
    public uint* Write;

    /// <summary>When the first weak read since the last write, or since a barrier, was made; only the clock counts.</summary>
    public uint* First;

    /// <summary>Warps and lanes of the weak reads since then, as bits.</summary>
    public uint* Warps, Lanes;

    /// <summary>The last reader.</summary>
    public uint* Last;

    public void Allocate(long count)
    {
        Write = Zeroed(count);
        First = Zeroed(count);
        Warps = Zeroed(count);
        Lanes = Zeroed(count);
        Last = Zeroed(count);
    }

    // Bits without a clock mean nothing.
    public readonly void Clear(long count)
    {
        if (Write == null)
            return;
        NativeMemory.Clear(Write, (nuint)count * 4);
        NativeMemory.Clear(First, (nuint)count * 4);
        NativeMemory.Clear(Last, (nuint)count * 4);
    }

    public readonly void Free()
    {
        NativeMemory.Free(Write);
        NativeMemory.Free(First);
        NativeMemory.Free(Warps);
        NativeMemory.Free(Lanes);
        NativeMemory.Free(Last);
    }

    public static uint* Zeroed(long count) => (uint*)NativeMemory.AllocZeroed((nuint)count, 4);
}

/// <summary>Stamps of whole words, and of single bytes for accesses smaller than a word.</summary>
unsafe struct RaceStamps
{
    public RaceCells Words, Bytes;

    /// <summary>When a word was last read with <c>ld.global.nc</c>; null until one is.</summary>
    public uint* NonCoherent;

    long _count;

    public static RaceStamps* Make(long bytes)
    {
        RaceStamps* stamps = (RaceStamps*)NativeMemory.AllocZeroed((nuint)sizeof(RaceStamps));
        stamps->_count = ((bytes + 3) / 4) + 32;
        stamps->Words.Allocate(stamps->_count);
        return stamps;
    }

    public void EnsureBytes()
    {
        if (Bytes.Write == null)
            Bytes.Allocate(_count * 4);
    }

    public void EnsureNonCoherent()
    {
        if (NonCoherent == null)
            NonCoherent = RaceCells.Zeroed(_count);
    }

    public readonly void Clear()
    {
        Words.Clear(_count);
        Bytes.Clear(_count * 4);
        if (NonCoherent != null)
            NativeMemory.Clear(NonCoherent, (nuint)_count * 4);
    }

    public static void Free(RaceStamps* stamps)
    {
        if (stamps == null)
            return;
        stamps->Words.Free();
        stamps->Bytes.Free();
        NativeMemory.Free(stamps->NonCoherent);
        NativeMemory.Free(stamps);
    }
}
