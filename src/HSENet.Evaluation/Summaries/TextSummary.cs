// The summary of generated reports or answers: means, the BLEU of the whole set, and for answers tables by anatomy and class.

namespace HSENet.Evaluation;

/// <summary>Summarises scores of samples.</summary>
internal static class TextSummary
{
    static readonly (string Name, Func<SampleScore, double> Of)[] TextColumns =
    [
        ("bleu1", s => s.Bleu.Precisions[0]), ("bleu2", s => s.Bleu.Precisions[1]), ("bleu3", s => s.Bleu.Precisions[2]),
        ("bleu4", s => s.Bleu.Precisions[3]), ("rouge1", s => s.Rouge1.F), ("rouge2", s => s.Rouge2.F), ("rougeL", s => s.RougeL.F),
        ("meteor", s => s.Meteor),
    ];

    static readonly (string Name, Func<SampleScore, double> Of)[] AnswerColumns =
        [("acc_class", s => s.IsClassRight ? 1 : 0), ("acc_text", s => s.IsTextRight ? 1 : 0)];

    static readonly string[] CorpusNames =
        ["corpus_bleu", "corpus_bleu1", "corpus_bleu2", "corpus_bleu3", "corpus_bleu4", "corpus_brevity_penalty",
            "corpus_prediction_length", "corpus_reference_length"];

    /// <summary>Reports: means over samples, and corpus BLEU.</summary>
    public static Summary OfReports(IReadOnlyList<SampleScore> scores, Bootstrap bootstrap, bool synonyms,
        CancellationToken cancellation = default)
    {
        var (names, values) = Values(scores, []);
        var figures = bootstrap.Of([.. scores.Select(score => score.Prediction.Study)], [.. names, .. CorpusNames],
            samples => [.. Means(values, samples), .. Corpus(scores, samples)], cancellation);
        return Make("report", scores, bootstrap, figures, [], synonyms);
    }

    /// <summary>Answers: means over samples (micro) and over the anatomies that occur (macro), the classes that were named, and corpus
    /// BLEU.</summary>
    public static Summary OfAnswers(IReadOnlyList<SampleScore> scores, Bootstrap bootstrap, bool synonyms,
        CancellationToken cancellation = default)
    {
        var (names, values) = Values(scores, AnswerColumns);
        int[] wanted = [.. scores.Select(score => ClassTable.IndexOf(score.WantedClass))],
            named = [.. scores.Select(score => ClassTable.IndexOf(score.PredictedClass))];
        var figures = bootstrap.Of([.. scores.Select(score => score.Prediction.Study)],
            [.. names, .. names.Select(name => $"macro_{name}"), .. ClassTable.Averages, .. CorpusNames],
            samples => [.. Means(values, samples), .. Macro(values, wanted, samples), .. ClassTable.Of(wanted, named, samples).Average(),
                .. Corpus(scores, samples)], cancellation);
        int[] all = [.. Enumerable.Range(0, scores.Count)];
        var anatomies = all.GroupBy(i => wanted[i]).OrderBy(group => group.Key)
            .Select(group => (AnswerMetrics.Classes[group.Key], (double[])[group.Count(), .. Means(values, [.. group])]));
        return Make("vqa", scores, bootstrap, figures, [new FigureTable("anatomy", ["samples", .. names], [.. anatomies]),
            ClassTable.Of(wanted, named, all).Table()], synonyms);
    }

    static Summary Make(string task, IReadOnlyList<SampleScore> scores, Bootstrap bootstrap, IReadOnlyList<Figure> figures,
        IReadOnlyList<FigureTable> tables, bool synonyms)
    {
        var notes = new List<string>();
        if (!synonyms)
            notes.Add("meteor without WordNet's synonyms: the same or lower");
        if (scores[0].Prediction.BertF1 is null)
            notes.Add("no bert_f1: it takes a language model that is not part of this program");
        int empty = scores.Count(score => score.Prediction.Text.Trim().Length == 0);
        if (empty > 0)
            notes.Add($"{empty} empty {(empty == 1 ? "prediction" : "predictions")}"
                + (task == "vqa" ? "; acc_class takes them for right, as the reference does" : ""));
        return new Summary(task, scores.Count, scores.Select(score => score.Prediction.Study).Distinct().Count(), bootstrap, figures,
            tables, notes);
    }

    static (string[] Names, double[][] Values) Values(IReadOnlyList<SampleScore> scores, (string, Func<SampleScore, double>)[] more)
    {
        (string Name, Func<SampleScore, double> Of)[] columns = [.. TextColumns,
            .. scores[0].Prediction.BertF1 is null ? []
                : ((string, Func<SampleScore, double>)[])[("bert_f1", s => s.Prediction.BertF1!.Value)],
            .. more];
        return ([.. columns.Select(column => column.Name)],
            [.. scores.Select(score => columns.Select(column => column.Of(score)).ToArray())]);
    }

    static double[] Means(double[][] values, IReadOnlyCollection<int> samples)
    {
        var sums = new double[values[0].Length];
        foreach (int sample in samples)
            for (int i = 0; i < sums.Length; i++)
                sums[i] += values[sample][i];
        return [.. sums.Select(sum => sum / samples.Count)];
    }

    static double[] Macro(double[][] values, int[] groups, int[] samples)
    {
        double[][] means = [.. samples.GroupBy(sample => groups[sample]).Select(group => Means(values, [.. group]))];
        return [.. Enumerable.Range(0, values[0].Length).Select(i => means.Average(mean => mean[i]))];
    }

    static double[] Corpus(IReadOnlyList<SampleScore> scores, int[] samples)
    {
        var sum = new BleuCounts();
        foreach (int sample in samples)
            sum.Add(scores[sample].Counts);
        var bleu = sum.Score();
        return [bleu.Bleu, .. bleu.Precisions, bleu.BrevityPenalty, bleu.PredictionLength, bleu.ReferenceLength];
    }
}
