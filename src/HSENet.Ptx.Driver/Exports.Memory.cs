// Memory of the device and of the host, copies and fills. Everything is done when a call returns, on whatever stream.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    const int HostAlignment = 4096;

    [UnmanagedCallersOnly(EntryPoint = "cuMemGetInfo_v2")]
    static int MemGetInfo(ulong* free, ulong* total) => Device.Call("cuMemGetInfo", () =>
        (*free, *total) = ((ulong)Device.FreeBytes, (ulong)Device.TotalBytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAlloc_v2")]
    static int MemAlloc(ulong* address, ulong bytes) => Device.Call("cuMemAlloc", () => *address = Device.Allocate(bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocAsync")]
    static int MemAllocAsync(ulong* address, ulong bytes, nint stream) =>
        Device.Call("cuMemAllocAsync", () => *address = Device.Allocate(bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocPitch_v2")]
    static int MemAllocPitch(ulong* address, ulong* pitch, ulong width, ulong height, uint element) =>
        Device.Call("cuMemAllocPitch", () =>
        {
            *pitch = (width + 511) / 512 * 512;
            *address = Device.Allocate(*pitch * height);
        });

    [UnmanagedCallersOnly(EntryPoint = "cuMemFree_v2")]
    static int MemFree(ulong address) => Device.Call("cuMemFree", () => Free(address));

    [UnmanagedCallersOnly(EntryPoint = "cuMemFreeAsync")]
    static int MemFreeAsync(ulong address, nint stream) => Device.Call("cuMemFreeAsync", () => Free(address));

    // Managed memory is the host's underneath.
    static void Free(ulong address)
    {
        if (address != 0 && Device.Release(address).OnHost)
            NativeMemory.AlignedFree((void*)address);
    }

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocManaged")]
    static int MemAllocManaged(ulong* address, ulong bytes, uint flags) =>
        Device.Call("cuMemAllocManaged", () => *address = HostMemory(bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocHost_v2")]
    static int MemAllocHost(ulong* address, ulong bytes) => Device.Call("cuMemAllocHost", () => *address = HostMemory(bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostAlloc")]
    static int MemHostAlloc(ulong* address, ulong bytes, uint flags) =>
        Device.Call("cuMemHostAlloc", () => *address = HostMemory(bytes));

    static ulong HostMemory(ulong bytes)
    {
        if (bytes == 0)
            throw new DriverException(Result.InvalidValue);
        void* memory = NativeMemory.AlignedAlloc((nuint)bytes, HostAlignment);
        NativeMemory.Clear(memory, (nuint)bytes);
        return Device.Attach((nint)memory, bytes);
    }

    [UnmanagedCallersOnly(EntryPoint = "cuMemFreeHost")]
    static int MemFreeHost(ulong address) => Device.Call("cuMemFreeHost", () => Free(address));

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostRegister_v2")]
    static int MemHostRegister(nint address, ulong bytes, uint flags) =>
        Device.Call("cuMemHostRegister", () => Device.Attach(address, bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostUnregister")]
    static int MemHostUnregister(ulong address) => Device.Call("cuMemHostUnregister", () => Device.Release(address));

    [UnmanagedCallersOnly(EntryPoint = "cuMemHostGetDevicePointer_v2")]
    static int MemHostGetDevicePointer(ulong* address, ulong host, uint flags) => Device.Call("cuMemHostGetDevicePointer", () =>
    {
        Device.Need(host, 1);
        *address = host;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemGetAddressRange_v2")]
    static int MemGetAddressRange(ulong* start, ulong* bytes, ulong address) => Device.Call("cuMemGetAddressRange", () =>
    {
        Piece piece = Device.Need(address, 1);
        if (start != null)
            *start = piece.Start;
        if (bytes != null)
            *bytes = piece.Bytes;
    });

    /// <summary>CU_POINTER_ATTRIBUTE: context, memory type, device and host pointer, managed, ordinal, start, size.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuPointerGetAttribute")]
    static int PointerGetAttribute(void* value, int attribute, ulong address) => Device.Call("cuPointerGetAttribute", () =>
    {
        Piece piece = Device.Need(address, 1);
        switch (attribute)
        {
            case 1: *(nint*)value = Device.Contexts.Peek(); break;
            case 2: *(uint*)value = piece.OnHost ? 1u : 2; break;
            case 3: *(ulong*)value = address; break;
            case 4 when piece.OnHost: *(ulong*)value = address; break;
            case 8: *(uint*)value = 0; break;
            case 9: *(int*)value = 0; break;
            case 11: *(ulong*)value = piece.Start; break;
            case 12: *(ulong*)value = piece.Bytes; break;
            default: throw new DriverException(Result.InvalidValue);
        }
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpy")]
    static int Memcpy(ulong to, ulong from, ulong bytes) => Device.Call("cuMemcpy", () => Device.Copy(to, from, bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyAsync")]
    static int MemcpyAsync(ulong to, ulong from, ulong bytes, nint stream) =>
        Device.Call("cuMemcpyAsync", () => Device.Copy(to, from, bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoD_v2")]
    static int MemcpyHtoD(ulong to, ulong from, ulong bytes) => ToDevice("cuMemcpyHtoD", to, from, bytes);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyHtoDAsync_v2")]
    static int MemcpyHtoDAsync(ulong to, ulong from, ulong bytes, nint stream) => ToDevice("cuMemcpyHtoDAsync", to, from, bytes);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoH_v2")]
    static int MemcpyDtoH(ulong to, ulong from, ulong bytes) => FromDevice("cuMemcpyDtoH", to, from, bytes);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoHAsync_v2")]
    static int MemcpyDtoHAsync(ulong to, ulong from, ulong bytes, nint stream) => FromDevice("cuMemcpyDtoHAsync", to, from, bytes);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoD_v2")]
    static int MemcpyDtoD(ulong to, ulong from, ulong bytes) => OnDevice("cuMemcpyDtoD", to, from, bytes);

    [UnmanagedCallersOnly(EntryPoint = "cuMemcpyDtoDAsync_v2")]
    static int MemcpyDtoDAsync(ulong to, ulong from, ulong bytes, nint stream) => OnDevice("cuMemcpyDtoDAsync", to, from, bytes);

    static int ToDevice(string name, ulong to, ulong from, ulong bytes) => Device.Call(name, () =>
    {
        Device.Need(to, bytes);
        Device.Copy(to, from, bytes);
    });

    static int FromDevice(string name, ulong to, ulong from, ulong bytes) => Device.Call(name, () =>
    {
        Device.Need(from, bytes);
        Device.Copy(to, from, bytes);
    });

    static int OnDevice(string name, ulong to, ulong from, ulong bytes) => Device.Call(name, () =>
    {
        Device.Need(from, bytes);
        Device.Need(to, bytes);
        Device.Copy(to, from, bytes);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8_v2")]
    static int MemsetD8(ulong to, byte value, ulong count) => Device.Call("cuMemsetD8", () => Fill(to, value, count));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD8Async")]
    static int MemsetD8Async(ulong to, byte value, ulong count, nint stream) =>
        Device.Call("cuMemsetD8Async", () => Fill(to, value, count));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16_v2")]
    static int MemsetD16(ulong to, ushort value, ulong count) => Device.Call("cuMemsetD16", () => Fill(to, value, count));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD16Async")]
    static int MemsetD16Async(ulong to, ushort value, ulong count, nint stream) =>
        Device.Call("cuMemsetD16Async", () => Fill(to, value, count));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32_v2")]
    static int MemsetD32(ulong to, uint value, ulong count) => Device.Call("cuMemsetD32", () => Fill(to, value, count));

    [UnmanagedCallersOnly(EntryPoint = "cuMemsetD32Async")]
    static int MemsetD32Async(ulong to, uint value, ulong count, nint stream) =>
        Device.Call("cuMemsetD32Async", () => Fill(to, value, count));

    static void Fill<T>(ulong to, T value, ulong count) where T : unmanaged
    {
        Device.Need(to, count * (ulong)sizeof(T));
        T[] values = new T[Math.Min(count, 1 << 20)];
        values.AsSpan().Fill(value);
        fixed (T* first = values)
            for (ulong done = 0; done < count; done += (ulong)values.Length)
                Device.Copy(to + done * (ulong)sizeof(T), (ulong)first, Math.Min(count - done, (ulong)values.Length) * (ulong)sizeof(T));
    }
}
