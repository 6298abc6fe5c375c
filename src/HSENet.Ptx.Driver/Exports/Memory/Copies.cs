// Copies of one, two and three dimensions.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy")]
    static int Memcpy(ulong to, ulong from, ulong bytes) => CopyNow("cuMemcpy", Copy3D.Linear(to, from, bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyAsync")]
    static int MemcpyAsync(ulong to, ulong from, ulong bytes, nint stream) =>
        CopyInOrder("cuMemcpyAsync", Copy3D.Linear(to, from, bytes), stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoD_v2")]
    static int MemcpyHtoD(ulong to, ulong from, ulong bytes) => CopyNow("cuMemcpyHtoD", Linear(to, from, bytes, toDevice: true));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoDAsync_v2")]
    static int MemcpyHtoDAsync(ulong to, ulong from, ulong bytes, nint stream) =>
        CopyInOrder("cuMemcpyHtoDAsync", Linear(to, from, bytes, toDevice: true), stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoH_v2")]
    static int MemcpyDtoH(ulong to, ulong from, ulong bytes) => CopyNow("cuMemcpyDtoH", Linear(to, from, bytes, fromDevice: true));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoHAsync_v2")]
    static int MemcpyDtoHAsync(ulong to, ulong from, ulong bytes, nint stream) =>
        CopyInOrder("cuMemcpyDtoHAsync", Linear(to, from, bytes, fromDevice: true), stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoD_v2")]
    static int MemcpyDtoD(ulong to, ulong from, ulong bytes) => CopyNow("cuMemcpyDtoD", Linear(to, from, bytes, true, true));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoDAsync_v2")]
    static int MemcpyDtoDAsync(ulong to, ulong from, ulong bytes, nint stream) =>
        CopyInOrder("cuMemcpyDtoDAsync", Linear(to, from, bytes, true, true), stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyPeer")]
    static int MemcpyPeer(ulong to, nint toContext, ulong from, nint fromContext, ulong bytes) =>
        CopyNow("cuMemcpyPeer", Linear(to, from, bytes, true, true));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyPeerAsync")]
    static int MemcpyPeerAsync(ulong to, nint toContext, ulong from, nint fromContext, ulong bytes, nint stream) =>
        CopyInOrder("cuMemcpyPeerAsync", Linear(to, from, bytes, true, true), stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy2D_v2")]
    static int Memcpy2D(Copy2D* copy) => CopyNow("cuMemcpy2D", copy->As3D);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy2DUnaligned_v2")]
    static int Memcpy2DUnaligned(Copy2D* copy) => CopyNow("cuMemcpy2DUnaligned", copy->As3D);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy2DAsync_v2")]
    static int Memcpy2DAsync(Copy2D* copy, nint stream) => CopyInOrder("cuMemcpy2DAsync", copy->As3D, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy3D_v2")]
    static int Memcpy3D(Copy3D* copy) => CopyNow("cuMemcpy3D", *copy);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy3DAsync_v2")]
    static int Memcpy3DAsync(Copy3D* copy, nint stream) => CopyInOrder("cuMemcpy3DAsync", *copy, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy3DPeer")]
    static int Memcpy3DPeer(Copy3D* copy) => CopyNow("cuMemcpy3DPeer", *copy);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy3DPeerAsync")]
    static int Memcpy3DPeerAsync(Copy3D* copy, nint stream) => CopyInOrder("cuMemcpy3DPeerAsync", *copy, stream);

    // A side that the function's name calls the device's has to be.
    static Copy3D Linear(ulong to, ulong from, ulong bytes, bool toDevice = false, bool fromDevice = false)
    {
        Copy3D copy = Copy3D.Linear(to, from, bytes);
        copy.To.MemoryType = toDevice ? 2u : 4;
        copy.From.MemoryType = fromDevice ? 2u : 4;
        return copy;
    }

    static int CopyNow(string name, Copy3D copy) => CopyInOrder(name, copy, 0);

    static int CopyInOrder(string name, Copy3D copy, nint stream) => Device.Call(name, () =>
    {
        CopyWork work = new(copy);
        work.Check();
        Streams.Submit(stream, () => work);
    });
}
