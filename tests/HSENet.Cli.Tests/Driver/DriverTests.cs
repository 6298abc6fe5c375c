// The emulator as a CUDA driver: C programs that know nothing of it, started by 'ptx driver'.
namespace HSENet.Cli.Tests;

[Collection(DriverGroup.Name)]
public class DriverTests(DriverFixture driver)
{
    [DriverFact]
    public void A_program_computes_on_the_gpu_that_is_named()
    {
        Outcome outcome = driver.Run("a100", "--", driver.Compile("add"));
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        Assert.Equal("A100 SXM4 80 GB, emulated, 108 multiprocessors, 1 device, 1: 1024 1101\n", outcome.Output);
        Assert.Contains("cuTexObjectCreate is not supported", outcome.Error);
        Assert.Contains("there is no cuNothing", outcome.Error);
    }

    [DriverTheory]
    [InlineData("memory")]
    [InlineData("graphs")]
    [InlineData("programs")]
    public void Every_form_of_the_interface_does_what_its_documentation_says(string program)
    {
        Outcome outcome = driver.Run("h200", "--", driver.Compile(program));
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        Assert.Equal((program == "programs" ? "printed 7\n" : "") + $"{program} as documented\n", outcome.Output);
    }

    [DriverFact]
    public void What_the_checker_finds_is_on_stderr_in_a_file_and_in_the_exit_code()
    {
        string findings = driver.At("findings.jsonl");
        Outcome outcome = driver.Run("h200", "--findings", findings, "--", driver.Compile("add"), "wrong");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("add: line 10: out-of-bounds: block (3, 0, 0) thread (4, 0, 0)", outcome.Error);
        string[] lines = File.ReadAllLines(findings);
        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.Contains("\"kind\":\"out-of-bounds\",\"kernel\":\"add\"", line));
    }

    [DriverFact]
    public void What_nobody_wrote_stays_unwritten_when_it_is_copied()
    {
        Outcome outcome = driver.Run("h200", "--", driver.Compile("memory"), "unwritten");
        Assert.Equal(1, outcome.Code);
        string[] lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length); // threads 6 and 7
        Assert.All(lines, line => Assert.Contains("uninitialised-read", line, StringComparison.Ordinal));
    }

    [DriverFact]
    public void A_kernel_that_fails_is_a_finding_whatever_the_program_makes_of_it()
    {
        string findings = driver.At("failed.jsonl");
        Outcome outcome = driver.Run("h200", "--findings", findings, "--", driver.Compile("order"));
        Assert.Equal(1, outcome.Code);
        Assert.Equal("order as documented\n", outcome.Output);
        Assert.Contains("\"kind\":\"failed\",\"kernel\":\"bad\"", Assert.Single(File.ReadAllLines(findings)));
    }

    [DriverFact]
    public void A_program_on_ILGPU_that_knows_nothing_of_the_emulator_runs_on_it()
    {
        Outcome outcome = driver.Run("rtx-a6000", "--", "dotnet", driver.BuildSample("GpuSums"));
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        Assert.Equal("""
            RTX A6000, emulated: 84 multiprocessors, sm_86
            sum of ones 5000
            largest square 24990001
            running sum 2501, 5000
            sums of groups 690880 4868800 13241024 25807552

            """, outcome.Output);
        // ILGPU's scan looks at the block before without a fence of its own.
        Assert.All(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("hsenet: note: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_without_a_driver_is_refused() =>
        Hsenet.Run("ptx", "driver", "--library", "nowhere", "--", "true").IsRefused("nowhere", "libcuda.so.1");
}
