// Initialisation, errors, the device and its attributes, contexts.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    /// <summary>The version of the API that programs are told: CUDA 12.4.</summary>
    const int Version = 12040;

    [UnmanagedCallersOnly(EntryPoint = "cuInit")]
    static int Init(uint flags)
    {
        Device.Initialised = true;
        return Device.Call("cuInit", () => _ = Device.Gpu, needsContext: false);
    }

    [UnmanagedCallersOnly(EntryPoint = "cuDriverGetVersion")]
    static int DriverGetVersion(int* version)
    {
        *version = Version;
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuGetErrorName")]
    static int GetErrorName(int error, byte** text) => Put(ResultNames.Of(error)?.Name, text);

    [UnmanagedCallersOnly(EntryPoint = "cuGetErrorString")]
    static int GetErrorString(int error, byte** text) => Put(ResultNames.Of(error)?.Text, text);

    static readonly Dictionary<string, nint> Texts = [];

    static int Put(string? value, byte** text)
    {
        *text = null;
        if (value == null)
            return (int)Result.InvalidValue;
        lock (Texts)
            *text = (byte*)(Texts.TryGetValue(value, out nint kept) ? kept : Texts[value] = Marshal.StringToCoTaskMemUTF8(value));
        return 0;
    }

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetCount")]
    static int DeviceGetCount(int* count) => Device.Call("cuDeviceGetCount", () => *count = 1, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGet")]
    static int DeviceGet(int* device, int ordinal) => OfDevice("cuDeviceGet", ordinal, () => *device = 0);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetName")]
    static int DeviceGetName(byte* name, int length, int device) =>
        OfDevice("cuDeviceGetName", device, () => Device.Put(Device.Gpu.Name + ", emulated", name, length));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetUuid")]
    static int DeviceGetUuid(byte* uuid, int device) => OfDevice("cuDeviceGetUuid", device, () => PutUuid(uuid));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetUuid_v2")]
    static int DeviceGetUuid2(byte* uuid, int device) => OfDevice("cuDeviceGetUuid", device, () => PutUuid(uuid));

    static void PutUuid(byte* uuid) => System.Text.Encoding.ASCII.GetBytes("emulated hsenet ").CopyTo(new Span<byte>(uuid, 16));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceTotalMem_v2")]
    static int DeviceTotalMem(ulong* bytes, int device) =>
        OfDevice("cuDeviceTotalMem", device, () => *bytes = (ulong)Device.TotalBytes);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceComputeCapability")]
    static int DeviceComputeCapability(int* major, int* minor, int device) => OfDevice("cuDeviceComputeCapability", device, () =>
        (*major, *minor) = (Device.Gpu.Architecture / 10, Device.Gpu.Architecture % 10));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetAttribute")]
    static int DeviceGetAttribute(int* value, int attribute, int device) => OfDevice("cuDeviceGetAttribute", device, () =>
        *value = attribute is >= 1 and <= 200 ? Attribute(attribute) : throw new DriverException(Result.InvalidValue));

    // CUdevice_attribute; what is not here is 0: the device does not have it.
    static int Attribute(int attribute) => attribute switch
    {
        1 or 2 or 3 => 1024,
        4 => 64,
        5 => int.MaxValue,
        6 or 7 => 65535,
        8 => Device.DefaultSharedBytes,
        9 => 65536,
        10 => 32,
        11 => int.MaxValue,
        12 or 82 => Device.Gpu.RegistersPerMultiprocessor,
        13 => (int)(Device.Gpu.BoostGigahertz * 1e6),
        14 => 512,
        15 or 19 or 31 or 40 or 41 or 78 or 79 or 80 or 83 or 91 or 95 or 115 => 1,
        16 => Device.Gpu.Multiprocessors,
        36 => (int)(Device.Gpu.MemoryGigabytesPerSecond * 1e6 / (Device.Gpu.BusBits / 4.0)), // kHz, of which each moves two bits
        37 => Device.Gpu.BusBits,
        38 => (int)Device.Gpu.L2Bytes,
        39 => 32 * Device.Gpu.WarpsPerMultiprocessor,
        75 => Device.Gpu.Architecture / 10,
        76 => Device.Gpu.Architecture % 10,
        81 => Device.Gpu.SharedBytesPerMultiprocessor,
        87 => Device.Gpu.F32LanesPerClock / Device.Gpu.F64LanesPerClock,
        97 => Device.Gpu.SharedBytesPerMultiprocessor - Device.Gpu.SystemSharedBytesPerBlock,
        106 => Device.Gpu.BlocksPerMultiprocessor,
        111 => Device.Gpu.SystemSharedBytesPerBlock,
        _ => 0,
    };

    static int OfDevice(string name, int device, Action action) => Device.Call(name, () =>
    {
        if (device != 0)
            throw new DriverException(Result.InvalidDevice);
        action();
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceCanAccessPeer")]
    static int DeviceCanAccessPeer(int* can, int device, int peer) => OfDevice("cuDeviceCanAccessPeer", device, () => *can = 0);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRetain")]
    static int PrimaryRetain(nint* context, int device) =>
        OfDevice("cuDevicePrimaryCtxRetain", device, () => *context = Device.PrimaryContext);

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxRelease_v2")]
    static int PrimaryRelease(int device) => OfDevice("cuDevicePrimaryCtxRelease", device, () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuDevicePrimaryCtxGetState")]
    static int PrimaryState(int device, uint* flags, int* active) =>
        OfDevice("cuDevicePrimaryCtxGetState", device, () => (*flags, *active) = (0, 1));

    [UnmanagedCallersOnly(EntryPoint = "cuCtxCreate_v2")]
    static int CtxCreate(nint* context, uint flags, int device) => OfDevice("cuCtxCreate", device, () =>
    {
        *context = Device.Add(new object());
        Device.Contexts.Push(*context);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxDestroy_v2")]
    static int CtxDestroy(nint context) => Device.Call("cuCtxDestroy", () =>
    {
        Device.Remove<object>(context);
        if (Device.Contexts.TryPeek(out nint top) && top == context)
            Device.Contexts.Pop();
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetCurrent")]
    static int CtxSetCurrent(nint context) => Device.Call("cuCtxSetCurrent", () =>
    {
        if (context != 0)
            Device.Get<object>(context);
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
        Device.Get<object>(context);
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

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSynchronize")]
    static int CtxSynchronize() => Device.Call("cuCtxSynchronize", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetCacheConfig")]
    static int CtxGetCacheConfig(int* config) => Device.Call("cuCtxGetCacheConfig", () => *config = 0);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetCacheConfig")]
    static int CtxSetCacheConfig(int config) => Device.Call("cuCtxSetCacheConfig", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuCtxGetSharedMemConfig")]
    static int CtxGetSharedMemConfig(int* config) => Device.Call("cuCtxGetSharedMemConfig", () => *config = 1);

    [UnmanagedCallersOnly(EntryPoint = "cuCtxSetSharedMemConfig")]
    static int CtxSetSharedMemConfig(int config) => Device.Call("cuCtxSetSharedMemConfig", () => { });

    /// <summary>The address of a function by its name; the newest form of it.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress")]
    static int GetProcAddress(byte* symbol, nint* address, int version, ulong flags) => Find(symbol, address, null);

    [UnmanagedCallersOnly(EntryPoint = "cuGetProcAddress_v2")]
    static int GetProcAddress2(byte* symbol, nint* address, int version, ulong flags, int* status) => Find(symbol, address, status);

    static int Find(byte* symbol, nint* address, int* status)
    {
        string name = Device.Text(symbol);
        *address = 0;
        foreach (string form in (string[])[name + "_v2", name])
            if (NativeLibrary.TryGetExport(Self.Value, form, out nint found))
            {
                *address = found;
                if (status != null)
                    *status = 0;
                return 0;
            }
        if (status != null)
            *status = 1;
        Console.Error.WriteLine($"hsenet: cuGetProcAddress: there is no {name} in the emulated driver");
        return (int)Result.NotFound;
    }

    static readonly Lazy<nint> Self = new(() =>
    {
        nint* facts = stackalloc nint[4];
        delegate* unmanaged<uint, int> inside = &Init;
        return dladdr((nint)inside, facts) != 0
            ? NativeLibrary.Load(Marshal.PtrToStringUTF8(facts[0])!) : NativeLibrary.GetMainProgramHandle();
    });

    [DllImport("libc.so.6")]
    static extern int dladdr(nint address, nint* facts);
}
