// The few driver functions that ILGPU's binding lacks.
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace HSENet.Kernels;

static unsafe partial class CudaNative
{
    const string Library = "cuda";

    /// <summary>CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.</summary>
    public const int MaxDynamicSharedSizeBytes = 8;

    /// <summary>CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN.</summary>
    public const int MaxSharedMemoryPerBlockOptin = 97;

    static CudaNative() => NativeLibrary.SetDllImportResolver(typeof(CudaNative).Assembly, (name, _, _) =>
        name == Library && NativeLibrary.TryLoad(FileName, out nint handle) ? handle : 0);

    static string FileName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Whether the machine has a CUDA driver at all.</summary>
    public static bool IsPresent => NativeLibrary.TryLoad(FileName, out _);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    public static partial CudaError DeviceGetAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    public static partial CudaError FuncSetAttribute(nint function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuMemcpyHtoD_v2")]
    public static partial CudaError MemcpyHtoD(nint destination, byte* source, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoH_v2")]
    public static partial CudaError MemcpyDtoH(byte* destination, nint source, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cuMemcpyDtoDAsync_v2")]
    public static partial CudaError MemcpyDtoDAsync(nint destination, nint source, nuint bytes, nint stream);
}
