// hsenet eval report and vqa: a model's texts for the rows of a manifest, and their scores.
using System.Text;
using System.Text.Json.Nodes;
using HSENet.Evaluation;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Cli;

/// <summary>One evaluation of generated texts.</summary>
/// <param name="manifest">The rows.</param>
/// <param name="run">The folder of the run.</param>
/// <param name="answers">Whether they are questions.</param>
sealed class EvalTexts(string manifest, string run, bool answers)
{
    // Which wording asks about a row's abnormality: the same in every run.
    const long QuestionSeed = 42;

    readonly IReadOnlyList<ManifestRow> _rows =
        Manifest.ReadEvaluated(manifest, answers ? RowContent.Answer : RowContent.Report, out _);

    /// <summary>The file of texts.</summary>
    public string Predictions { get; } = Path.Combine(run, "predictions.jsonl");

    /// <summary>Lets models write what is missing.</summary>
    public async Task<int> Predict(Shard shard, IReadOnlyList<HseNetModel> models, StudyOpener studies, ReportOptions options,
        string settings,
        bool verbose, CancellationToken cancellation)
    {
        var rows = Manifest.ReadEvaluated(manifest, answers ? RowContent.Answer : RowContent.Report, out var broken);
        shard.Tell(rows.Count, "rows");
        using var work = new ReportManifest(manifest, shard.Name(Predictions), studies, row => options with { Question = Question(row) },
            settings, verbose);
        int code = await work.Run(models, shard.Of(rows), broken, cancellation).ConfigureAwait(false);
        Messages.Note(work.Outcome);
        return code;
    }

    string Question(ManifestRow row) => !answers ? Prompt.DefaultQuestion
        : row.Question ?? QuestionTemplates.Location.Draw(new SeededDraws(QuestionSeed, "question", -1, row.Line), row.Abnormality);

    string Wanted(ManifestRow row) => !answers ? ReportText.Clean(row.Text!) : row.Question is null ? row.Anatomy! : row.Answer!;

    /// <summary>Puts the files of all parts in the place of one run's.</summary>
    public void Join()
    {
        var parts = Shard.Parts(Predictions);
        var all = new StringBuilder();
        foreach (string part in parts)
            all.Append(JsonFile.ReadText(part));
        AtomicFile.Write(Predictions, Encoding.UTF8.GetBytes(all.ToString()));
    }

    /// <summary>Scores what is there; writes <c>scores.csv</c> and <c>summary.json</c>.</summary>
    /// <returns>The scores in the order of the manifest, and their summary.</returns>
    public (IReadOnlyList<SampleScore> Scores, Summary Summary) Score(Bootstrap bootstrap, string? wordNet, CancellationToken cancellation)
    {
        var lines = ReportFile.ReadAll(Predictions);
        if (lines.DistinctBy(line => (line.Weights, line.Settings)).Skip(1).FirstOrDefault() is { } other)
            throw new HseNetFileException(Predictions, $"holds texts of other weights or options, as that of "
                + HseNetFileException.Quote(other.Image), "the texts of one model and one set of options");
        var texts = lines.GroupBy(line => (line.Image, line.Question))
            .ToDictionary(group => group.Key, group => new Queue<ReportLine>(group));
        var predictions = new List<Prediction>();
        int missing = 0;
        foreach (var row in _rows)
        {
            string image = ReportManifest.Name(manifest, row.Image), question = Question(row);
            if (texts.TryGetValue((image, question), out var found) && found.TryDequeue(out var line))
                predictions.Add(new Prediction(image, question, Wanted(row), line.Text));
            else
                missing++;
        }
        if (predictions.Count == 0)
            throw new HseNetFileException(Predictions, $"has no text of any row of {manifest}", "the texts of this manifest");
        var synonyms = wordNet is null ? null : WordNet.Open(wordNet);
        var scores = SampleScore.Of(predictions, synonyms, cancellation);
        var summary = answers ? TextSummary.OfAnswers(scores, bootstrap, synonyms is not null, cancellation)
            : TextSummary.OfReports(scores, bootstrap, synonyms is not null, cancellation);
        if (missing > 0)
            summary = summary with
            {
                Notes =
                [.. summary.Notes, $"{missing} of {_rows.Count} rows have no text and are not in the scores"]
            };
        ScoreTable.Write(Path.Combine(run, "scores.csv"), scores, answers);
        var json = SummaryText.ToJson(summary);
        json["weights"] = lines[0].Weights;
        json["preprocessing"] = new JsonArray([.. lines.Select(line => line.Preprocessing).Distinct().Order(StringComparer.Ordinal)
            .Select(name => (JsonNode)name)]);
        TextFile.Write(Path.Combine(run, "summary.json"), json.ToJsonString(ReportWriter.Json) + "\n");
        return (scores, summary);
    }
}
