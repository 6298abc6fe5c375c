// Zeros that take no memory until somebody touches them.
using System.Runtime.InteropServices;

namespace HSENet.Ptx;

sealed unsafe class ZeroedMemory : IDisposable
{
    const int Alignment = 512;

    readonly List<nint> _blocks = [];

    /// <summary>So many bytes, aligned as a driver does.</summary>
    public nint Allocate(long bytes)
    {
        nint block = (nint)NativeMemory.AllocZeroed((nuint)bytes + Alignment);
        _blocks.Add(block);
        return (block + Alignment - 1) / Alignment * Alignment;
    }

    public void Dispose()
    {
        foreach (nint block in _blocks)
            NativeMemory.Free((void*)block);
        _blocks.Clear();
    }
}
