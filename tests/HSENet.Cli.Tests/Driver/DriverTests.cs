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
    [InlineData("order")]
    public void Every_form_of_the_interface_does_what_its_documentation_says(string program)
    {
        Outcome outcome = driver.Run("h200", "--", driver.Compile(program));
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        Assert.Equal($"{program} as documented\n", outcome.Output);
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

    [Fact]
    public void A_folder_without_a_driver_is_refused() =>
        Hsenet.Run("ptx", "driver", "--library", "nowhere", "--", "true").IsRefused("nowhere", "libcuda.so.1");
}
