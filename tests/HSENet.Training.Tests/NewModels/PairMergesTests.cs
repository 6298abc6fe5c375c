// Which pairs are joined, in which order.
namespace HSENet.Training.Tests;

public sealed class PairMergesTests
{
    static string[] Learn(int most, params (string Word, long Count)[] words) =>
        [.. new PairMerges(words.Select(word => (word.Word.Select(letter => $"{letter}").ToArray(), word.Count)))
            .Learn(most, (left, right) => left + right).Select(merge => $"{merge.Left}+{merge.Right}")];

    [Fact]
    public void Every_merge_is_the_commonest_pair_of_what_the_ones_before_left()
    {
        List<(List<string> Symbols, long Count)> words =
            [(["l", "o", "w"], 5), (["l", "o", "w", "e", "r"], 2), (["n", "e", "w", "e", "s", "t"], 6),
                (["w", "i", "d", "e", "s", "t"], 3)];
        string[] learned = Learn(8, [.. words.Select(word => (string.Concat(word.Symbols), word.Count))]);
        Assert.Equal(8, learned.Length);
        foreach (string merge in learned)
        {
            var commonest = words.SelectMany(word => word.Symbols.Zip(word.Symbols.Skip(1)).Select(pair => (Pair: pair, word.Count)))
                .GroupBy(pair => pair.Pair).OrderByDescending(group => group.Sum(pair => pair.Count))
                .ThenBy(group => group.Key.First, StringComparer.Ordinal).ThenBy(group => group.Key.Second, StringComparer.Ordinal)
                .First().Key;
            Assert.Equal($"{commonest.First}+{commonest.Second}", merge);
            foreach (var (symbols, _) in words)
                for (int i = 0; i + 1 < symbols.Count; i++)
                    if ((symbols[i], symbols[i + 1]) == commonest)
                    {
                        symbols[i] += symbols[i + 1];
                        symbols.RemoveAt(i + 1);
                    }
        }
    }

    [Fact]
    public void Overlapping_pairs_are_joined_from_the_left() =>
        Assert.Equal(["a+a", "aa+a"], Learn(9, ("aaa", 2)));

    [Fact]
    public void What_stands_together_once_is_not_joined() => Assert.Empty(Learn(9, ("abc", 1), ("def", 1)));

    [Fact]
    public void Ties_go_by_characters() => Assert.Equal(["a+b"], Learn(1, ("xy", 2), ("ab", 2)));
}
