// Initialisation, errors, the device and its attributes.
using System.Runtime.InteropServices;

namespace HSENet.Ptx.Driver;

static unsafe partial class Exports
{
    /// <summary>The version of the API that programs are told: CUDA 12.8.</summary>
    const int Version = 12080;

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
    static int GetErrorName(int error, byte** text) => Put(ErrorNames.Of(error)?.Name, text);

    [UnmanagedCallersOnly(EntryPoint = "cuGetErrorString")]
    static int GetErrorString(int error, byte** text) => Put(ErrorNames.Of(error)?.Text, text);

    static int Put(string? value, byte** text)
    {
        *text = value == null ? null : Device.Kept(value);
        return value == null ? (int)Result.InvalidValue : 0;
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
        OfDevice("cuDeviceTotalMem", device, () => *bytes = (ulong)DeviceMemory.TotalBytes);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceComputeCapability")]
    static int DeviceComputeCapability(int* major, int* minor, int device) => OfDevice("cuDeviceComputeCapability", device, () =>
        (*major, *minor) = (Device.Gpu.Architecture / 10, Device.Gpu.Architecture % 10));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetAttribute")]
    static int DeviceGetAttribute(int* value, int attribute, int device) => OfDevice("cuDeviceGetAttribute", device, () =>
        *value = attribute is >= 1 and <= 200 ? DeviceAttributes.Of(attribute) : throw new DriverException(Result.InvalidValue));

    /// <summary>CUdevprop: threads and grid of three dimensions each, bytes, registers, clock, alignment.</summary>
    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetProperties")]
    static int DeviceGetProperties(int* properties, int device) => OfDevice("cuDeviceGetProperties", device, () =>
    {
        foreach (int attribute in (int[])[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
            *properties++ = DeviceAttributes.Of(attribute);
    });

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetPCIBusId")]
    static int DeviceGetBusId(byte* text, int length, int device) =>
        OfDevice("cuDeviceGetPCIBusId", device, () => Device.Put(DeviceAttributes.BusId, text, length));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetByPCIBusId")]
    static int DeviceByBusId(int* device, byte* text) => Device.Call("cuDeviceGetByPCIBusId", () =>
    {
        if (!DeviceAttributes.BusId.EndsWith(Device.Text(text), StringComparison.Ordinal))
            throw new DriverException(Result.InvalidDevice, $"the one device is {DeviceAttributes.BusId}");
        *device = 0;
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceCanAccessPeer")]
    static int DeviceCanAccessPeer(int* can, int device, int peer) => OfDevice("cuDeviceCanAccessPeer", device, () => *can = 0);

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetP2PAttribute")]
    static int DeviceGetPeerAttribute(int* value, int attribute, int device, int peer) =>
        OfDevice("cuDeviceGetP2PAttribute", device, () => throw new DriverException(Result.InvalidDevice));

    [UnmanagedCallersOnly(EntryPoint = "cuDeviceGetExecAffinitySupport")]
    static int DeviceGetAffinity(int* supported, int type, int device) =>
        OfDevice("cuDeviceGetExecAffinitySupport", device, () => *supported = 0);

    static int OfDevice(string name, int device, Action action) => Device.Call(name, () =>
    {
        if (device != 0)
            throw new DriverException(Result.InvalidDevice);
        action();
    }, needsContext: false);

    [UnmanagedCallersOnly(EntryPoint = "cuProfilerStart")]
    static int ProfilerStart() => Device.Call("cuProfilerStart", () => { });

    [UnmanagedCallersOnly(EntryPoint = "cuProfilerStop")]
    static int ProfilerStop() => Device.Call("cuProfilerStop", () => { });
}
