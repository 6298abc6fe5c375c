// Contenders of one measurement on a device, warm and cold, with the device's yardsticks in the same rounds.
using HSENet.Kernels;

namespace HSENet.Cli;

/// <summary>Launches that are timed in turns.</summary>
sealed class BenchRuns : IDisposable
{
    readonly List<(string Name, SampleRun Run)> _runs = [];
    readonly Yardsticks? _yardsticks;

    public BenchRuns(Device device)
    {
        Device = device;
        _yardsticks = Yardsticks.Has(device) ? new Yardsticks(device) : null;
    }

    public Device Device { get; }

    public int Count => _runs.Count;

    public void Add(Rung rung, IReadOnlyDictionary<string, int> sizes, WeightType weights)
    {
        var run = KernelSample.Of(rung).Prepare(Device, rung, sizes, weights);
        string type = rung.Target == RungTarget.Host ? $"{rung.EntryName[..^"f32".Length]}{weights.ToString().ToLowerInvariant()}"
            : rung.EntryName;
        _runs.Add(($"{type} {run.Facts.Sizes}", run));
    }

    /// <summary>Runs the rounds.</summary>
    public BenchFile Measure(Measured measured, TimeSpan budget, CancellationToken cancellation)
    {
        var works = new List<TimedWork>();
        foreach (var (_, run) in _runs)
        {
            works.Add(new TimedWork(Checked(run.Launch)));
            if (_yardsticks is not null)
                works.Add(new TimedWork(Checked(run.Launch), _yardsticks.Sweep));
        }
        int product = works.Count;
        if (_yardsticks is not null)
            works.AddRange([new TimedWork(_yardsticks.Multiply), new TimedWork(_yardsticks.Sweep)]);
        var times = PairedTimer.Run(Device, budget, works);
        var peak = _yardsticks is null ? null
            : new BenchPeak(Yardsticks.Operations / times[product].Median / 1e9, Yardsticks.SweptBytes / times[product + 1].Median / 1e9);
        var results = new List<BenchResult>();
        for (int i = 0, work = 0; i < _runs.Count; i++)
            foreach (string cache in _yardsticks is null ? (string[])["emulated"] : ["warm", "cold"])
                results.Add(BenchResult.Of($"{_runs[i].Name} {cache}", times[work++], _runs[i].Run.Work.Operations,
                    _runs[i].Run.Work.Traffic, peak));
        return BenchFile.Of(measured, peak, results);

        Action Checked(Action launch) => () =>
        {
            cancellation.ThrowIfCancellationRequested();
            launch();
        };
    }

    public void Dispose()
    {
        _runs.ForEach(run => run.Run.Dispose());
        _yardsticks?.Dispose();
    }
}
