// Memory of the race check for one region: who wrote and who read each word last.
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

/// <summary>
/// A stamp says when and by whom: 20 bits of the check's clock, one bit for atomic accesses, 11 bits for a thread of the block or for
/// several of them. 0 is older than everything.
/// </summary>
static class Stamp
{
    public const int ClockShift = 12;
    public const uint Atomic = 1 << 11, Who = Atomic - 1, MaxClock = (1 << 20) - 1;

    /// <summary>Several lanes of a warp (add its number), several warps of a block, threads of several blocks.</summary>
    public const uint ManyLanes = 1024, ManyWarps = 1024 + 32, ManyBlocks = ManyWarps + 1;

    public static uint Clock(uint stamp) => stamp >> ClockShift;
}

/// <summary>Stamps of whole words, and of single bytes for accesses smaller than a word.</summary>
unsafe struct RaceStamps
{
    /// <summary>Last writer of each word.</summary>
    public uint* Write;

    /// <summary>Last reader of each word.</summary>
    public uint* Read;

    /// <summary>Last writer and reader of each byte through small accesses; null until there is one.</summary>
    public uint* ByteWrite, ByteRead;

    /// <summary>Words that the stamps cover.</summary>
    public long Words;

    public static RaceStamps* Make(long bytes)
    {
        RaceStamps* stamps = (RaceStamps*)NativeMemory.AllocZeroed((nuint)sizeof(RaceStamps));
        stamps->Words = ((bytes + 3) / 4) + 32;
        stamps->Write = Zeroed(stamps->Words);
        stamps->Read = Zeroed(stamps->Words);
        return stamps;
    }

    public void EnsureBytes()
    {
        if (ByteWrite != null)
            return;
        ByteWrite = Zeroed(Words * 4);
        ByteRead = Zeroed(Words * 4);
    }

    public readonly void Clear()
    {
        NativeMemory.Clear(Write, (nuint)Words * 4);
        NativeMemory.Clear(Read, (nuint)Words * 4);
        if (ByteWrite == null)
            return;
        NativeMemory.Clear(ByteWrite, (nuint)Words * 16);
        NativeMemory.Clear(ByteRead, (nuint)Words * 16);
    }

    public static void Free(RaceStamps* stamps)
    {
        if (stamps == null)
            return;
        NativeMemory.Free(stamps->Write);
        NativeMemory.Free(stamps->Read);
        NativeMemory.Free(stamps->ByteWrite);
        NativeMemory.Free(stamps->ByteRead);
        NativeMemory.Free(stamps);
    }

    static uint* Zeroed(long count) => (uint*)NativeMemory.AllocZeroed((nuint)count, 4);
}
