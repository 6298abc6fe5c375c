// A range of memory that a kernel may use, as the accesses of the emulator see it.
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>Unmanaged description of an allocation; every access is checked against one of these.</summary>
unsafe struct MemoryRegion
{
    /// <summary>States of a byte in <see cref="Shadow"/>. Bit 0 says that it may be written.</summary>
    public const byte Outside = 0, Uninitialised = 1, CopyPending = 2, Initialised = 0xff;

    /// <summary>First address, as kernels see it.</summary>
    public ulong Base;

    /// <summary>Bytes that may be read.</summary>
    public ulong LoadBytes;

    /// <summary>Bytes that may be written; 0 for read-only memory.</summary>
    public ulong StoreBytes;

    /// <summary>The first byte on the host.</summary>
    public byte* Data;

    /// <summary>One state per byte, or null when every byte is initialised.</summary>
    public byte* Shadow;

    /// <summary>Stamps of the race check, one per word, or null.</summary>
    public RaceStamps* Stamps;

    /// <summary>Index in the launch's list of names.</summary>
    public int Index;

    /// <summary>Whether <paramref name="bytes"/> at <paramref name="address"/> lie inside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Contains(ulong address, uint bytes, bool store)
    {
        ulong size = store ? StoreBytes : LoadBytes, offset = address - Base;
        return offset <= size && size - offset >= bytes;
    }
}
