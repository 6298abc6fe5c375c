// The emulator's CUDA driver, made once for all tests that start a program with it.
using System.Diagnostics;
using System.Runtime.InteropServices;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

/// <summary>Runs where the driver can be made: Linux on x64 with gcc, and the native compiler's package or a way to get it.</summary>
sealed class DriverFactAttribute : FactAttribute
{
    public DriverFactAttribute() => Skip = DriverFixture.Lacks;
}

/// <summary>The same for several cases.</summary>
sealed class DriverTheoryAttribute : TheoryAttribute
{
    public DriverTheoryAttribute() => Skip = DriverFixture.Lacks;
}

/// <summary>The driver and the C programs.</summary>
public sealed class DriverFixture : IDisposable
{
    readonly TemporaryFolder _folder = new();
    bool _isMade;

    /// <summary>Why the driver cannot be made here; null where it can.</summary>
    internal static string? Lacks { get; } = FindLack();

    /// <summary>Folder of libcuda.so.1; publishes it at the first call.</summary>
    internal string Library
    {
        get
        {
            if (!_isMade)
                Do("dotnet", "publish", "-c", "Release", Path.Combine(Hsenet.Repository, "src", "HSENet.Ptx.Driver"), "-r", "linux-x64",
                    "-o", At("driver"), "-v", "q", "-nologo", "--artifacts-path", At("artifacts"));
            _isMade = true;
            return At("driver");
        }
    }

    internal string At(string name) => Path.Combine(_folder.Path, name);

    /// <summary>Compiles a C program of this folder against the driver.</summary>
    internal string Compile(string name)
    {
        Do("gcc", "-Wall", "-Werror", Path.Combine(Hsenet.Repository, "tests", "HSENet.Cli.Tests", "Driver", name + ".c"), "-o", At(name),
            "-L" + Library, "-lcuda");
        return At(name);
    }

    /// <summary>Compiles a C library of this folder.</summary>
    internal string CompileLibrary(string name)
    {
        string source = Path.Combine(Hsenet.Repository, "tests", "HSENet.Cli.Tests", "Driver", name + ".c");
        Do("gcc", "-Wall", "-Werror", "-shared", "-fPIC", source, "-o", At(name + ".so"));
        return At(name + ".so");
    }

    /// <summary>Builds a sample of the repository, outside its solution.</summary>
    internal string BuildSample(string name)
    {
        Do("dotnet", "build", "-c", "Release", "-v", "q", "-nologo", Path.Combine(Hsenet.Repository, "tests", "samples", name),
            "-o", At(name), "--artifacts-path", At("artifacts"));
        return Path.Combine(At(name), name + ".dll");
    }

    /// <summary>Starts a program with the driver.</summary>
    internal Outcome Run(string gpu, params string[] words) => Hsenet.Run(["ptx", "driver", "--library", Library, "--gpu", gpu, .. words]);

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    static void Do(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {output}");
    }

    static string? FindLack()
    {
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        bool hasCompiler = Directory.Exists(Path.Combine(packages, "runtime.linux-x64.microsoft.dotnet.ilcompiler"))
            || Environment.GetEnvironmentVariable("CI") is { Length: > 0 };
        return OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && File.Exists("/usr/bin/gcc")
            && hasCompiler ? null : "needs Linux on x64, gcc and the native compiler's package";
    }
}

/// <summary>One driver for all classes that name it.</summary>
[CollectionDefinition(Name)]
public sealed class DriverGroup : ICollectionFixture<DriverFixture>
{
    internal const string Name = "driver";
}
