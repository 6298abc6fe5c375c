// How fast the emulator is: three matrix products as ILGPU compiles them, at each level of checks.
using System.Diagnostics;
using System.Runtime.InteropServices;
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Bench;

/// <summary>Million active-lane instructions a second of processor time: the median over the rounds, and the quartiles around it.</summary>
sealed record ThroughputResult(string Kernel, string Checks, double MillionPerSecond, double Lower, double Upper);

static class EmulatorThroughput
{
    public const int Rounds = 9;
    const int Size = 256, LeastMilliseconds = 150;

    static readonly (string Name, Dim3 Grid, Dim3 Block)[] Products =
    [
        ("Naive", new Dim3(Size / 16, Size / 16), new Dim3(16, 16)),
        ("Tiled", new Dim3(Size / 16, Size / 16), new Dim3(16, 16)),
        ("RegisterTiled", new Dim3(Size / 64, Size / 64), 256),
    ];

    static readonly (string Name, EmulatorOptions Options)[] Levels =
    [
        ("bounds only", new EmulatorOptions { Checks = false, Threads = 1 }),
        ("access", new EmulatorOptions { Threads = 1 }),
        ("access, profile", new EmulatorOptions { Profile = true, Threads = 1 }),
        ("access, races", new EmulatorOptions { Races = true, Threads = 1 }),
        ("access, races, profile", new EmulatorOptions { Races = true, Profile = true, Threads = 1 }),
    ];

    /// <summary>Measures every product at every level, in turns, so that a busy moment of the machine hits all of them.</summary>
    public static IReadOnlyList<ThroughputResult> Run(CancellationToken cancellation)
    {
        List<(string Kernel, string Level, Func<(long, double)> Measure, List<double> Rates)> rows = [];
        using EmulatorMemory memory = new();
        foreach ((string name, Dim3 grid, Dim3 block) in Products)
        {
            EmulatorKernel kernel = Load(name);
            foreach ((string level, EmulatorOptions options) in Levels)
                rows.Add((name, level, () => Measure(memory, kernel, grid, block, options), []));
        }
        for (int round = -1; round < Rounds; round++)
            foreach (var row in rows)
            {
                cancellation.ThrowIfCancellationRequested();
                (long instructions, double seconds) = row.Measure();
                if (round >= 0)
                    row.Rates.Add(instructions / seconds / 1e6);
            }
        return [.. rows.Select(row =>
        {
            Timing rate = Timing.Of([.. row.Rates]);
            return new ThroughputResult(row.Kernel, row.Level, Math.Round(rate.Median), Math.Round(rate.Lower), Math.Round(rate.Upper));
        })];
    }

    /// <summary>Launches a second of a kernel that does next to nothing: one block of a product that is smaller than it.</summary>
    public static double LaunchesPerSecond()
    {
        using EmulatorMemory memory = new();
        EmulatorKernel kernel = Load("Naive");
        using EmulatorAllocation x = memory.Allocate<float>([1f], "x");
        byte[] parameters = [.. MemoryMarshal.AsBytes<long>([(long)x.Address, 1, (long)x.Address, 1, (long)x.Address, 1]),
            .. MemoryMarshal.AsBytes<int>([1, 1, 1])];
        Emulator emulator = new(memory);
        List<double> rates = [];
        for (int round = 0; round < Rounds; round++)
        {
            TimeSpan start = Environment.CpuUsage.TotalTime;
            for (int i = 0; i < 20_000; i++)
                emulator.Launch(kernel, 1, 64, 0, parameters);
            rates.Add(20_000 / (Environment.CpuUsage.TotalTime - start).TotalSeconds);
        }
        return Math.Round(Timing.Of([.. rates]).Median);
    }

    static EmulatorKernel Load(string name)
    {
        using StreamReader reader = new(typeof(EmulatorThroughput).Assembly.GetManifestResourceStream(name)!);
        return EmulatorModule.Load(reader.ReadToEnd()).Kernels.Values.Single();
    }

    static (long Instructions, double Seconds) Measure(EmulatorMemory memory, EmulatorKernel kernel, Dim3 grid, Dim3 block,
        EmulatorOptions options)
    {
        Random random = new(1);
        float[] values = [.. Enumerable.Range(0, Size * Size).Select(_ => random.NextSingle() - 0.5f)];
        using EmulatorAllocation a = memory.Allocate<float>(values, "a"), b = memory.Allocate<float>(values, "b"),
            c = memory.Allocate(4L * values.Length, "c");
        long[] views = [(long)a.Address, values.Length, (long)b.Address, values.Length, (long)c.Address, values.Length];
        byte[] parameters = [.. MemoryMarshal.AsBytes<long>(views), .. MemoryMarshal.AsBytes<int>([Size, Size, Size])];
        Emulator emulator = new(memory);
        long instructions = 0;
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan start = Environment.CpuUsage.TotalTime;
        while (watch.ElapsedMilliseconds < LeastMilliseconds)
        {
            EmulatorResult result = emulator.Launch(kernel, grid, block, 0, parameters, options);
            if (result.FindingCount > 0)
                throw new InvalidOperationException($"{kernel.Name}: {result.Findings[0]}");
            instructions += result.Instructions;
        }
        return (instructions, (Environment.CpuUsage.TotalTime - start).TotalSeconds);
    }
}
