// How well the findings of reports agree with the truth: which kinds are found, and on those side, lobe, size and number.
namespace HSENet.Evaluation;

/// <summary>How often one kind was found.</summary>
/// <param name="Hits">There, and said.</param>
/// <param name="Missed">There, not said.</param>
/// <param name="Invented">Said, not there.</param>
sealed record KindScore(int Hits, int Missed, int Invented)
{
    /// <summary>2 × hits / (2 × hits + missed + invented); 1 where there is nothing to find and nothing was said.</summary>
    public double F1 => Hits + Missed + Invented == 0 ? 1 : 2.0 * Hits / (2 * Hits + Missed + Invented);
}

/// <summary>Scores of findings over several reports.</summary>
/// <param name="Kinds">Of each kind.</param>
/// <param name="Micro">Of all kinds together.</param>
/// <param name="Macro">Mean of the kinds' F1.</param>
/// <param name="Side">Share of hits with the right side, of those that have one; NaN without any. The same for the other shares.</param>
/// <param name="Lobe">Share of hits with the right lobe, of local kinds.</param>
/// <param name="Number">Share of hits with the right number, of local kinds.</param>
/// <param name="SizeError">Median of |said − true| / true, of hits that have a size; one that says none counts as 1.</param>
sealed record FindingScore(IReadOnlyDictionary<FindingKind, KindScore> Kinds, KindScore Micro, double Macro, double Side, double Lobe,
    double Number, double SizeError)
{
    /// <summary>Compares findings, report by report.</summary>
    /// <param name="pairs">Truth and what was said.</param>
    public static FindingScore Of(IEnumerable<(IReadOnlyList<Finding> Truth, IReadOnlyList<Finding> Said)> pairs)
    {
        var kinds = Enum.GetValues<FindingKind>();
        int[] hits = new int[kinds.Length], missed = new int[kinds.Length], invented = new int[kinds.Length];
        var matched = new List<(Finding Truth, Finding Said)>();
        foreach (var (truth, said) in pairs)
            foreach (var kind in kinds)
                switch (truth.FirstOrDefault(finding => finding.Kind == kind), said.FirstOrDefault(finding => finding.Kind == kind))
                {
                    case ({ } there, { } named):
                        hits[(int)kind]++;
                        matched.Add((there, named));
                        break;
                    case ({ }, null):
                        missed[(int)kind]++;
                        break;
                    case (null, { }):
                        invented[(int)kind]++;
                        break;
                }
        var scores = kinds.ToDictionary(kind => kind, kind => new KindScore(hits[(int)kind], missed[(int)kind], invented[(int)kind]));
        return new FindingScore(scores, new KindScore(hits.Sum(), missed.Sum(), invented.Sum()), scores.Values.Average(score => score.F1),
            Share(matched.Where(pair => pair.Truth.Side != Evaluation.Side.None), pair => pair.Truth.Side == pair.Said.Side),
            Share(matched.Where(pair => Finding.IsLocal(pair.Truth.Kind)), pair => pair.Truth.Lobe == pair.Said.Lobe),
            Share(matched.Where(pair => Finding.IsLocal(pair.Truth.Kind)), pair => pair.Truth.Number == pair.Said.Number),
            Median([.. matched.Where(pair => pair.Truth.Millimetres is not null).Select(pair => pair.Said.Millimetres is { } said
                ? Math.Abs(said - pair.Truth.Millimetres!.Value) / pair.Truth.Millimetres.Value : 1)]));
    }

    static double Share(IEnumerable<(Finding Truth, Finding Said)> pairs, Func<(Finding Truth, Finding Said), bool> right) =>
        pairs.Select(pair => right(pair) ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();

    static double Median(List<double> values)
    {
        if (values.Count == 0)
            return double.NaN;
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
