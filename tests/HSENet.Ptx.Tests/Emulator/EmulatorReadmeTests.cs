// The emulator's example of the package's README is this file's, and runs.
namespace HSENet.Ptx.Tests;

public class EmulatorReadmeTests
{
    [Fact]
    public void The_example_runs()
    {
        Assert.Equal([1f, 2f, 3f, 4f], Example("""
            .version 8.6
            .target sm_80
            .address_size 64
            .visible .entry copy(.param .u64 x, .param .u64 y)
            {
            .reg .b32 %r<2>; .reg .b64 %rd<4>; .reg .f32 %f<1>;
            mov.u32 %r0, %tid.x; mul.wide.u32 %rd0, %r0, 4;
            ld.param.u64 %rd1, [x]; add.u64 %rd1, %rd1, %rd0; ld.global.f32 %f0, [%rd1];
            ld.param.u64 %rd2, [y]; add.u64 %rd2, %rd2, %rd0; st.global.f32 [%rd2], %f0;
            ret;
            }
            """));
    }

    [Fact]
    public void The_example_is_in_the_readme()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "HSENet.Kernels.sln")))
            root = Path.GetDirectoryName(root)!;
        string readme = File.ReadAllText(Path.Combine(root, "src", "HSENet.Ptx", "README.md"));
        string source = File.ReadAllText(Path.Combine(root, "tests", "HSENet.Ptx.Tests", "Emulator", "EmulatorReadmeTests.cs"));
        Assert.Contains(readme.Split("```csharp\n")[2].Split("```")[0],
            string.Join('\n', source.Split('\n').Select(line => line.StartsWith("        ") ? line[8..] : line)));
    }

    static float[] Example(string ptx)
    {
        using EmulatorModule module = EmulatorModule.Load(ptx);
        using EmulatorMemory memory = new();
        EmulatorAllocation x = memory.Allocate<float>([1, 2, 3, 4], "x"); // initialised
        EmulatorAllocation y = memory.Allocate(16, "y"); // not: reading it before it is written is a finding
        byte[] parameters = [.. BitConverter.GetBytes(x.Address), .. BitConverter.GetBytes(y.Address)];
        EmulatorResult result = new Emulator(memory).Launch(module.Kernel("copy"), grid: 1, block: 4, dynamicSharedBytes: 0, parameters,
            new EmulatorOptions { Races = true, Profile = true });
        float[] values = new float[4];
        y.Read<float>(values);
        foreach (EmulatorFinding finding in result.Findings)
            Console.WriteLine(finding); // kernel, line, kind, block, thread, what happened
        return values;
    }
}
