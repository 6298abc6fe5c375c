// METEOR: words matched as they are, by stem and by synonym; rewarded by recall, punished for being scattered.

namespace HSENet.Evaluation;

/// <summary>
/// METEOR with alpha 0.9, beta 3, gamma 0.5. Words are lower-cased and matched in three passes: equal, equal stems, synonyms of the stem.
/// </summary>
public static class Meteor
{
    const double Alpha = 0.9, Beta = 3, Gamma = 0.5;

    /// <summary>The score of one prediction, from 0 to 1.</summary>
    /// <param name="reference">What was wanted.</param>
    /// <param name="prediction">What was generated.</param>
    /// <param name="synonyms">WordNet, for the third pass. Without it that pass finds nothing: the score is the same or lower.</param>
    public static double Score(string reference, string prediction, WordNet? synonyms = null)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(prediction);
        return Score(MetricTokens.ForMeteor(reference), MetricTokens.ForMeteor(prediction), synonyms);
    }

    /// <summary>The score of a prediction whose words are already cut.</summary>
    internal static double Score(IReadOnlyList<string> reference, IReadOnlyList<string> prediction, WordNet? synonyms = null)
    {
        List<(int At, string Word)> wanted = Lower(reference), words = Lower(prediction);
        var matches = new List<(int Prediction, int Reference)>();
        Match(words, wanted, matches, (word, other) => word == other);
        ToStems(words);
        ToStems(wanted);
        Match(words, wanted, matches, (word, other) => word == other);
        if (synonyms is not null)
            Match(words, wanted, matches, (word, other) => word == other || synonyms.AreSynonyms(word, other));
        if (matches.Count == 0)
            return 0;

        matches.Sort();
        int chunks = 1;
        for (int i = 1; i < matches.Count; i++)
            if (matches[i].Prediction != matches[i - 1].Prediction + 1 || matches[i].Reference != matches[i - 1].Reference + 1)
                chunks++;
        double precision = (double)matches.Count / prediction.Count, recall = (double)matches.Count / reference.Count;
        double mean = precision * recall / (Alpha * precision + (1 - Alpha) * recall);
        return (1 - Gamma * Math.Pow((double)chunks / matches.Count, Beta)) * mean;
    }

    static List<(int, string)> Lower(IReadOnlyList<string> words) => [.. words.Select((word, at) => (at, word.ToLowerInvariant()))];

    static void ToStems(List<(int At, string Word)> words)
    {
        for (int i = 0; i < words.Count; i++)
            words[i] = (words[i].At, PorterStemmer.Stem(words[i].Word));
    }

    // From the end of both texts, as the reference does: which of several equal words is taken decides about the chunks.
    static void Match(List<(int At, string Word)> words, List<(int At, string Word)> wanted, List<(int, int)> matches,
        Func<string, string, bool> fits)
    {
        for (int i = words.Count - 1; i >= 0; i--)
        {
            int j = wanted.FindLastIndex(other => fits(words[i].Word, other.Word));
            if (j < 0)
                continue;
            matches.Add((words[i].At, wanted[j].At));
            words.RemoveAt(i);
            wanted.RemoveAt(j);
        }
    }
}
