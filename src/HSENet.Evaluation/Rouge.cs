// ROUGE: overlap of word sequences (ROUGE-1, ROUGE-2) and the longest common subsequence (ROUGE-L).

namespace HSENet.Evaluation;

/// <summary>One kind of ROUGE, without stemming. Words are lower-case runs of <c>a-z0-9</c>.</summary>
/// <param name="Precision">Share of the prediction that the reference has.</param>
/// <param name="Recall">Share of the reference that the prediction has.</param>
public readonly record struct RougeScore(double Precision, double Recall)
{
    /// <summary>Harmonic mean of precision and recall; 0 if both are 0.</summary>
    public double F => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;

    /// <summary>ROUGE-n: common sequences of <paramref name="n"/> words.</summary>
    /// <param name="reference">What was wanted.</param>
    /// <param name="prediction">What was generated.</param>
    /// <param name="n">Words in a sequence, from 1.</param>
    public static RougeScore Sequence(string reference, string prediction, int n)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        string[] wanted = MetricTokens.ForRouge(reference), words = MetricTokens.ForRouge(prediction);
        return Share(Sequences.Overlap(Sequences.Count(wanted, n), Sequences.Count(words, n)), wanted.Length - n + 1, words.Length - n + 1);
    }

    /// <summary>ROUGE-L: the longest sequence of words that both have in this order, not necessarily side by side.</summary>
    /// <param name="reference">What was wanted.</param>
    /// <param name="prediction">What was generated.</param>
    public static RougeScore LongestCommon(string reference, string prediction)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(prediction);
        string[] wanted = MetricTokens.ForRouge(reference), words = MetricTokens.ForRouge(prediction);
        var lengths = new int[words.Length + 1];
        foreach (string word in wanted)
        {
            int diagonal = 0;
            for (int j = 1; j <= words.Length; j++)
            {
                int above = lengths[j];
                lengths[j] = word == words[j - 1] ? diagonal + 1 : Math.Max(above, lengths[j - 1]);
                diagonal = above;
            }
        }
        return Share(lengths[^1], wanted.Length, words.Length);
    }

    static RougeScore Share(int common, int wanted, int predicted) =>
        new((double)common / Math.Max(predicted, 1), (double)common / Math.Max(wanted, 1));
}
