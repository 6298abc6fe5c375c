// Intervals by drawing studies again and again: how much a figure depends on which ones happened to be in the data.
using HSENet.Runtime;

namespace HSENet.Evaluation;

/// <summary>The percentile bootstrap: as many studies as there are, drawn with replacement, each with all its samples.</summary>
/// <param name="Resamples">How often; 0 draws no intervals.</param>
/// <param name="Seed">Of the draws: the same seed gives the same intervals.</param>
internal sealed record Bootstrap(int Resamples = 1000, long Seed = 42)
{
    /// <summary>The share of resamples within an interval.</summary>
    public const double Confidence = 0.95;

    /// <summary>Computes figures of all samples, and their intervals.</summary>
    /// <param name="studies">The study of each sample.</param>
    /// <param name="names">The figures.</param>
    /// <param name="figures">Computes them of some samples, of which some may be there several times.</param>
    /// <param name="cancellation">Ends it.</param>
    public IReadOnlyList<Figure> Of(IReadOnlyList<string> studies, IReadOnlyList<string> names, Func<int[], double[]> figures,
        CancellationToken cancellation = default)
    {
        int[][] samples = [.. Enumerable.Range(0, studies.Count).GroupBy(i => studies[i]).Select(group => group.ToArray())];
        double[] values = figures([.. Enumerable.Range(0, studies.Count)]);
        var drawn = new double[Resamples][];
        Parallel.For(0, Resamples, new ParallelOptions { CancellationToken = cancellation }, resample =>
        {
            var draws = new SeededDraws(Seed, "bootstrap", resample);
            drawn[resample] = figures([.. Enumerable.Range(0, samples.Length).SelectMany(_ => samples[draws.Below(samples.Length)])]);
        });
        return [.. names.Select((name, i) =>
        {
            double[] sorted = [.. drawn.Select(figure => figure[i]).Order()];
            return new Figure(name, values[i], Quantile(sorted, (1 - Confidence) / 2), Quantile(sorted, (1 + Confidence) / 2));
        })];
    }

    // Between the two values around it, as numpy's and R's default.
    static double Quantile(double[] sorted, double share)
    {
        if (sorted.Length == 0)
            return double.NaN;
        double at = share * (sorted.Length - 1);
        int below = (int)at;
        return sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}
