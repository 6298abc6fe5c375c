// Contexts, the primary one and others; each thread has a stack of them.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    /// <summary>The lowest and the highest priority of streams: larger numbers come later.</summary>
    const int LowestPriority = 0, HighestPriority = -5;

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRetain")]
    static int PrimaryRetain(nint* context, int device) => OfDevice("cuDevicePrimaryCtxRetain", device, () =>
    {
        Device.PrimaryHolds++;
        *context = Device.PrimaryContext;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    static int PrimaryRelease(int device) => OfDevice("cuDevicePrimaryCtxRelease", device, () =>
    {
        if (Device.PrimaryHolds == 0)
            throw new DriverException(Result.InvalidContext);
        if (--Device.PrimaryHolds == 0)
            Device.Failure = Result.Success;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxReset_v2")]
    static int PrimaryReset(int device) => OfDevice("cuDevicePrimaryCtxReset", device, () => Device.Failure = Result.Success);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxSetFlags_v2")]
    static int PrimarySetFlags(int device, uint flags) => OfDevice("cuDevicePrimaryCtxSetFlags", device, () =>
        Device.Get<Context>(Device.PrimaryContext).Flags = flags);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxGetState")]
    static int PrimaryState(int device, uint* flags, int* active) => OfDevice("cuDevicePrimaryCtxGetState", device, () =>
        (*flags, *active) = (Device.Get<Context>(Device.PrimaryContext).Flags, Device.PrimaryHolds > 0 ? 1 : 0));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxCreate_v2")]
    static int CtxCreate2(nint* context, uint flags, int device) => CreateContext(context, flags, device);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxCreate_v3")]
    static int CtxCreate3(nint* context, void* affinity, int count, uint flags, int device) => CreateContext(context, flags, device);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxCreate_v4")]
    static int CtxCreate4(nint* context, void* options, uint flags, int device) => CreateContext(context, flags, device);

    static int CreateContext(nint* context, uint flags, int device) => OfDevice("cuCtxCreate", device, () =>
    {
        *context = Device.Add(new Context(flags));
        Device.Contexts.Push(*context);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxDestroy_v2")]
    static int CtxDestroy(nint context) => Device.Call("cuCtxDestroy", () =>
    {
        if (context == Device.PrimaryContext)
            throw new DriverException(Result.InvalidContext);
        Device.Remove<Context>(context);
        if (Device.Contexts.TryPeek(out nint top) && top == context)
            Device.Contexts.Pop();
        Device.Failure = Result.Success;
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetCurrent")]
    static int CtxSetCurrent(nint context) => Device.Call("cuCtxSetCurrent", () =>
    {
        if (context != 0)
            Device.Get<Context>(context);
        Device.Contexts.TryPop(out _);
        if (context != 0)
            Device.Contexts.Push(context);
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetCurrent")]
    static int CtxGetCurrent(nint* context) => Device.Call("cuCtxGetCurrent", () =>
        *context = Device.Contexts.TryPeek(out nint top) ? top : 0, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxPushCurrent_v2")]
    static int CtxPushCurrent(nint context) => Device.Call("cuCtxPushCurrent", () =>
    {
        Device.Get<Context>(context);
        Device.Contexts.Push(context);
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxPopCurrent_v2")]
    static int CtxPopCurrent(nint* context) => Device.Call("cuCtxPopCurrent", () =>
    {
        nint top = Device.Contexts.Pop();
        if (context != null)
            *context = top;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetDevice")]
    static int CtxGetDevice(int* device) => Device.Call("cuCtxGetDevice", () => *device = 0);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetFlags")]
    static int CtxGetFlags(uint* flags) => Device.Call("cuCtxGetFlags", () => *flags = Current().Flags);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetFlags")]
    static int CtxSetFlags(uint flags) => Device.Call("cuCtxSetFlags", () => Current().Flags = flags);

    static Context Current() => Device.Get<Context>(Device.Contexts.Peek());

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetId")]
    static int CtxGetId(nint context, ulong* id) => Device.Call("cuCtxGetId", () =>
    {
        nint named = context == 0 ? Device.Contexts.Peek() : context;
        Device.Get<Context>(named);
        *id = (ulong)named;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetApiVersion")]
    static int CtxGetApiVersion(nint context, uint* version) => Device.Call("cuCtxGetApiVersion", () =>
    {
        Device.Get<Context>(context);
        *version = 3020;
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSynchronize")]
    static int CtxSynchronize() => Device.Call("cuCtxSynchronize", Streams.NotWhileAnyCaptures);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetCacheConfig")]
    static int CtxGetCacheConfig(int* config) => Device.Call("cuCtxGetCacheConfig", () => *config = 0);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetCacheConfig")]
    static int CtxSetCacheConfig(int config) => Device.Call("cuCtxSetCacheConfig", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetSharedMemConfig")]
    static int CtxGetSharedMemConfig(int* config) => Device.Call("cuCtxGetSharedMemConfig", () => *config = 1);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetSharedMemConfig")]
    static int CtxSetSharedMemConfig(int config) => Device.Call("cuCtxSetSharedMemConfig", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxResetPersistingL2Cache")]
    static int CtxResetPersisting() => Device.Call("cuCtxResetPersistingL2Cache", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetStreamPriorityRange")]
    static int CtxGetStreamPriorityRange(int* lowest, int* highest) => Device.Call("cuCtxGetStreamPriorityRange", () =>
    {
        if (lowest != null)
            *lowest = LowestPriority;
        if (highest != null)
            *highest = HighestPriority;
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetLimit")]
    static int CtxGetLimit(ulong* value, int limit) => Device.Call("cuCtxGetLimit", () =>
        *value = Current().Limits.TryGetValue(limit, out ulong set) ? set : throw new DriverException(Result.UnsupportedLimit));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetLimit")]
    static int CtxSetLimit(int limit, ulong value) => Device.Call("cuCtxSetLimit", () =>
        Current().Limits[limit] = Current().Limits.ContainsKey(limit) ? value : throw new DriverException(Result.UnsupportedLimit));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxEnablePeerAccess")]
    static int CtxEnablePeer(nint context, uint flags) =>
        Device.Call("cuCtxEnablePeerAccess", () => throw new DriverException(Result.PeerAccessUnsupported));
}
