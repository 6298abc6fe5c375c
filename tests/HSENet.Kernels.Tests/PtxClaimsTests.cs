// What the catalogue claims of every GPU rung, checked on the final PTX that travels with the package.
using System.Runtime.Loader;
using HSENet.Ptx;

namespace HSENet.Kernels.Tests;

public sealed class PtxClaimsTests
{
    public static TheoryData<string> EntryNames => [.. KernelCatalog.GpuRungs.Select(rung => rung.EntryName)];

    // But for the numbers of labels and parameters, which ILGPU counts up through a process. One rung of each operation: the build compiles all
    // with the same call.
    [Fact]
    public void The_texts_that_travel_are_what_the_kernels_compile_to()
    {
        foreach (var rung in KernelCatalog.GpuRungs.GroupBy(rung => rung.Operation).Select(rungs => rungs.Last()))
            Assert.Equal(Text(rung, KernelTexts.Get(rung)), Text(rung, KernelCompiler.CompileFinal(rung)));

        static string Text(Rung rung, string text) =>
            $"{text[..text.IndexOf(".visible", StringComparison.Ordinal)]} {MachineListing.Key(text, rung.EntryName)}";
    }

    [Fact]
    public void A_kernel_compiles_to_the_same_whatever_was_compiled_before_and_with_marks_of_its_lines()
    {
        foreach (string name in new[] { "linear_v5_tensorcores64x128_bf16", "attention_v2_tiled16x32_f32", "dropout_v1_naive_f32" })
        {
            var (rung, _) = Find(name);
            string key = MachineListing.Key(KernelTexts.Get(rung), name), marked = KernelCompiler.CompileMarked(rung);
            Assert.Equal(key, MachineListing.Key(KernelCompiler.CompileFinal(rung), name));
            Assert.Equal(key, MachineListing.Key(marked, name));
            string[] places = [.. PtxSourceLines.Of(KernelTexts.Get(rung), name, marked).Values];
            Assert.Contains(places, place => place.StartsWith(rung.Operation + ".", StringComparison.Ordinal));
            Assert.All(places, place => Assert.Matches(@"^[A-Za-z0-9.]+\.cs:[1-9][0-9]*$", place));
        }
    }

    [Fact]
    public void An_operation_is_compiled_alone_while_the_others_keep_their_texts()
    {
        string before = string.Concat(KernelCatalog.GpuRungs.Where(rung => rung.EntryName != "dropout_v1_naive_f32")
            .Select(rung => $"{KernelTexts.Header}{rung.EntryName}\nkept\n"));
        var texts = KernelTexts.Parse(KernelCompiler.CompileOperation("SwiGlu", before));
        Assert.Equal(KernelCatalog.GpuRungs.Select(rung => rung.EntryName).Order(), texts.Keys.Order());
        Assert.Equal(KernelCatalog.GpuRungs.Where(rung => rung.Operation is "SwiGlu" or "Dropout").Select(rung => rung.EntryName).Order(),
            texts.Where(text => text.Value.Contains(".entry", StringComparison.Ordinal)).Select(text => text.Key).Order());
        Assert.Contains("SwiGlu.Backward", Assert.Throws<HseNetException>(() => KernelCompiler.CompileOperation("Swiglu", before)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_without_the_file_is_told_where_it_belongs()
    {
        string nowhere = Path.Combine(Path.GetTempPath(), "nowhere", "HSENet.Kernels.ptx");
        Assert.Equal($"{nowhere} is missing: it comes with the package HSENet.Kernels and belongs beside the program",
            Assert.Throws<HseNetException>(() => KernelTexts.Read(nowhere)).Message);
    }

    [Theory, InlineData("with-texts"), InlineData("without-texts")]
    public void A_plug_in_finds_the_texts_beside_itself_before_those_of_its_program(string name)
    {
        // Not removed afterwards: a library that is loaded cannot be, everywhere.
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "plug-ins", name)).FullName;
        string library = Path.Combine(folder, "HSENet.Kernels.dll"), beside = Path.Combine(folder, Path.GetFileName(KernelTexts.FilePath));
        File.Copy(typeof(KernelTexts).Assembly.Location, library, overwrite: true);
        if (name == "with-texts")
            File.Copy(KernelTexts.FilePath, beside, overwrite: true);
        var plugIn = new AssemblyLoadContext(name).LoadFromAssemblyPath(library);
        Assert.Equal(name == "with-texts" ? beside : KernelTexts.FilePath,
            plugIn.GetType(typeof(KernelTexts).FullName!)!.GetProperty(nameof(KernelTexts.FilePath))!.GetValue(null));
    }

    [Fact]
    public void There_is_one_text_for_each_rung_and_no_other()
    {
        var texts = KernelTexts.Parse(File.ReadAllText(KernelTexts.FilePath));
        Assert.Equal(KernelCatalog.GpuRungs.Select(rung => rung.EntryName).Order(), texts.Keys.Order());
    }

    [Theory, MemberData(nameof(EntryNames))]
    public void The_entry_is_named_sized_and_targeted_as_its_rung_says(string entryName)
    {
        var (rung, module) = Find(entryName);
        var entry = Assert.Single(module.Entries);
        Assert.Equal(entryName, entry.Name);
        Assert.Equal(rung.Architecture, module.Target);
        Assert.StartsWith($".version {rung.PtxVersion}\n", KernelTexts.Get(rung), StringComparison.Ordinal);
        var parameter = Assert.Single(entry.Parameters);
        Assert.Equal(rung.ArgumentBytes, parameter.Bytes);
        Assert.Equal(8, parameter.Alignment);
        var threads = Assert.Single(entry.Directives, directive => directive.Name == "maxntid");
        Assert.Equal(rung.Group, threads.Arguments.Aggregate(1, (product, argument) => product * int.Parse(argument)));
    }

    [Theory, MemberData(nameof(EntryNames))]
    public void Nothing_is_left_to_be_resolved(string entryName)
    {
        var (_, module) = Find(entryName);
        Assert.DoesNotContain(module.Functions, function => function.Body == null);
        var defined = module.Functions.Select(function => function.Name).ToHashSet();
        foreach (var call in Instructions(module).Where(instruction => instruction.Opcode == "call"))
            Assert.Contains(call.Call().Target, defined);
    }

    [Theory, MemberData(nameof(EntryNames))]
    public void Local_memory_registers_and_tensor_cores_are_as_claimed(string entryName)
    {
        var (rung, module) = Find(entryName);
        var facts = KernelFacts.Of(module);
        Assert.Equal(rung.Claims.LocalBytes, facts.LocalBytes);
        Assert.InRange(facts.EstimatedLiveRegisters, 1, rung.Claims.LiveRegistersAtMost);
        Assert.Equal(rung.Claims.TensorCores, Instructions(module).Any(instruction => instruction.Opcode is "mma" or "wgmma" or "wmma"));
    }

    // A generic access finds out at run time which memory is meant, which takes longer.
    [Theory, MemberData(nameof(EntryNames))]
    public void Every_access_names_its_memory(string entryName)
    {
        var (_, module) = Find(entryName);
        Assert.DoesNotContain(Instructions(module), instruction =>
            instruction.Opcode is "ld" or "st" or "atom" or "red" && instruction.Space == null);
    }

    [Theory, MemberData(nameof(EntryNames))]
    public void No_floating_point_sum_or_product_is_left_to_the_assembler_to_contract(string entryName)
    {
        var (_, module) = Find(entryName);
        Assert.DoesNotContain(Instructions(module), instruction => instruction.Opcode is "add" or "sub" or "mul" or "fma"
            && (instruction.Has("f32") || instruction.Has("f64")) && !new[] { "rn", "rz", "rm", "rp" }.Any(instruction.Has));
    }

    static IEnumerable<PtxInstruction> Instructions(PtxModule module) =>
        module.Functions.SelectMany(function => PtxCode.Of(function).Instructions);

    static (Rung Rung, PtxModule Module) Find(string entryName)
    {
        var rung = KernelCatalog.GpuRungs.Single(rung => rung.EntryName == entryName);
        return (rung, PtxModule.Parse(KernelTexts.Get(rung)));
    }
}
