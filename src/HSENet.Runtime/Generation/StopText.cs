// Holds back text that may become a stop sequence, until it did or cannot any more.
namespace HSENet.Runtime;

/// <summary>The text of an answer up to the first stop sequence, piece by piece.</summary>
/// <param name="sequences">What ends the text; is not part of it.</param>
sealed class StopText(IReadOnlyList<string> sequences)
{
    string _held = "";

    /// <summary>Whether a stop sequence came: nothing that follows counts.</summary>
    public bool Stopped { get; private set; }

    /// <summary>What of the text so far is certain now.</summary>
    public string Append(string piece)
    {
        if (Stopped || sequences.Count == 0)
            return Stopped ? "" : piece;
        string text = _held + piece;
        int end = sequences.Select(sequence => text.IndexOf(sequence, StringComparison.Ordinal)).Where(at => at >= 0)
            .DefaultIfEmpty(-1).Min();
        Stopped = end >= 0;
        int certain = Stopped ? end : text.Length - Beginning(text);
        _held = text[certain..];
        return text[..certain];
    }

    /// <summary>What was held back, at the end of the text.</summary>
    public string Finish()
    {
        string rest = Stopped ? "" : _held;
        _held = "";
        return rest;
    }

    // The longest end of the text with which a sequence begins.
    int Beginning(string text)
    {
        int longest = 0;
        foreach (string sequence in sequences)
            for (int length = Math.Min(sequence.Length - 1, text.Length); length > longest; length--)
                if (text.EndsWith(sequence[..length], StringComparison.Ordinal))
                    longest = length;
        return longest;
    }
}
