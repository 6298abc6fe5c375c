// Folds a sequence of launches: a run that repeats itself right away is shown once, with how often.

namespace HSENet.Cli;

/// <summary>Folding of repeated runs.</summary>
static class RepeatedRuns
{
    const int LongestRun = 24; // more than a layer has launches

    /// <summary>A launch, with "n×" in the margin of a folded run's first line and "│" beside its others.</summary>
    public readonly record struct Line(string Margin, TraceCommand.Launch Launch);

    public static IEnumerable<Line> Fold(IReadOnlyList<TraceCommand.Launch> launches)
    {
        for (int at = 0; at < launches.Count;)
        {
            var (length, times) = Longest(launches, at);
            for (int i = 0; i < length; i++)
                yield return new Line(times == 1 ? "" : i == 0 ? $"{times}×" : "│", launches[at + i]);
            at += length * times;
        }
    }

    /// <summary>The run at a place whose repetitions cover most; one launch, once, if nothing repeats.</summary>
    static (int Length, int Times) Longest(IReadOnlyList<TraceCommand.Launch> launches, int at)
    {
        (int Length, int Times) best = (1, 1);
        for (int length = 1; length <= LongestRun && at + 2 * length <= launches.Count; length++)
        {
            int times = 1;
            while (Repeats(launches, at, length, times))
                times++;
            if (times > 1 && length * times > best.Length * best.Times)
                best = (length, times);
        }
        return best;
    }

    static bool Repeats(IReadOnlyList<TraceCommand.Launch> launches, int at, int length, int times)
    {
        int next = at + length * times;
        if (next + length > launches.Count)
            return false;
        for (int i = 0; i < length; i++)
            if (launches[at + i] != launches[next + i])
                return false;
        return true;
    }
}
