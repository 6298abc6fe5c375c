// BLEU: how many of the prediction's word sequences of length 1 to 4 the reference has.

namespace HSENet.Evaluation;

/// <summary>BLEU of one text or of a whole set.</summary>
/// <param name="Bleu">Geometric mean of the precisions times the brevity penalty; 0 if a precision is 0 (no smoothing).</param>
/// <param name="Precisions">Clipped precision for sequences of 1, 2, 3 and 4 words. The reference implementation calls these BLEU-1 to
/// BLEU-4.</param>
/// <param name="BrevityPenalty">1, or below 1 for a prediction that is shorter than the reference; 0 for an empty one.</param>
/// <param name="PredictionLength">Words of the predictions.</param>
/// <param name="ReferenceLength">Words of the references.</param>
public sealed record BleuScore(double Bleu, IReadOnlyList<double> Precisions, double BrevityPenalty, int PredictionLength,
    int ReferenceLength)
{
    /// <summary>BLEU of one prediction. Words are cut by WMT's convention 13a, case counts.</summary>
    /// <param name="reference">What was wanted.</param>
    /// <param name="prediction">What was generated.</param>
    public static BleuScore Of(string reference, string prediction) => Of([(reference, prediction)]);

    /// <summary>BLEU of a set: matches and lengths are summed over all pairs before anything is divided.</summary>
    /// <param name="pairs">References and predictions.</param>
    public static BleuScore Of(IEnumerable<(string Reference, string Prediction)> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        var sum = new BleuCounts();
        foreach ((string reference, string prediction) in pairs)
            sum.Add(BleuCounts.Of(reference, prediction));
        return sum.Score();
    }
}

/// <summary>What BLEU counts of a text: the sums of several are the counts of the set.</summary>
internal sealed class BleuCounts
{
    /// <summary>Word sequences of 1 to 4 words are counted.</summary>
    public const int Orders = 4;

    readonly long[] _matches = new long[Orders], _possible = new long[Orders];
    int _predictionLength, _referenceLength;

    public static BleuCounts Of(string reference, string prediction)
    {
        string[] wanted = MetricTokens.ForBleu(reference), words = MetricTokens.ForBleu(prediction);
        var counts = new BleuCounts { _predictionLength = words.Length, _referenceLength = wanted.Length };
        for (int n = 1; n <= Orders; n++)
        {
            counts._matches[n - 1] = Sequences.Overlap(Sequences.Count(wanted, n), Sequences.Count(words, n));
            counts._possible[n - 1] = Math.Max(0, words.Length - n + 1);
        }
        return counts;
    }

    public void Add(BleuCounts other)
    {
        for (int n = 0; n < Orders; n++)
        {
            _matches[n] += other._matches[n];
            _possible[n] += other._possible[n];
        }
        _predictionLength += other._predictionLength;
        _referenceLength += other._referenceLength;
    }

    public BleuScore Score()
    {
        double[] precisions = [.. _matches.Zip(_possible, (m, p) => p > 0 ? (double)m / p : 0)];
        double penalty = _predictionLength == 0 ? 0
            : _predictionLength > _referenceLength ? 1 : Math.Exp(1 - (double)_referenceLength / _predictionLength);
        double bleu = precisions.Min() > 0 ? penalty * Math.Exp(precisions.Average(Math.Log)) : 0;
        return new BleuScore(bleu, precisions, penalty, _predictionLength, _referenceLength);
    }
}

/// <summary>Sequences of n words and how often they occur.</summary>
internal static class Sequences
{
    public static Dictionary<string, int> Count(string[] words, int n)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i + n <= words.Length; i++)
        {
            // No convention leaves white space in a word, so the joined text is unique.
            string key = string.Join(' ', words, i, n);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }
        return counts;
    }

    /// <summary>How many sequences both have, each counted as often as in the one that has it less often.</summary>
    public static int Overlap(Dictionary<string, int> a, Dictionary<string, int> b) =>
        a.Sum(entry => Math.Min(entry.Value, b.GetValueOrDefault(entry.Key)));
}
