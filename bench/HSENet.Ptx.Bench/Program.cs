// Measures the emulator: prints a table and writes bench/results/MACHINE/emulator.json.
using System.Runtime.Intrinsics;
using System.Text.Json;
using HSENet.Bench;

namespace HSENet.Ptx.Bench;

static class Program
{
    static int Main(string[] arguments)
    {
        if (arguments is not ([] or ["--machine", _]))
        {
            Console.Error.WriteLine("usage: HSENet.Ptx.Bench [--machine NAME]");
            return 2;
        }
        string processor = Machine.Cpu;
        List<ThroughputResult> results = EmulatorThroughput.Run();
        Console.WriteLine($"{processor}, million active-lane instructions a second on one core, median (lowest - highest) of {EmulatorThroughput.Rounds} rounds");
        foreach (ThroughputResult result in results)
            Console.WriteLine($"{result.Kernel,-14} {result.Checks,-28} {result.MillionPerSecond,7:F0}  ({result.Lowest:F0} - {result.Highest:F0})");
        double launches = EmulatorThroughput.LaunchesPerSecond();
        Console.WriteLine($"launches a second of a kernel that does nothing: {launches:F0}");
        string folder = Machine.Results(arguments is [_, string name] ? name : null);
        Directory.CreateDirectory(folder);
        string file = Path.Combine(folder, "emulator.json");
        File.WriteAllText(file + ".tmp", JsonSerializer.Serialize(new
        {
            processor,
            vector512 = Vector512.IsHardwareAccelerated,
            runtime = Machine.Runtime,
            unit = "million active-lane instructions per second of processor time, one worker",
            results,
            launchesPerSecond = launches,
        }, new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase }) + "\n");
        File.Move(file + ".tmp", file, overwrite: true);
        return 0;
    }
}
