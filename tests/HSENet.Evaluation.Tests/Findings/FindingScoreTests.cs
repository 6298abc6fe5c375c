// Scores of findings on small sets whose results can be counted by hand.
namespace HSENet.Evaluation.Tests;

public sealed class FindingScoreTests
{
    static readonly Finding Nodule = new(FindingKind.Nodule, Side.Right, Lobe.Upper, 20, 2), Effusion = new(FindingKind.Effusion, Side.Left,
        Lobe.None, 30);

    [Fact]
    public void Truth_scores_one()
    {
        var score = FindingScore.Of([([Nodule, Effusion], [Nodule, Effusion]), ([], [])]);
        Assert.Equal(new KindScore(2, 0, 0), score.Micro);
        Assert.Equal((1, 1, 1, 1, 1, 0), (score.Micro.F1, score.Macro, score.Side, score.Lobe, score.Number, score.SizeError));
    }

    [Fact]
    public void Each_mistake_shows_where_it_was_made()
    {
        var score = FindingScore.Of(
        [
            ([Nodule], [Nodule with { Side = Side.Left, Lobe = Lobe.Lower, Millimetres = 25, Number = 1 }]),
            ([Nodule, Effusion], [Effusion with { Millimetres = null }]),
            ([], [Nodule]),
        ]);
        Assert.Equal(new KindScore(1, 1, 1), score.Kinds[FindingKind.Nodule]);
        Assert.Equal(0.5, score.Kinds[FindingKind.Nodule].F1);
        Assert.Equal(new KindScore(2, 1, 1), score.Micro);
        Assert.Equal((0.5, 0, 0), (score.Side, score.Lobe, score.Number));
        Assert.Equal((0.25 + 1) / 2, score.SizeError);
    }

    [Fact]
    public void Reports_are_summarised_by_what_they_say()
    {
        var summary = FindingSummary.Of(
        [
            new Prediction("a", "", "A 20 mm nodule in the right upper lobe. No effusion.", "Nodule of 25 mm, right upper lobe."),
            new Prediction("b", "", "Left pleural effusion of 30 mm.", "Normal chest CT."),
            new Prediction("c", "", "The heart is enlarged.", ""),
        ], new Bootstrap(Resamples: 20));
        Assert.Equal((0.5, 1, 0.25), (summary["f1_micro"], summary["side"], summary["size_error"]));
        var nodule = Assert.Single(summary.Tables).Rows[(int)FindingKind.Nodule];
        Assert.Equal(("nodule", 1, 1, 0.5), (nodule.Name, nodule.Values[0], nodule.Values[1], nodule.Values[4]));
        Assert.Contains("1 of 3 predictions are empty", Assert.Single(summary.Notes));
    }

    [Fact]
    public void What_was_not_asked_for_is_no_number() => Assert.True(double.IsNaN(FindingScore.Of([([], [])]).Side));
}
