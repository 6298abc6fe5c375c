// Where and with what a result was measured.
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using HSENet.Bench.Peers;
using HSENet.Kernels;

namespace HSENet.Bench;

sealed record MachineFacts
{
    public required string Cpu { get; init; }
    public required string Flags { get; init; }
    public required int Processors { get; init; }
    public required int Threads { get; init; }
    public required int VectorBits { get; init; }
    public required string System { get; init; }
    public required string Runtime { get; init; }
    public required IReadOnlyList<string> Peers { get; init; }
    public required string Commit { get; init; }
    public required string Date { get; init; }
    public required string LoadAtStart { get; init; }
    public string LoadAtEnd { get; set; } = "";

    // Those that decide which code runs.
    static readonly string[] Relevant = ["avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "avx512_vnni", "amx_tile", "asimd", "sve"];

    public static MachineFacts Collect(HostDevice device, IEnumerable<IPeer> peers) => new()
    {
        Cpu = CpuName,
        Flags = string.Join(' ', CpuField("flags", "Features").Split(' ').Intersect(Relevant)),
        Processors = Environment.ProcessorCount,
        Threads = device.Threads,
        VectorBits = device.VectorBits,
        System = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        Runtime = RuntimeInformation.FrameworkDescription,
        Peers = [.. peers.Select(peer => peer.Description)],
        Commit = Git("rev-parse", "--short=12", "HEAD") + (Git("status", "--porcelain", "--untracked-files=no").Length == 0 ? "" : " and changes"),
        Date = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC",
        LoadAtStart = Load(),
    };

    /// <summary>"amd-epyc-family-25-model-17-2-processors": what tells results of different machines apart.</summary>
    public static string FolderName => string.Join('-', $"{CpuName} {Environment.ProcessorCount} processors".ToLowerInvariant()
        .Split([' ', '(', ')', '@', ',', '.', '/'], StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Processes that wanted a processor over the last minute, where the system tells.</summary>
    public static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    public static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "HSENet.Kernels.sln")))
                return folder.FullName;
        throw new DirectoryNotFoundException("HSENet.Kernels.sln: not found in any folder above the program");
    }

    static string CpuName
    {
        get
        {
            string name = CpuField("model name"), family = CpuField("cpu family"), model = CpuField("model");
            return name.Length == 0 ? $"{RuntimeInformation.OSArchitecture}, {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)}-bit vectors"
                : $"{name} (family {family}, model {model})";
        }
    }

    static string CpuField(params string[] names)
    {
        if (!File.Exists("/proc/cpuinfo"))
            return "";
        foreach (string line in File.ReadLines("/proc/cpuinfo"))
            if (line.Split(':') is [var name, var value] && names.Contains(name.Trim()))
                return value.Trim();
        return "";
    }

    static string Git(params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = RepositoryRoot(), StandardOutputEncoding = Encoding.UTF8 };
            using var process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output.Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
