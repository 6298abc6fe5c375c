// Memory of the device: allocations, also in the order of a stream, their pools, managed memory.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    const int HostAlignment = 4096, PitchAlignment = 512;

    [UnmanagedCallersOnly(EntryPoint = "cuMemGetInfo_v2")]
    static int MemGetInfo(ulong* free, ulong* total) => Device.Call("cuMemGetInfo", () =>
        (*free, *total) = ((ulong)DeviceMemory.FreeBytes, (ulong)DeviceMemory.TotalBytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAlloc_v2")]
    static int MemAlloc(ulong* address, ulong bytes) => Device.Call("cuMemAlloc", () => *address = DeviceMemory.Allocate(bytes));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocPitch_v2")]
    static int MemAllocPitch(ulong* address, ulong* pitch, ulong width, ulong height, uint element) =>
        Device.Call("cuMemAllocPitch", () =>
        {
            *pitch = (width + PitchAlignment - 1) / PitchAlignment * PitchAlignment;
            *address = DeviceMemory.Allocate(*pitch * height);
        });

    [UnmanagedCallersOnly(EntryPoint = "cuMemFree_v2")]
    static int MemFree(ulong address) => Device.Call("cuMemFree", () => Free(address));

    // Managed memory is the host's underneath.
    static void Free(ulong address)
    {
        if (address == 0)
            return;
        if (DeviceMemory.Find(address, 1) is { Kind: PieceKind.Registered })
            throw new DriverException(Result.InvalidValue, $"0x{address:x} is registered memory: cuMemHostUnregister gives it back");
        if (DeviceMemory.Release(address).OnHost)
            NativeMemory.AlignedFree((void*)address);
    }

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocManaged")]
    static int MemAllocManaged(ulong* address, ulong bytes, uint flags) =>
        Device.Call("cuMemAllocManaged", () => *address = HostMemory(bytes, PieceKind.Managed, flags));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocAsync")]
    static int MemAllocAsync(ulong* address, ulong bytes, nint stream) =>
        Device.Call("cuMemAllocAsync", () => *address = InOrder(bytes, MemoryPool.Current, stream));

    [UnmanagedCallersOnly(EntryPoint = "cuMemAllocFromPoolAsync")]
    static int MemAllocFromPool(ulong* address, ulong bytes, nint pool, nint stream) =>
        Device.Call("cuMemAllocFromPoolAsync", () => *address = InOrder(bytes, pool, stream));

    static ulong InOrder(ulong bytes, nint pool, nint stream)
    {
        ulong address = DeviceMemory.Allocate(bytes, Device.Get<MemoryPool>(pool));
        Streams.Submit(stream, () => new AllocationWork(address, bytes));
        return address;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuMemFreeAsync")]
    static int MemFreeAsync(ulong address, nint stream) => Device.Call("cuMemFreeAsync", () =>
    {
        if (Streams.Get(stream).Capture == null)
            Free(address);
        else
            Streams.Submit(stream, () => new FreeWork(address));
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetDefaultMemPool")]
    static int DeviceGetDefaultPool(nint* pool, int device) =>
        OfDevice("cuDeviceGetDefaultMemPool", device, () => *pool = MemoryPool.Default);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetMemPool")]
    static int DeviceGetPool(nint* pool, int device) => OfDevice("cuDeviceGetMemPool", device, () => *pool = MemoryPool.Current);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceSetMemPool")]
    static int DeviceSetPool(int device, nint pool) => OfDevice("cuDeviceSetMemPool", device, () =>
    {
        Device.Get<MemoryPool>(pool);
        MemoryPool.Current = pool;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuMemPoolCreate")]
    static int PoolCreate(nint* pool, void* properties) =>
        Device.Call("cuMemPoolCreate", () => *pool = Device.Add(new MemoryPool()), needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuMemPoolDestroy")]
    static int PoolDestroy(nint pool) => Device.Call("cuMemPoolDestroy", () =>
    {
        if (pool == MemoryPool.Default)
            throw new DriverException(Result.InvalidValue, "the default pool cannot be destroyed");
        Device.Remove<MemoryPool>(pool);
        MemoryPool.Current = MemoryPool.Current == pool ? MemoryPool.Default : MemoryPool.Current;
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuMemPoolGetAttribute")]
    static int PoolGetAttribute(nint pool, int attribute, void* value) => Device.Call("cuMemPoolGetAttribute", () =>
    {
        ulong found = Device.Get<MemoryPool>(pool)[attribute];
        if (MemoryPool.IsInteger(attribute))
            *(int*)value = (int)found;
        else
            *(ulong*)value = found;
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuMemPoolSetAttribute")]
    static int PoolSetAttribute(nint pool, int attribute, void* value) => Device.Call("cuMemPoolSetAttribute", () =>
        Device.Get<MemoryPool>(pool)[attribute] = MemoryPool.IsInteger(attribute) ? (ulong)*(int*)value : *(ulong*)value,
        needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuMemPoolTrimTo")]
    static int PoolTrim(nint pool, ulong bytes) =>
        Device.Call("cuMemPoolTrimTo", () => Device.Get<MemoryPool>(pool), needsContext: false);

    /// <summary>The one device reaches its pools: CU_MEM_ACCESS_FLAGS_PROT_READWRITE.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuMemPoolGetAccess")]
    static int PoolGetAccess(int* flags, nint pool, void* location) => Device.Call("cuMemPoolGetAccess", () =>
    {
        Device.Get<MemoryPool>(pool);
        *flags = 3;
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuMemPoolSetAccess")]
    static int PoolSetAccess(nint pool, void* access, ulong count) =>
        Device.Call("cuMemPoolSetAccess", () => Device.Get<MemoryPool>(pool), needsContext: false);
}
