// Measures the emulator: prints a table and writes bench/results/MACHINE/emulator.json.
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HSENet.Ptx.Bench;

static partial class Program
{
    static int Main(string[] arguments)
    {
        if (arguments is not ([] or ["--machine", _]))
        {
            Console.Error.WriteLine("usage: HSENet.Ptx.Bench [--machine NAME]");
            return 2;
        }
        string processor = Processor(), machine = arguments is [_, string name] ? name : NotWord().Replace(processor.ToLowerInvariant(), "-").Trim('-');
        List<ThroughputResult> results = EmulatorThroughput.Run();
        Console.WriteLine($"{processor}, million active-lane instructions a second on one core, median (lowest - highest) of {EmulatorThroughput.Rounds} rounds");
        foreach (ThroughputResult result in results)
            Console.WriteLine($"{result.Kernel,-14} {result.Checks,-28} {result.MillionPerSecond,7:F0}  ({result.Lowest:F0} - {result.Highest:F0})");
        double launches = EmulatorThroughput.LaunchesPerSecond();
        Console.WriteLine($"launches a second of a kernel that does nothing: {launches:F0}");
        string folder = Path.Combine(Results(), machine);
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, "emulator.json");
        File.WriteAllText(file + ".tmp", JsonSerializer.Serialize(new
        {
            processor,
            vector512 = Vector512.IsHardwareAccelerated,
            runtime = RuntimeInformation.FrameworkDescription,
            unit = "million active-lane instructions per second of processor time, one worker",
            results,
            launchesPerSecond = launches,
        }, new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase }) + "\n");
        File.Move(file + ".tmp", file, overwrite: true);
        return 0;
    }

    static string Processor() => File.Exists("/proc/cpuinfo") && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name")) is string line
        ? line[(line.IndexOf(':') + 1)..].Trim() : $"{RuntimeInformation.ProcessArchitecture}";

    // The results' folder beside this project, found from where the program was built.
    static string Results()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "HSENet.Kernels.sln")))
                return Path.Combine(folder.FullName, "bench", "results");
        return Path.Combine(Environment.CurrentDirectory, "results");
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotWord();
}
