// Stages that are too long to be repeated for a sample: a sample of each in every round, the device's yardsticks beside it.
using System.Diagnostics;
using HSENet.Kernels;

namespace HSENet.Cli;

/// <summary>Samples of stages; the first, counting run of each says what it has to do.</summary>
sealed class BenchRounds(Device device) : IDisposable
{
    sealed class Stage
    {
        public double Operations, Traffic;
        public IReadOnlyCollection<CountedLaunches> Launches = [];
        public List<double> Seconds { get; } = [];
        public List<double> Shares { get; } = [];
    }

    readonly Yardsticks? _yardsticks = Yardsticks.Has(device) ? new Yardsticks(device) : null;
    readonly Dictionary<string, Stage> _stages = [];
    readonly List<double> _products = [], _sweeps = [];

    /// <summary>Whether runs count their work rather than their time.</summary>
    public bool Counting { get; set; }

    /// <summary>Runs a stage, which does the same <paramref name="times"/> over.</summary>
    public void Run(string name, Action run, int times = 1)
    {
        if (!_stages.TryGetValue(name, out var stage))
            _stages.Add(name, stage = new Stage());
        if (Counting)
        {
            run(); // compiles, and touches every page
            var counter = new WorkCounter(device);
            device.Observer = counter;
            run();
            device.Observer = null;
            stage.Launches = counter.Launches;
            (stage.Operations, stage.Traffic) = (counter.Operations / times, counter.Traffic / times);
            _yardsticks?.Multiply();
            _yardsticks?.Sweep();
            return;
        }
        // Before and after: what disturbs the machine in between disturbs them, too.
        var (product, sweep) = Measure();
        long start = Stopwatch.GetTimestamp();
        run();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / times;
        stage.Seconds.Add(seconds);
        if (_yardsticks is null)
            return;
        var after = Measure();
        (product, sweep) = ((product + after.Product) / 2, (sweep + after.Sweep) / 2);
        stage.Shares.Add(Math.Max(stage.Operations * product / Yardsticks.Operations, stage.Traffic * sweep / Yardsticks.SweptBytes)
            / seconds);
    }

    /// <summary>Medians over all rounds.</summary>
    public BenchPeak? Peak => _products.Count == 0 ? null
        : new(Yardsticks.Operations / Median(_products) / 1e9, Yardsticks.SweptBytes / Median(_sweeps) / 1e9);

    public IReadOnlyList<BenchResult> Results => [.. _stages.Select(pair =>
    {
        var (name, stage) = pair;
        var result = BenchResult.Of(name, Timing.Of([.. stage.Seconds]), stage.Operations, stage.Traffic, null);
        return stage.Shares.Count == 0 ? result : result with { Share = Median(stage.Shares) };
    })];

    /// <summary>What each stage's counting run launched, the longest first; every launch was waited for.</summary>
    public IReadOnlyList<BenchResult> Launches =>
        [.. _stages.SelectMany(stage => stage.Value.Launches.OrderByDescending(launches => launches.Seconds).Select(launches =>
        BenchResult.Of($"{stage.Key}: {launches.Launches} × {launches.Name}",
            new Timing(launches.Seconds, launches.Seconds, launches.Seconds, 1),
            launches.Operations > 0 ? launches.Operations : null, launches.Traffic, Peak)))];

    (double Product, double Sweep) Measure()
    {
        if (_yardsticks is null)
            return default;
        _yardsticks.Sweep(); // wakes the threads
        _products.Add(device.Time(_yardsticks.Multiply));
        _sweeps.Add(device.Time(_yardsticks.Sweep));
        return (_products[^1], _sweeps[^1]);
    }

    static double Median(List<double> values) => Timing.Of([.. values]).Median;

    public void Dispose() => _yardsticks?.Dispose();
}
