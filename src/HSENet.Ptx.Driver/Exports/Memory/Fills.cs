// Fills with values of one, two and four bytes, in rows too.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8_v2")]
    static int MemsetD8(ulong to, byte value, ulong count) => Fill("cuMemsetD8", to, 0, value, 1, count, 1, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8Async")]
    static int MemsetD8Async(ulong to, byte value, ulong count, nint stream) => Fill("cuMemsetD8Async", to, 0, value, 1, count, 1, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16_v2")]
    static int MemsetD16(ulong to, ushort value, ulong count) => Fill("cuMemsetD16", to, 0, value, 2, count, 1, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16Async")]
    static int MemsetD16Async(ulong to, ushort value, ulong count, nint stream) =>
        Fill("cuMemsetD16Async", to, 0, value, 2, count, 1, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32_v2")]
    static int MemsetD32(ulong to, uint value, ulong count) => Fill("cuMemsetD32", to, 0, value, 4, count, 1, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32Async")]
    static int MemsetD32Async(ulong to, uint value, ulong count, nint stream) =>
        Fill("cuMemsetD32Async", to, 0, value, 4, count, 1, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD2D8_v2")]
    static int MemsetD2D8(ulong to, ulong pitch, byte value, ulong width, ulong height) =>
        Fill("cuMemsetD2D8", to, pitch, value, 1, width, height, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD2D8Async")]
    static int MemsetD2D8Async(ulong to, ulong pitch, byte value, ulong width, ulong height, nint stream) =>
        Fill("cuMemsetD2D8Async", to, pitch, value, 1, width, height, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD2D16_v2")]
    static int MemsetD2D16(ulong to, ulong pitch, ushort value, ulong width, ulong height) =>
        Fill("cuMemsetD2D16", to, pitch, value, 2, width, height, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD2D16Async")]
    static int MemsetD2D16Async(ulong to, ulong pitch, ushort value, ulong width, ulong height, nint stream) =>
        Fill("cuMemsetD2D16Async", to, pitch, value, 2, width, height, stream);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD2D32_v2")]
    static int MemsetD2D32(ulong to, ulong pitch, uint value, ulong width, ulong height) =>
        Fill("cuMemsetD2D32", to, pitch, value, 4, width, height, 0);

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD2D32Async")]
    static int MemsetD2D32Async(ulong to, ulong pitch, uint value, ulong width, ulong height, nint stream) =>
        Fill("cuMemsetD2D32Async", to, pitch, value, 4, width, height, stream);

    static int Fill(string name, ulong to, ulong pitch, uint value, uint bytes, ulong width, ulong height, nint stream) =>
        Device.Call(name, () =>
        {
            FillWork work = new(new() { To = to, Pitch = pitch, Value = value, ElementBytes = bytes, Width = width, Height = height });
            work.Check();
            Streams.Submit(stream, () => work);
        });
}
