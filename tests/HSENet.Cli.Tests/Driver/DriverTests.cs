// The emulator as a CUDA driver: a C program that knows nothing of it, started by 'ptx driver'.
using System.Diagnostics;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

/// <summary>Runs where the driver can be made: Linux on x64 with gcc, and the native compiler's package or a way to get it.</summary>
sealed class DriverFactAttribute : FactAttribute
{
    public DriverFactAttribute()
    {
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        bool hasCompiler = Directory.Exists(Path.Combine(packages, "runtime.linux-x64.microsoft.dotnet.ilcompiler"))
            || Environment.GetEnvironmentVariable("CI") is { Length: > 0 };
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            != System.Runtime.InteropServices.Architecture.X64 || !File.Exists("/usr/bin/gcc") || !hasCompiler)
            Skip = "needs Linux on x64, gcc and the native compiler's package";
    }
}

/// <summary>The driver and the program, made once.</summary>
public sealed class DriverFixture : IDisposable
{
    readonly TemporaryFolder _folder = new();
    bool _made;

    internal string Library => Path.Combine(_folder.Path, "driver");
    internal string Program => Path.Combine(_folder.Path, "add");
    internal string File(string name) => Path.Combine(_folder.Path, name);

    internal void Make()
    {
        if (_made)
            return;
        Do("dotnet", "publish", "-c", "Release", Path.Combine(Hsenet.Repository, "src", "HSENet.Ptx.Driver"), "-r", "linux-x64",
            "-o", Library, "-v", "q", "-nologo", "--artifacts-path", File("artifacts"));
        Do("gcc", "-Wall", "-Werror", Path.Combine(Hsenet.Repository, "tests", "HSENet.Cli.Tests", "Driver", "add.c"), "-o", Program,
            "-L" + Library, "-lcuda");
        _made = true;
    }

    static void Do(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {output}");
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}

public class DriverTests(DriverFixture driver) : IClassFixture<DriverFixture>
{
    [DriverFact]
    public void A_program_computes_on_the_gpu_that_is_named()
    {
        driver.Make();
        Outcome outcome = Hsenet.Run("ptx", "driver", "--library", driver.Library, "--gpu", "a100", "--", driver.Program);
        Assert.True(outcome.Code == 0, outcome.Output + outcome.Error);
        Assert.Equal("A100 SXM4 80 GB, emulated, 108 multiprocessors, 1 device, 1: 1024 1101\n", outcome.Output);
        Assert.Contains("cuGraphCreate is not supported", outcome.Error);
        Assert.Contains("there is no cuNothing", outcome.Error);
    }

    [DriverFact]
    public void What_the_checker_finds_is_on_stderr_in_a_file_and_in_the_exit_code()
    {
        driver.Make();
        string findings = driver.File("findings.jsonl");
        Outcome outcome = Hsenet.Run("ptx", "driver", "--library", driver.Library, "--findings", findings, "--", driver.Program, "wrong");
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
