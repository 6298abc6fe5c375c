// Retrieval where studies of the same findings are as good as the study itself, and what no embedding reaches.
namespace HSENet.Evaluation.Tests;

public sealed class RetrievalSummaryTests
{
    static readonly Bootstrap None = new(0);

    static EmbeddedStudy Study(string name, float[] image, float[] text, params bool[] findings) => new(name, image, text, findings);

    [Fact]
    public void A_study_with_the_same_findings_is_a_hit()
    {
        // Each image finds the other's text: the first two have the same findings, the last two have not.
        EmbeddedStudy[] studies =
        [
            Study("a", [1, 0, 0, 0], [0, 1, 0, 0], true, false), Study("b", [0, 1, 0, 0], [1, 0, 0, 0], true, false),
            Study("c", [0, 0, 1, 0], [0, 0, 0, 1], false, true), Study("d", [0, 0, 0, 1], [0, 0, 1, 0], false, false),
        ];
        var summary = RetrievalSummary.Of(studies, None);
        Assert.Equal(0, summary["image_to_text_1"]);
        Assert.Equal((50, 50), (summary["image_to_equal_text_1"], summary["text_to_equal_image_1"]));
        Assert.Equal(100, summary["image_to_equal_text_5"]);
        // By chance: 2 of 4 for the first two, 1 of 4 for the others.
        Assert.Equal(100 * (0.5 + 0.5 + 0.25 + 0.25) / 4, summary["equal_by_chance_1"], 1e-9);
        Assert.Equal(100, summary["equal_by_chance_5"], 1e-9);
        // The commonest findings are right for two of four.
        Assert.Equal(50, summary["equal_by_frequency_1"]);
    }

    [Theory]
    [InlineData(10, 3, 1, 0.3)]
    [InlineData(10, 3, 2, 1 - 7.0 / 10 * 6 / 9)]
    [InlineData(10, 1, 10, 1)]
    [InlineData(3, 1, 10, 1)]
    public void Chance_is_that_of_drawing_without_putting_back(int count, int equal, int k, double expected) =>
        Assert.Equal(expected, RetrievalMetrics.ByChance(count, equal, k), 1e-12);

    [Fact]
    public void Places_of_equal_labels_never_lie_behind_the_own()
    {
        var random = new Random(1);
        float[][] queries = Vectors(), items = Vectors();
        int[] labels = [.. Enumerable.Range(0, 40).Select(_ => random.Next(9))];
        int[] own = RetrievalMetrics.Places(queries, items), equal = RetrievalMetrics.PlacesOfEqual(queries, items, labels);
        Assert.All(own.Zip(equal), pair => Assert.True(pair.Second <= pair.First));
        Assert.Contains(own.Zip(equal), pair => pair.Second < pair.First);
        Assert.Equal(own, RetrievalMetrics.PlacesOfEqual(queries, items, [.. Enumerable.Range(0, 40)]));

        float[][] Vectors() => [.. Enumerable.Range(0, 40).Select(_ => (float[])[.. Enumerable.Range(0, 6).Select(_ =>
            random.NextSingle() - 0.5f)])];
    }
}
