// Which two neighbours to join next: the learning that byte-pair encoding and WordPiece have in common.
namespace HSENet.Training;

/// <summary>Learns merges from counted words: the pair of symbols that stands side by side most often becomes one symbol, again and
/// again.</summary>
sealed class PairMerges
{
    // What stands together once is no pattern.
    const long LeastCount = 2;

    readonly List<string> _symbols = [];
    readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    readonly List<(int[] Symbols, long Count)> _words = [];
    readonly Dictionary<(int Left, int Right), long> _pairs = [];
    readonly Dictionary<(int Left, int Right), HashSet<int>> _wordsOf = [];

    /// <summary>Takes the words as their first symbols.</summary>
    public PairMerges(IEnumerable<(string[] Symbols, long Count)> words)
    {
        foreach (var (symbols, count) in words)
        {
            _words.Add(([.. symbols.Select(IdOf)], count));
            Count(_words.Count - 1, +1);
        }
    }

    /// <summary>The merges in the order in which they are learned; ties go to what comes first by its characters.</summary>
    /// <param name="most">How many at most; fewer when no pair is left that stands together twice.</param>
    /// <param name="join">What two symbols are together.</param>
    public IEnumerable<(string Left, string Right, string Joined)> Learn(int most, Func<string, string, string> join)
    {
        for (int i = 0; i < most && Commonest() is { } pair; i++)
        {
            var (left, right) = (_symbols[pair.Left], _symbols[pair.Right]);
            string joined = join(left, right);
            int id = IdOf(joined);
            foreach (int word in _wordsOf[pair].ToArray())
            {
                Count(word, -1);
                _words[word] = (Merged(_words[word].Symbols, pair, id), _words[word].Count);
                Count(word, +1);
            }
            yield return (left, right, joined);
        }
    }

    (int Left, int Right)? Commonest()
    {
        (int Left, int Right)? best = null;
        long most = LeastCount - 1;
        foreach (var (pair, count) in _pairs)
            if (count > most || count == most && best is { } other && IsBefore(pair, other))
                (best, most) = (pair, count);
        return best;
    }

    bool IsBefore((int Left, int Right) a, (int Left, int Right) b) =>
        string.CompareOrdinal(_symbols[a.Left], _symbols[b.Left]) is var left and not 0 ? left < 0
        : string.CompareOrdinal(_symbols[a.Right], _symbols[b.Right]) < 0;

    void Count(int word, int sign)
    {
        var (symbols, count) = _words[word];
        for (int i = 0; i + 1 < symbols.Length; i++)
        {
            var pair = (symbols[i], symbols[i + 1]);
            long now = _pairs.GetValueOrDefault(pair) + sign * count;
            if (!_wordsOf.TryGetValue(pair, out var words))
                _wordsOf.Add(pair, words = []);
            if (now > 0)
                _pairs[pair] = now;
            else
                _pairs.Remove(pair);
            if (sign > 0)
                words.Add(word);
            else
                words.Remove(word);
        }
    }

    static int[] Merged(int[] symbols, (int Left, int Right) pair, int joined)
    {
        var merged = new List<int>(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
            if (i + 1 < symbols.Length && symbols[i] == pair.Left && symbols[i + 1] == pair.Right)
            {
                merged.Add(joined);
                i++;
            }
            else
                merged.Add(symbols[i]);
        return [.. merged];
    }

    int IdOf(string symbol)
    {
        if (_ids.TryGetValue(symbol, out int id))
            return id;
        _ids.Add(symbol, _symbols.Count);
        _symbols.Add(symbol);
        return _symbols.Count - 1;
    }
}
