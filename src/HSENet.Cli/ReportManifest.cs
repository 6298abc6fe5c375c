// hsenet report --manifest: a report for every study of a list, into a file that a stopped run goes on with.
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>The studies of a manifest, and where their reports go.</summary>
sealed record ReportManifest(string Manifest, string Output, StudyOpener Studies, ReportOptions Options, bool Verbose)
{
    /// <summary>Writes the reports that are missing. A row that cannot be used is said on stderr, tried again by the next run, and makes
    /// the exit code 2.</summary>
    public async Task<int> Run(HseNetModel model, CancellationToken cancellation)
    {
        var rows = Runtime.Manifest.ReadStudies(Manifest, out var broken);
        using var reports = new ReportFile(Output, model.WeightsHash);
        using var progress = new ProgressLine();
        int code = ExitCode.Done;
        foreach (string problem in broken)
            Fail(new HseNetException(problem));
        string folder = Path.GetDirectoryName(Path.GetFullPath(Manifest))!;
        // A folder of several studies is as many reports.
        (ManifestRow Row, FoundStudy Study, string Image, string Question)[] all = [.. rows.SelectMany(row => Studies.Find(row.Image),
            (row, study) => (row, study, Name(folder, $"{study}"), row.Question ?? Options.Question))];
        var missing = Array.FindAll(all, row => !reports.Take(row.Image, row.Question));
        int finished = all.Length - missing.Length, done = 0;
        foreach (var (row, place, image, question) in missing)
        {
            cancellation.ThrowIfCancellationRequested();
            progress.Show($"{done}/{missing.Length} studies", (double)done / missing.Length);
            if (await Report(model, row, place, question, cancellation).ConfigureAwait(false) is var (result, notes))
                reports.Append(new ReportLine(image, question, result.Text, result.Ids, result.PromptTokens, result.Seconds, result.Weights,
                    result.Preprocessing, notes));
            done++;
        }
        progress.Clear();
        Console.WriteLine($"{Output}: {reports.Count} reports{(finished > 0 ? $", {finished} of them from an earlier run" : "")}");
        return code;

        async Task<(ReportResult Result, IReadOnlyList<string> Notes)?> Report(HseNetModel model, ManifestRow row, FoundStudy place,
            string question,
            CancellationToken cancellation)
        {
            try
            {
                using var study = Studies.Open(row, place);
                if (study.Notes.Count > 0)
                    progress.Clear();
                foreach (string note in study.Notes)
                    Messages.Note($"{place}: {note}");
                return (await model.Report(study, Options with { Question = question }, cancellation).CompleteAsync(cancellation)
                    .ConfigureAwait(false), OptionNames.In(study.Notes));
            }
            catch (Exception e) when (e.IsOfOneItem())
            {
                Fail(e, $"{Manifest}, line {row.Line}");
                return null;
            }
        }

        void Fail(Exception e, string? place = null)
        {
            progress.Clear();
            code = Math.Max(code, Verb.Explain(e, Verbose, place));
        }
    }

    // As the manifest's folder has it, so that both can be moved together.
    static string Name(string folder, string image)
    {
        string relative = Path.GetRelativePath(folder, image).Replace('\\', '/');
        return relative.StartsWith("../", StringComparison.Ordinal) ? image : relative;
    }
}
