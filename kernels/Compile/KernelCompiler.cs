// Turns the catalogue's GPU rungs into final PTX: ILGPU at O1, then the passes of HSENet.Ptx. Needs no GPU.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
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
public static class KernelCompiler
{
    internal const string NeedsWholeAssembly = "compiles kernels from their methods' bodies: only for programs that are not trimmed";

    /// <summary>PTX as ILGPU writes it.</summary>
    /// <exception cref="InvalidOperationException">ILGPU refuses the kernel, or lays its arguments out differently from C.</exception>
    public static string CompileRaw(Rung rung) => Compile(rung, marked: false);

    // A context of its own for each kernel: what ILGPU compiled before changes the order of moves at the joints of its blocks.
    static string Compile(Rung rung, bool marked)
    {
        try
        {
            // O2 moves our intrinsics across barriers; at O1 the passes do what O2 would.
            using var context = Context.Create(builder =>
            {
                builder.Optimize(OptimizationLevel.O1).Inlining(InliningMode.Aggressive);
                InstructionEmitter.Register(builder.GetIntrinsicManager());
                if (marked)
                    SetDebugSymbols(builder, DebugSymbolsMode.KernelSourceAnnotations);
            });
            using var backend = new PTXBackend(context, new CudaArchitecture(8, 0),
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

    // ILGPU 1.5.3's DebugSymbols checks its argument and sets nothing; of the modes only this one gives marks.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_DebugSymbolsMode")]
    static extern void SetDebugSymbols(ContextProperties properties, DebugSymbolsMode mode);

    /// <summary>Final PTX of every GPU rung as one text, in the catalogue's order: what the build writes next to the assembly.</summary>
    public static string CompileAll() => Join(CompileFinal);

    /// <summary>The same, but other operations' rungs keep the texts that they had before: for who writes a rung. What an edit changes for
    /// them is not in it.</summary>
    /// <exception cref="HseNetException">No operation is called that.</exception>
    internal static string CompileOperation(string operation, string before)
    {
        var named = KernelCatalog.Operations.FirstOrDefault(one => one.Name == operation)
            ?? throw new HseNetException($"no operation is called {operation}: expected one of "
                + string.Join(", ", KernelCatalog.Operations.Select(one => one.Name)));
        var compiled = named.Rungs.Where(rung => rung.Target == RungTarget.Gpu).SelectMany(rung => rung.Stages).ToHashSet();
        var texts = KernelTexts.Parse(before);
        return Join(rung => !compiled.Contains(rung) && texts.TryGetValue(rung.EntryName, out string? text) ? text
            : CompileFinal(rung));
    }

    static string Join(Func<Rung, string> compile)
    {
        var text = new StringBuilder();
        foreach (var rung in KernelCatalog.GpuRungs)
            text.Append(KernelTexts.Header).Append(rung.EntryName).Append('\n').Append(compile(rung)).Append('\n');
        return text.ToString();
    }

    /// <summary>PTX as it is loaded: ILGPU's text after the passes.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="CompileRaw"/>, or a pass refuses the text: a function from outside, for
    /// example.</exception>
    public static string CompileFinal(Rung rung) => Finish(rung, CompileRaw(rung));

    /// <summary>The same with marks of the C# lines (<c>.loc</c>) that each instruction comes from, where the kernels' symbols lie beside
    /// their assembly.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="CompileFinal"/>.</exception>
    public static string CompileMarked(Rung rung) => Finish(rung, Compile(rung, marked: true));

    static string Finish(Rung rung, string raw)
    {
        try
        {
            return PtxFinalizer.Finalize(raw, new PtxFinalizeOptions { EntryName = rung.EntryName, Target = rung.Architecture });
        }
        catch (PtxException failure)
        {
            throw new InvalidOperationException($"{rung.EntryName}: {failure.Message}", failure);
        }
    }
}
