// Where a result is measured: the machine's facts, its folder of results, the repository.
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using HSENet.Kernels;

namespace HSENet.Cli;

/// <summary>The machine that a program runs on.</summary>
static class Machine
{
    // Those that decide which code runs.
    static readonly string[] RelevantFlags =
        ["avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "avx512_vnni", "amx_tile", "asimd", "sve"];

    /// <summary>Model of the processor.</summary>
    public static string Cpu
    {
        get
        {
            string name = CpuField("model name"), family = CpuField("cpu family"), model = CpuField("model");
            return name.Length == 0 ? $"{RuntimeInformation.OSArchitecture}, "
                + $"{(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)}-bit vectors"
                : $"{name} (family {family}, model {model})";
        }
    }

    const int CommitDigits = 12;

    public static string Flags => string.Join(' ', CpuField("flags", "Features").Split(' ').Intersect(RelevantFlags));

    public static string System => $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}";

    public static string Runtime => RuntimeInformation.FrameworkDescription;

    /// <summary>The time of a result.</summary>
    public static string Now => DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>Processes that wanted a processor over the last minute, where the system tells.</summary>
    public static string Load => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    /// <summary>The commit that the program was built at; "and changes" where the working copy differs from it in more than
    /// results.</summary>
    public static string Commit
    {
        get
        {
            string version = Assembly.GetExecutingAssembly()
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
            if (version.Split('+') is not [_, { Length: >= CommitDigits } commit])
                return "unknown";
            string changes = Repository is { } root ? Git(root, "diff", "--name-only", commit, "--", ".", ":!bench/results") : "";
            return commit[..CommitDigits] + (changes.Length == 0 ? "" : " and changes");
        }
    }

    /// <summary>The repository that the program was built in; null for an installed one.</summary>
    public static string? Repository
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
                if (File.Exists(Path.Combine(folder.FullName, "HSENet.Kernels.sln")))
                    return folder.FullName;
            return null;
        }
    }

    /// <summary>"amd-epyc-family-25-model-17-2-processors": what tells results of different machines apart.</summary>
    public static string FolderName() => FolderName($"{Cpu} {Environment.ProcessorCount} processors");

    /// <summary>The same for what runs on a device: a GPU goes by its own name.</summary>
    public static string FolderName(Device device) =>
        device.Kind == DeviceKind.Cuda ? FolderName(device.Name[(device.Name.IndexOf('(') + 1)..]) : FolderName();

    static string FolderName(string name) => string.Join('-', name.ToLowerInvariant()
        .Split([' ', '(', ')', '@', ',', '.', '/', ':'], StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The folder of a machine's results.</summary>
    /// <exception cref="HseNetException">The program was not built in the repository.</exception>
    public static string Results(string folderName) => Path.Combine(
        Repository ?? throw new HseNetException("this program was not built in the repository, which holds the folders of results"),
            "bench", "results", folderName);

    static string CpuField(params string[] names)
    {
        if (!File.Exists("/proc/cpuinfo"))
            return "";
        foreach (string line in File.ReadLines("/proc/cpuinfo"))
            if (line.Split(':') is [var name, var value] && names.Contains(name.Trim()))
                return value.Trim();
        return "";
    }

    static string Git(string root, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo("git", arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = root,
                StandardOutputEncoding = Encoding.UTF8
            };
            using var process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output.Trim();
        }
        catch (global::System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
