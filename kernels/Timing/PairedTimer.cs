// Times several ways of doing the same thing in turns, so that what disturbs a machine disturbs all of them.
using System.Diagnostics;

namespace HSENet.Kernels;

/// <summary>Seconds of one run: the median over the rounds, and the quartiles around it.</summary>
/// <param name="Median">Half of the rounds were faster.</param>
/// <param name="Lower">A quarter of the rounds was faster, of few rounds at most.</param>
/// <param name="Upper">A quarter of the rounds was slower, of few rounds at most.</param>
/// <param name="Rounds">How many rounds were timed.</param>
public readonly record struct Timing(double Median, double Lower, double Upper, int Rounds)
{
    /// <summary>Median and quartiles of samples, which are sorted in place.</summary>
    /// <exception cref="ArgumentException">There is no sample.</exception>
    public static Timing Of(Span<double> samples)
    {
        if (samples.IsEmpty)
            throw new ArgumentException("no samples");
        samples.Sort();
        int last = samples.Length - 1, quarter = last / 4;
        return new((samples[last / 2] + samples[(last + 1) / 2]) / 2, samples[quarter], samples[last - quarter], samples.Length);
    }
}

/// <summary>Something to time.</summary>
/// <param name="Run">Runs or launches it.</param>
/// <param name="Evict">Before each run: puts other data into the caches, and each sample is one run; null times it warm.</param>
public readonly record struct TimedWork(Action Run, Action? Evict = null);

/// <summary>Compares contenders in rounds: every one runs once in each, in an order that is drawn for each round: nobody always follows the
/// same one.</summary>
public sealed class PairedTimer
{
    const int FewestRounds = 5, MostRounds = 200;

    // After a pause a core needs milliseconds until it runs wide vectors at full speed; a sample is long against what then still varies.
    const double WarmSeconds = 10e-3, SampleSeconds = 5e-3;

    // A longer run warms itself.
    const double Long = 0.1;

    readonly double[][] _samples;

    PairedTimer(double[][] samples) => _samples = samples;

    /// <summary>Seconds of one run of a contender.</summary>
    public Timing this[int contender] => Timing.Of([.. _samples[contender]]);

    /// <summary>Median over the rounds of how many times as fast as <paramref name="other"/> a contender was in the same round.</summary>
    public Timing Speed(int contender, int other) =>
        Timing.Of([.. _samples[contender].Zip(_samples[other], static (mine, its) => its / mine)]);

    /// <summary>Runs rounds until the time is used up, at least five.</summary>
    /// <param name="budget">Time for all rounds together.</param>
    /// <param name="pause">Before each contender: longer than the threads of the one before look for more work.</param>
    /// <param name="contenders">Ways of doing the same thing; each is run several times for a sample when it is short.</param>
    public static PairedTimer Run(TimeSpan budget, TimeSpan pause, params IReadOnlyList<Action> contenders) =>
        Run(Elapsed, budget, pause, [.. contenders.Select(static run => new TimedWork(run))]);

    /// <summary>Runs rounds on a device by its own clock until the time is used up, at least five.</summary>
    /// <param name="device">Where the contenders launch.</param>
    /// <param name="budget">Time for all rounds together.</param>
    /// <param name="contenders">What is timed in turns; each is run several times for a sample when it is short and warm.</param>
    public static PairedTimer Run(Device device, TimeSpan budget, params IReadOnlyList<TimedWork> contenders)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Run(device.Time, budget, TimeSpan.Zero, contenders);
    }

    static PairedTimer Run(Func<Action, double> clock, TimeSpan budget, TimeSpan pause, IReadOnlyList<TimedWork> contenders)
    {
        ArgumentOutOfRangeException.ThrowIfZero(contenders.Count);
        double[] seconds = [.. contenders.Select(work => Compiled(clock, work.Run))];
        var samples = contenders.Select(_ => new List<double>()).ToArray();
        int[] order = [.. Enumerable.Range(0, contenders.Count)];
        var random = new Random(1);
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < FewestRounds || round < MostRounds && Stopwatch.GetElapsedTime(start) < budget; round++)
        {
            random.Shuffle(order);
            foreach (int contender in order)
            {
                Thread.Sleep(pause);
                samples[contender].Add(Sample(clock, contenders[contender], seconds[contender]));
            }
        }
        return new([.. samples.Select(list => list.ToArray())]);
    }

    // Seconds of a run once it is compiled, after three.
    static double Compiled(Func<Action, double> clock, Action run)
    {
        double seconds = clock(run);
        for (int i = 0; i < 3 && seconds < Long; i++)
            seconds = clock(run);
        return seconds;
    }

    static double Sample(Func<Action, double> clock, TimedWork work, double seconds)
    {
        if (work.Evict is not null)
        {
            work.Evict();
            return clock(work.Run);
        }
        if (seconds >= Long)
            return clock(work.Run);
        for (double warm = 0; warm < WarmSeconds;)
            warm += Math.Max(clock(work.Run), 1e-7); // a clock may be too coarse to see it
        int repeats = (int)Math.Clamp(SampleSeconds / seconds, 1, 5000);
        return clock(() =>
        {
            for (int i = 0; i < repeats; i++)
                work.Run();
        }) / repeats;
    }

    static double Elapsed(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
