// The summary of generated reports by what they say: findings, their places and sizes, beside the floor of always saying yes.
namespace HSENet.Evaluation;

/// <summary>Summarises the findings of reports; both texts of a sample are read by <see cref="FindingParser"/>.</summary>
internal static class FindingSummary
{
    static readonly string[] Names = ["f1_micro", "f1_macro", "side", "lobe", "number", "size_error"];

    /// <summary>Compares what was generated with what was wanted.</summary>
    public static Summary Of(IReadOnlyList<Prediction> predictions, Bootstrap bootstrap, CancellationToken cancellation = default)
    {
        (IReadOnlyList<Finding> Truth, IReadOnlyList<Finding> Said)[] pairs =
            [.. predictions.Select(prediction => (FindingParser.Parse(prediction.Wanted), FindingParser.Parse(prediction.Text)))];
        var figures = bootstrap.Of([.. predictions.Select(prediction => prediction.Study)], Names, samples => Figures(samples.Select(i =>
            pairs[i])), cancellation);
        var score = FindingScore.Of(pairs);
        var table = new FigureTable("finding", ["support", "f1", "precision", "recall", "always_yes"], [.. score.Kinds.Select(kind =>
            (kind.Key.ToString().ToLowerInvariant(), Row(kind.Value, pairs.Length)))]);
        List<string> notes = [];
        if (!pairs.Any(pair => pair.Truth.Any(finding => pair.Said.Any(said => said.Kind == finding.Kind))))
            notes.Add("no finding was hit, so side, lobe, number and size_error, which are shares of hits, are 0");
        int empty = predictions.Count(prediction => prediction.Text.Trim().Length == 0);
        if (empty > 0)
            notes.Add($"{empty} of {predictions.Count} predictions are empty: they say that nothing was found");
        return new Summary("findings", predictions.Count, predictions.Select(prediction => prediction.Study).Distinct().Count(), bootstrap,
            figures, [table], notes);
    }

    static double[] Figures(IEnumerable<(IReadOnlyList<Finding> Truth, IReadOnlyList<Finding> Said)> pairs)
    {
        var score = FindingScore.Of(pairs);
        double[] values = [score.Micro.F1, score.Macro, score.Side, score.Lobe, score.Number, score.SizeError];
        return [.. values.Select(value => double.IsNaN(value) ? 0 : value)];
    }

    static double[] Row(KindScore kind, int reports)
    {
        int there = kind.Hits + kind.Missed, said = kind.Hits + kind.Invented;
        return [there, kind.F1, said == 0 ? 0 : (double)kind.Hits / said, there == 0 ? 0 : (double)kind.Hits / there,
            2.0 * there / (there + reports)];
    }
}
