// Times several ways of doing the same thing in turns, so that what disturbs a machine disturbs all of them.
using System.Diagnostics;

namespace HSENet.Kernels;

/// <summary>Seconds of one run: the median over the rounds, and the quartiles around it.</summary>
/// <param name="Median">Half of the rounds were faster.</param>
/// <param name="Lower">A quarter of the rounds was faster.</param>
/// <param name="Upper">Three quarters of the rounds were faster.</param>
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
        return new(samples[samples.Length / 2], samples[samples.Length / 4], samples[samples.Length * 3 / 4], samples.Length);
    }
}

/// <summary>Compares contenders in rounds: every one runs once in each, and each round begins with another one.</summary>
public sealed class PairedTimer
{
    const int FewestRounds = 5, MostRounds = 200;

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
    public static PairedTimer Run(TimeSpan budget, TimeSpan pause, params IReadOnlyList<Action> contenders)
    {
        ArgumentOutOfRangeException.ThrowIfZero(contenders.Count);
        int[] repeats = [.. contenders.Select(Repeats)];
        var samples = contenders.Select(_ => new List<double>()).ToArray();
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < FewestRounds || round < MostRounds && Stopwatch.GetElapsedTime(start) < budget; round++)
            for (int turn = 0; turn < contenders.Count; turn++)
            {
                int contender = (round + turn) % contenders.Count;
                Thread.Sleep(pause);
                contenders[contender](); // wakes its threads and fills the caches
                samples[contender].Add(Sample(contenders[contender], repeats[contender]));
            }
        return new([.. samples.Select(list => list.ToArray())]);
    }

    // Compiled and warm after the first runs; then as often as a millisecond takes.
    static int Repeats(Action run)
    {
        for (int i = 0; i < 3; i++)
            run();
        return (int)Math.Clamp(1e-3 / Sample(run, 1), 1, 1000);
    }

    static double Sample(Action run, int repeats)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
            run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
    }
}
