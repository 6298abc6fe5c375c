// The example of the package's README is this file's, and runs.
namespace HSENet.Ptx.Tests;

public class ReadmeTests
{
    [Fact]
    public void The_example_runs()
    {
        StringWriter output = new();
        Example(Sample.Text("Tiled"), output);
        Assert.StartsWith("tiled_v1_f32 for sm_80: 60 bytes of parameters\n", output.ToString().ReplaceLineEndings("\n"));
        Assert.Contains("2048 bytes shared, 0 local", output.ToString());
    }

    [Fact]
    public void The_example_is_in_the_readme()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "HSENet.Kernels.sln")))
            root = Path.GetDirectoryName(root)!;
        string readme = File.ReadAllText(Path.Combine(root, "src", "HSENet.Ptx", "README.md"));
        string example = readme.Split("```csharp\n")[1].Split("```")[0];
        string source = File.ReadAllText(Path.Combine(root, "tests", "HSENet.Ptx.Tests", "ReadmeTests.cs"));
        Assert.Contains(example, string.Join('\n', source.Split('\n').Select(line => line.StartsWith("        ") ? line[8..] : line)));
    }

    static void Example(string compilerText, TextWriter output)
    {
        // The compiler's text: entry Kernel_…, generic addresses, products and sums that an assembler may or may not fuse.
        string final = PtxFinalizer.Finalize(compilerText, new() { EntryName = "tiled_v1_f32", Target = "sm_80" });
        PtxModule module = PtxModule.Parse(final);
        foreach (PtxFunction entry in module.Entries)
            output.WriteLine($"{entry.Name} for {module.Target}: {entry.Parameters.Sum(parameter => parameter.Bytes)} bytes of parameters");
        KernelFacts facts = KernelFacts.Of(module);
        output.WriteLine($"{facts.InstructionCount} instructions, {facts.Count("fma")} fma, {facts.Count("bar", "sync")} barriers");
        output.WriteLine(
            $"{facts.StaticSharedBytes} bytes shared, {facts.LocalBytes} local, about {facts.EstimatedLiveRegisters} registers");
        ControlFlowGraph graph = ControlFlowGraph.Of(module.Entries.Single());
        foreach (BasicBlock block in graph.Blocks)
        {
            string successors = string.Join(", ", block.Successors);
            output.WriteLine($"{graph.Code.Instructions[block.Start]} goes to {successors}, meets at {block.ImmediatePostDominator}");
        }
    }
}
