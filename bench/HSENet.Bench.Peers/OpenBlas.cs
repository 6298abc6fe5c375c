// OpenBLAS by P/Invoke: whatever the machine has installed (Debian: libopenblas0-pthread); nothing of it is shipped.
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Bench.Peers;

/// <summary>OpenBLAS's sgemm and sgemv.</summary>
public sealed unsafe class OpenBlas : IPeer
{
    const int RowMajor = 101, NoTranspose = 111, Transpose = 112;

    readonly nint _library;
    readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _gemm;
    readonly delegate* unmanaged<int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _gemv;

    OpenBlas(nint library, int threads)
    {
        _library = library;
        _gemm = (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int,
            void>)NativeLibrary.GetExport(library, "cblas_sgemm");
        _gemv = (delegate* unmanaged<int, int, int, int, float, float*, int, float*, int, float, float*, int,
            void>)NativeLibrary.GetExport(library, "cblas_sgemv");
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "openblas_set_num_threads"))(threads);
        Description = $"{Text("openblas_get_config")}, kernels for {Text("openblas_get_corename")}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <summary>OpenBLAS with that many threads; null, with a message, where it is not installed.</summary>
    public static OpenBlas? TryOpen(int threads)
    {
        // The choice of kernels is the library's own: an override in the environment may be meant for another machine.
        if (!OperatingSystem.IsWindows())
            _ = unsetenv("OPENBLAS_CORETYPE");
        if (Load() is { } library)
        {
            // One that is older than the processor takes the kernels of the oldest that it knows: no peer at its best.
            if (OperatingSystem.IsLinux() && Avx2.IsSupported && OldKernels.Contains(CoreName(library)))
            {
                NativeLibrary.Free(library);
                _ = setenv("OPENBLAS_CORETYPE", Avx512F.IsSupported ? "SkylakeX" : "Haswell", 1);
                library = Load()!.Value;
            }
            return new OpenBlas(library, threads);
        }
        Console.Error.WriteLine("OpenBLAS is not installed (Debian: apt-get install libopenblas0-pthread): compared without it");
        return null;
    }

    /// <inheritdoc/>
    public IEnumerable<Contender> Product(nint x, nint w, nint y, int rows, int inputs, int outputs) =>
    [
        rows == 1
            ? new("OpenBLAS sgemv", () => _gemv(RowMajor, NoTranspose, outputs, inputs, 1f, (float*)w, inputs, (float*)x, 1, 0f,
                (float*)y, 1))
            : new("OpenBLAS sgemm", () => _gemm(RowMajor, NoTranspose, Transpose, rows, outputs, inputs, 1f, (float*)x, inputs, (float*)w,
                inputs, 0f, (float*)y, outputs)),
    ];

    /// <inheritdoc/>
    public IEnumerable<Contender> Attention(nint q, nint k, nint v, nint y, int tokens, int heads, int headSize) => [];

    /// <inheritdoc/>
    public IEnumerable<Contender> ProductBackward(nint gradY, nint w, nint x, nint gradX, nint gradW, int rows, int inputs, int outputs) =>
    [
        new("OpenBLAS sgemm twice", () =>
        {
            _gemm(RowMajor, NoTranspose, NoTranspose, rows, inputs, outputs, 1f, (float*)gradY, outputs, (float*)w, inputs, 0f,
                (float*)gradX, inputs);
            _gemm(RowMajor, Transpose, NoTranspose, outputs, inputs, rows, 1f, (float*)gradY, outputs, (float*)x, inputs, 1f, (float*)gradW,
                inputs);
        }),
    ];

    /// <inheritdoc/>
    public IEnumerable<Contender> AttentionBackward(nint q, nint k, nint v, nint y, nint gradY, int tokens, int heads, int headSize) => [];

    /// <inheritdoc/>
    public void Dispose() => NativeLibrary.Free(_library);

    static readonly string[] OldKernels = ["Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Core2", "Penryn", "Dunnington",
        "Nehalem", "Atom", "Generic"];

    static nint? Load()
    {
        foreach (string name in new[] { "libopenblas.so.0", "libopenblas.0.dylib", "libopenblas" })
            if (NativeLibrary.TryLoad(name, out nint library))
                return library;
        return null;
    }

    static string CoreName(nint library) => Text(library, "openblas_get_corename");

    string Text(string function) => Text(_library, function);

    static string Text(nint library, string function) =>
        Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)NativeLibrary.GetExport(library, function))()) ?? "";

    [DllImport("libc")]
    static extern int unsetenv(string name);

    [DllImport("libc")]
    static extern int setenv(string name, string value, int overwrite);
}
