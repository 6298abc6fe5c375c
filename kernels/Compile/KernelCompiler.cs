// Turns the catalogue's GPU rungs into final PTX: ILGPU at O1, then the passes of HSENet.Ptx. Needs no GPU.
using System.Diagnostics.CodeAnalysis;
using System.Text;
using HSENet.Ptx;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace HSENet.Kernels;

/// <summary>Compiles GPU rungs. Used by the build, and by the test that compares what was shipped with a fresh compilation.</summary>
[RequiresUnreferencedCode(NeedsWholeAssembly)]
public sealed class KernelCompiler : IDisposable
{
    internal const string NeedsWholeAssembly = "compiles kernels from their methods' bodies: only for programs that are not trimmed";

    // O2 moves our intrinsics across barriers; at O1 the passes do what O2 would.
    readonly Context _context = Context.Create(builder =>
    {
        builder.Optimize(OptimizationLevel.O1).Inlining(InliningMode.Aggressive);
        InstructionEmitter.Register(builder.GetIntrinsicManager());
    });

    /// <summary>PTX as ILGPU writes it.</summary>
    /// <exception cref="InvalidOperationException">ILGPU refuses the kernel, or lays its arguments out differently from C.</exception>
    public string CompileRaw(Rung rung)
    {
        try
        {
            using var backend = new PTXBackend(_context, new CudaArchitecture(8, 0),
                new CudaInstructionSet(rung.PtxVersion.Major, rung.PtxVersion.Minor), null!);
            int? groups = rung.GroupsPerMultiprocessor == 0 ? null : rung.GroupsPerMultiprocessor;
            var kernel = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(rung.Method),
                new KernelSpecialization(rung.Group, groups));
            return kernel.PTXAssembly;
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException(
                $"{rung.EntryName}: ILGPU does not compile it: {failure.Message} {failure.InnerException?.Message}", failure);
        }
    }

    /// <summary>Final PTX of every GPU rung as one text, in the catalogue's order: what the build writes next to the assembly.</summary>
    public static string CompileAll()
    {
        using var compiler = new KernelCompiler();
        var text = new StringBuilder();
        foreach (var rung in KernelCatalog.GpuRungs)
            text.Append(KernelTexts.Header).Append(rung.EntryName).Append('\n').Append(compiler.CompileFinal(rung)).Append('\n');
        return text.ToString();
    }

    /// <summary>PTX as it is loaded: ILGPU's text after the passes.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="CompileRaw"/>, or a pass refuses the text: a function from outside, for
    /// example.</exception>
    public string CompileFinal(Rung rung)
    {
        string raw = CompileRaw(rung);
        try
        {
            return PtxFinalizer.Finalize(raw, new PtxFinalizeOptions { EntryName = rung.EntryName, Target = rung.Architecture });
        }
        catch (PtxException failure)
        {
            throw new InvalidOperationException($"{rung.EntryName}: {failure.Message}", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _context.Dispose();
}
