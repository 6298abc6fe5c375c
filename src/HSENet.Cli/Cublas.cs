// NVIDIA's own product of matrices, where its library is installed: what a product of this library is measured against on a GPU.
using System.Runtime.InteropServices;
using HSENet.Kernels;

namespace HSENet.Cli;

/// <summary>cuBLAS, found and loaded when the program runs; it is no dependency.</summary>
sealed unsafe class Cublas : IDisposable
{
    // Of its header: CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT, CUBLAS_OP_N and CUBLAS_OP_T.
    const int BFloat16 = 14, ComputeF32 = 68, DefaultAlgorithm = -1, NotTransposed = 0, Transposed = 1;

    static readonly string[] Names = OperatingSystem.IsWindows() ? ["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"]
        : ["libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "libcublas.so"];

    readonly nint _library, _handle;
    readonly delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, int, nint, int, int, float*, nint, int, int, int, int,
        int> _multiply;

    Cublas(nint library, string name)
    {
        (_library, Name) = (library, name);
        nint handle;
        var create = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cublasCreate_v2");
        Check(create(&handle), "cublasCreate");
        _handle = handle;
        _multiply = (delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, int, nint, int, int, float*, nint, int, int, int,
            int, int>)NativeLibrary.GetExport(library, "cublasGemmEx");
    }

    /// <summary>The library's file.</summary>
    public string Name { get; }

    /// <summary>The library in the current context; null where there is none, with the reason.</summary>
    public static Cublas? TryOpen(out string reason) => TryOpen(Names, out reason);

    /// <summary>The first of these files that is there.</summary>
    internal static Cublas? TryOpen(string[] names, out string reason)
    {
        foreach (string name in names)
            if (NativeLibrary.TryLoad(name, out nint library))
                try
                {
                    reason = "";
                    return new Cublas(library, name);
                }
                catch (Exception e) when (e is HseNetException or EntryPointNotFoundException)
                {
                    reason = $"{name}: {e.Message}";
                    return null;
                }
        reason = $"not installed (looked for {string.Join(", ", names)})";
        return null;
    }

    /// <summary>y[m,n] = Σₖ x[m,k] · w[n,k], all bf16 and row-major.</summary>
    public void Multiply(View<byte> x, View<byte> w, View<byte> y, int rows, int inputs, int outputs)
    {
        float one = 1, zero = 0;
        // By columns, as cuBLAS has it, y is n × m: w transposed times x.
        Check(_multiply(_handle, Transposed, NotTransposed, outputs, rows, inputs, &one, (nint)w.Address, BFloat16, inputs,
            (nint)x.Address, BFloat16, inputs, &zero, (nint)y.Address, BFloat16, outputs, ComputeF32, DefaultAlgorithm), "cublasGemmEx");
    }

    public void Dispose()
    {
        ((delegate* unmanaged<nint, int>)NativeLibrary.GetExport(_library, "cublasDestroy_v2"))(_handle);
        NativeLibrary.Free(_library);
    }

    static void Check(int status, string call)
    {
        if (status != 0)
            throw new HseNetException($"{call}: status {status}");
    }
}
