// Runs the program as a user does: a process, its two streams and its exit code.
using System.Diagnostics;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

/// <summary>What a run of the program gave.</summary>
sealed record Outcome(int Code, string Output, string Error)
{
    /// <summary>Bad input: exit code 2, nothing on stdout, one line on stderr that holds all these words.</summary>
    public void IsRefused(params string[] words)
    {
        Assert.True(Code == 2, $"exit code {Code}: {Error}");
        Assert.Equal("", Output);
        string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        foreach (string word in words)
            Assert.Contains(word, line, StringComparison.Ordinal);
    }
}

static class Hsenet
{
    public static string Repository { get; } = FindRepository();

    public static string Demo { get; } = GoldenFolder.Toy;

    /// <summary>The README's CT.</summary>
    public static string Scan { get; } = Path.Combine(Repository, "tests", "golden", "data", "ct_sm.nii.gz");

    /// <summary>The program, for dotnet to run.</summary>
    public static string Library { get; } = Path.Combine(AppContext.BaseDirectory, "hsenet.dll");

    /// <summary>How a shell calls the program.</summary>
    public static string Command { get; } = $"dotnet '{Library}'";

    /// <summary>Starts the program. It hears SIGINT even where the tests run as a shell's background job, which hands on that it is ignored
    /// (coreutils' env says otherwise).</summary>
    public static Process Start(params string[] arguments) =>
        StartCommand([.. OperatingSystem.IsLinux() ? (string[])["env", "--default-signal=INT"] : [], "dotnet", Library, .. arguments]);

    public static Outcome Run(params string[] arguments) => End(Start(arguments));

    /// <summary>Runs a copy of it in another folder.</summary>
    public static Outcome RunFrom(string folder, string[] arguments) =>
        End(StartCommand(["dotnet", Path.Combine(folder, Path.GetFileName(Library)), .. arguments]));

    /// <summary>Runs it with a text as its input and with settings of the environment beside those that are there.</summary>
    public static Outcome Run(string input, (string Name, string Value)[] environment, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Library, .. arguments]) { RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Started(start);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return End(process);
    }

    /// <summary>Runs a line of a POSIX shell: for pipes and redirections.</summary>
    public static Outcome Shell(string line) => End(StartCommand(["sh", "-c", line]));

    static Process StartCommand(string[] command) => Started(new ProcessStartInfo(command[0], command[1..]));

    static Process Started(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        // Hundreds of short runs: a third of a short one is compiling loops at full length, which the program does for its long ones.
        start.Environment["DOTNET_TC_QuickJitForLoops"] = "1";
        return Process.Start(start)!;
    }

    static Outcome End(Process started)
    {
        using var process = started;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output, error.Result);
    }

    static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "HSENet.Kernels.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("HSENet.Kernels.sln is in no folder above the tests");
    }
}
