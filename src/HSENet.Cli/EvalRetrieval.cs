// hsenet eval retrieval: volumes and reports of a manifest embedded, and how well each finds the other.
using System.CommandLine;
using HSENet.Evaluation;
using HSENet.Runtime;

namespace HSENet.Cli;

static class EvalRetrieval
{
    public static Command Create()
    {
        var manifest = new Option<string>("--manifest")
        {
            Description = "The studies: rows with \"image\" and \"text\"; of a file with a validation list, that list.",
            Required = true
        };
        var run = new Option<string>("--out")
        {
            Description = "The run's folder: embeddings.index, with which a stopped run goes on, then summary.json.",
            Required = true
        };
        var labels = new Option<string?>("--labels")
        {
            Description = "CSV with VolumeName and a column of 0 and 1 for each finding, as CT-RATE's labels: for volume to volume."
        };
        var weights = new Option<string?>("--weights") { Description = "Model folder with the text encoder of stage 2." };
        var shard = Shard.Option();
        var join = new Option<bool>("--join") { Description = "Join the embeddings of all parts in the run's folder, and score them." };
        var workers = Verb.Workers();
        var device = Verb.Device();
        var verbose = Verb.Verbose();
        var study = new StudyArguments();
        var summary = new SummaryArguments();
        var command = new Command("retrieval", """
            Recall of reports by volumes and of volumes by reports and, with --labels, volume to volume: as the reference computes it, and
            corrected.

            Examples:
              hsenet eval retrieval --manifest test.json --labels labels.csv --weights model --out run
              hsenet eval retrieval --manifest test.json --labels labels.csv --out run --join
            """)
        { manifest, run, labels, weights, shard, join, workers, device, verbose };
        study.AddAll(command);
        summary.AddAll(command);
        command.Run(verbose, async (parsed, cancellation) =>
        {
            string list = parsed.GetRequiredValue(manifest), folder = parsed.GetRequiredValue(run),
                embeddings = Path.Combine(folder, "embeddings.index");
            var bootstrap = summary.Bootstrap(parsed);
            var table = parsed.GetValue(labels) is { } file ? LabelTable.Read(file) : null;
            var part = Shard.Whole;
            int code = ExitCode.Done;
            if (parsed.GetValue(join))
                VolumeIndex.Merge(Shard.Parts(embeddings), embeddings, cancellation);
            else
            {
                part = Shard.Of(parsed, shard);
                string model = parsed.GetValue(weights) ?? throw new HseNetException("--weights: expected a model folder");
                using var build = new IndexBuild(list, study.Opener(parsed, cancellation), json: false, parsed.GetValue(verbose),
                    evaluated: true);
                RunFolders.Create(folder);
                code = await build.Run(part, part.Name(embeddings), half: false, model,
                    Verb.OpenDevices(parsed.GetRequiredValue(device), parsed.GetValue(workers) ?? 1), cancellation).ConfigureAwait(false);
                Messages.Note(build.Outcome);
            }
            if (part.Count > 1)
            {
                Messages.Note($"when all {part.Count} parts are done: hsenet eval retrieval --join");
                return code;
            }
            var (result, hash) = Score(list, embeddings, table, bootstrap, cancellation);
            var json = SummaryText.ToJson(result);
            json["weights"] = hash;
            TextFile.Write(Path.Combine(folder, "summary.json"), json.ToJsonString(ReportWriter.Json) + "\n");
            summary.Print(parsed, result);
            return code;
        });
        return command;
    }

    // In the order of the manifest: of equal similarities the earlier study comes first.
    static (Summary, string Weights) Score(string manifest, string embeddings, LabelTable? labels, Bootstrap bootstrap,
        CancellationToken cancellation)
    {
        using var index = VolumeIndex.Open(embeddings);
        var items = new Dictionary<(string, bool), float[]>();
        for (int i = 0; i < index.Count; i++)
        {
            var item = index[i];
            items.TryAdd((item.Study, item.IsText), index.Vector(i));
        }
        var rows = Manifest.ReadEvaluated(manifest, RowContent.Report, out _);
        string[] names = [.. rows.Select(row => ReportManifest.Name(manifest, row.Image)).Distinct()];
        EmbeddedStudy[] studies = [.. names.Where(name => items.ContainsKey((name, false)) && items.ContainsKey((name, true)))
            .Select(name => new EmbeddedStudy(name, items[(name, false)], items[(name, true)], labels?.Get(name)))];
        if (studies.Length == 0)
            throw new HseNetFileException(embeddings, $"has no study of {manifest}", "volumes and reports of this manifest");
        var summary = RetrievalSummary.Of(studies, bootstrap, cancellation);
        List<string> notes = [.. summary.Notes];
        if (studies.Length < names.Length)
            notes.Add($"{names.Length - studies.Length} of {names.Length} studies have no embeddings and are not in the scores");
        if (names.Length < rows.Count)
            notes.Add($"{rows.Count - names.Length} of {rows.Count} rows name a study again and are not in the scores");
        return (summary with { Notes = notes }, index.WeightsHash);
    }
}
