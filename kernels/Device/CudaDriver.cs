// The calls of the CUDA driver that the CUDA device makes: one interface, so that it can be tested without a GPU.
using ILGPU.Runtime.Cuda;

namespace HSENet.Kernels;

/// <summary>
/// The driver's calls, each named after the CUDA function behind it. Every method throws <see cref="CudaDriverException"/> when the
/// driver reports an error. Pointers and handles are the driver's own.
/// </summary>
interface ICudaDriver
{
    int DeviceCount();

    (string Name, int Major, int Minor, long MemoryBytes) DeviceFacts(int ordinal);

    /// <summary>Shared memory that a group can have when a kernel is allowed to.</summary>
    int SharedBytesPerGroup(int ordinal);

    nint CreateContext(int ordinal);

    void DestroyContext(nint context);

    void SetCurrentContext(nint context);

    (long Free, long Total) MemoryInfo();

    /// <summary>0 when there is no room.</summary>
    nint Allocate(long bytes);

    void Free(nint address);

    void CopyToDevice(nint destination, ReadOnlySpan<byte> source);

    void CopyToHost(Span<byte> destination, nint source);

    void CopyOnDevice(nint destination, nint source, long bytes);

    void Clear(nint destination, long bytes);

    nint LoadModule(string ptx);

    void UnloadModule(nint module);

    nint GetFunction(nint module, string name);

    void AllowDynamicSharedMemory(nint function, int bytes);

    /// <summary><paramref name="parameters"/>: an array of pointers, one per kernel parameter, as cuLaunchKernel takes it.</summary>
    void Launch(nint function, LaunchShape shape, int group, nint parameters);

    void Synchronize();

    nint CreateEvent();

    void DestroyEvent(nint @event);

    void RecordEvent(nint @event);

    /// <summary>Waits for <paramref name="last"/>.</summary>
    double SecondsBetween(nint first, nint last);
}

/// <summary>The CUDA driver reported an error.</summary>
public sealed class CudaDriverException(string call, string error)
    : HseNetException($"CUDA driver: {call}: {error}");

/// <summary>The real driver, through ILGPU's public binding; what that lacks is in <see cref="CudaNative"/>.</summary>
sealed unsafe class CudaDriver : ICudaDriver
{
    static CudaAPI Api => CudaAPI.CurrentAPI;

    /// <summary>The driver, or null when the machine has none.</summary>
    public static CudaDriver? TryOpen()
    {
        try
        {
            return CudaNative.IsPresent && Api.Init() ? new CudaDriver() : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or TypeInitializationException
            or NotSupportedException)
        {
            return null;
        }
    }

    public int DeviceCount()
    {
        Check(Api.GetDeviceCount(out int count), "cuDeviceGetCount");
        return count;
    }

    public (string Name, int Major, int Minor, long MemoryBytes) DeviceFacts(int ordinal)
    {
        Check(Api.GetDeviceName(out string? name, ordinal), "cuDeviceGetName");
        Check(Api.GetDeviceComputeCapability(out int major, out int minor, ordinal), "cuDeviceComputeCapability");
        Check(Api.GetTotalDeviceMemory(out long bytes, ordinal), "cuDeviceTotalMem");
        return ((name ?? "").TrimEnd('\0'), major, minor, bytes);
    }

    public int SharedBytesPerGroup(int ordinal)
    {
        Check(CudaNative.DeviceGetAttribute(out int bytes, CudaNative.MaxSharedMemoryPerBlockOptin, ordinal), "cuDeviceGetAttribute");
        return bytes;
    }

    public nint CreateContext(int ordinal)
    {
        Check(Api.CreateContext(out nint context, CudaAcceleratorFlags.ScheduleAuto, ordinal), "cuCtxCreate");
        return context;
    }

    public void DestroyContext(nint context) => Check(Api.DestroyContext(context), "cuCtxDestroy");

    public void SetCurrentContext(nint context) => Check(Api.SetCurrentContext(context), "cuCtxSetCurrent");

    public (long Free, long Total) MemoryInfo()
    {
        Check(Api.GetMemoryInfo(out long free, out long total), "cuMemGetInfo");
        return (free, total);
    }

    public nint Allocate(long bytes)
    {
        var error = Api.AllocateMemory(out nint address, (nint)bytes);
        if (error == CudaError.CUDA_ERROR_OUT_OF_MEMORY)
            return 0;
        Check(error, "cuMemAlloc");
        return address;
    }

    public void Free(nint address) => Check(Api.FreeMemory(address), "cuMemFree");

    public void CopyToDevice(nint destination, ReadOnlySpan<byte> source)
    {
        fixed (byte* pointer = source)
            Check(CudaNative.MemcpyHtoD(destination, pointer, (nuint)source.Length), "cuMemcpyHtoD");
    }

    public void CopyToHost(Span<byte> destination, nint source)
    {
        fixed (byte* pointer = destination)
            Check(CudaNative.MemcpyDtoH(pointer, source, (nuint)destination.Length), "cuMemcpyDtoH");
    }

    public void CopyOnDevice(nint destination, nint source, long bytes) =>
        Check(CudaNative.MemcpyDtoDAsync(destination, source, (nuint)bytes, 0), "cuMemcpyDtoDAsync");

    public void Clear(nint destination, long bytes) => Check(Api.Memset(destination, 0, (nint)bytes, (nint)0), "cuMemsetD8Async");

    public nint LoadModule(string ptx)
    {
        var error = Api.LoadModule(out nint module, ptx, out string? log);
        if (error != CudaError.CUDA_SUCCESS)
            throw new CudaDriverException("cuModuleLoadDataEx", $"{Api.GetErrorString(error)} {log}".Trim());
        return module;
    }

    public void UnloadModule(nint module) => Check(Api.DestroyModule(module), "cuModuleUnload");

    public nint GetFunction(nint module, string name)
    {
        Check(Api.GetModuleFunction(out nint function, module, name), $"cuModuleGetFunction({name})");
        return function;
    }

    public void AllowDynamicSharedMemory(nint function, int bytes) =>
        Check(CudaNative.FuncSetAttribute(function, CudaNative.MaxDynamicSharedSizeBytes, bytes), "cuFuncSetAttribute");

    public void Launch(nint function, LaunchShape shape, int group, nint parameters) =>
        Check(Api.LaunchKernel(function, shape.GridX, shape.GridY, shape.GridZ, group, 1, 1, shape.DynamicSharedBytes, 0, parameters, 0),
            "cuLaunchKernel");

    public void Synchronize() => Check(Api.SynchronizeContext(), "cuCtxSynchronize");

    public nint CreateEvent()
    {
        Check(Api.CreateEvent(out nint @event, default), "cuEventCreate");
        return @event;
    }

    public void DestroyEvent(nint @event) => Check(Api.DestroyEvent(@event), "cuEventDestroy");

    public void RecordEvent(nint @event) => Check(Api.RecordEvent(@event, 0), "cuEventRecord");

    public double SecondsBetween(nint first, nint last)
    {
        Check(Api.SynchronizeEvent(last), "cuEventSynchronize");
        Check(Api.ElapsedTime(out float milliseconds, first, last), "cuEventElapsedTime");
        return milliseconds * 1e-3;
    }

    static void Check(CudaError error, string call)
    {
        if (error != CudaError.CUDA_SUCCESS)
            throw new CudaDriverException(call, Api.GetErrorString(error));
    }
}
