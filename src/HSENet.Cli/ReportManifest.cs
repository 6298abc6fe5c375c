// hsenet report --manifest: a report for every study of a list, into a file that a stopped run goes on with.
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>The studies of a manifest, and where their reports go.</summary>
/// <param name="manifest">The list.</param>
/// <param name="output">The file of reports.</param>
/// <param name="studies">Opens them.</param>
/// <param name="options">Of every report; a row may ask another question.</param>
/// <param name="settings">Key of all options that decide a report: a file has the reports of one.</param>
/// <param name="verbose">Whether errors show where they arose.</param>
sealed class ReportManifest(string manifest, string output, StudyOpener studies, ReportOptions options, string settings, bool verbose)
    : IDisposable
{
    readonly ProgressLine _progress = new();
    int _code = ExitCode.Done;

    /// <summary>A question of a study.</summary>
    /// <param name="Row">Its row.</param>
    /// <param name="Study">The study.</param>
    /// <param name="Image">As the manifest's folder has it.</param>
    /// <param name="Options">With the question.</param>
    /// <param name="State">Key of the study's files and of what is said of them.</param>
    readonly record struct Wanted(ManifestRow Row, FoundStudy Study, string Image, ReportOptions Options, string State = "");

    /// <summary>Writes the reports that are missing. A row that cannot be used is said on stderr, tried again by the next run, and makes
    /// the exit code 2. Rows about one study share its encoding.</summary>
    public async Task<int> Run(HseNetModel model, CancellationToken cancellation)
    {
        var rows = Manifest.ReadStudies(manifest, out var broken);
        using var reports = new ReportFile(output, model.Hashes, settings);
        foreach (string problem in broken)
            Fail(new HseNetException(problem));
        string folder = Path.GetDirectoryName(Path.GetFullPath(manifest))!;
        // A folder of several studies is as many reports.
        Wanted[] all = [.. rows.SelectMany(row => studies.Find(row.Image),
            (row, study) => new Wanted(row, study, Name(folder, $"{study}"), Options(row)))];
        var missing = new List<Wanted>();
        int finished = 0, done = 0;
        foreach (var wanted in all)
            try
            {
                string state = studies.State(wanted.Row, wanted.Study);
                if (reports.Take(wanted.Image, wanted.Options.Question, state))
                    finished++;
                else
                    missing.Add(wanted with { State = state });
            }
            catch (HseNetFileException e)
            {
                Fail(e, wanted.Row);
            }
        foreach (var study in missing.GroupBy(wanted => (wanted.Study, Reading(wanted.Row))))
            await Report(model, [.. study], reports, Begins, cancellation).ConfigureAwait(false);
        _progress.Clear();
        Console.WriteLine($"{output}: {reports.Count} reports{(finished > 0 ? $", {finished} of them from an earlier run" : "")}");
        return _code;

        void Begins() => _progress.Show($"{done}/{missing.Count} reports", (double)done++ / missing.Count);
    }

    // What of a row says how its study is read: rows that differ in it are not one study.
    static (VolumeMetadata?, string?) Reading(ManifestRow row) => (row.Metadata, row.SliceFeatures);

    ReportOptions Options(ManifestRow row) => row.Question is { } question
        ? options with { Question = question, Task = NamedAdapter.QuestionTask } : options;

    async Task Report(HseNetModel model, Wanted[] questions, ReportFile reports, Action begins, CancellationToken cancellation)
    {
        int asked = 0;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            begins();
            using var study = studies.Open(questions[0].Row, questions[0].Study);
            string[] notes = Notes(questions[0].Row, study.Notes);
            if (notes.Length > 0)
                _progress.Clear();
            foreach (string note in notes)
                Messages.Note($"{questions[0].Study}: {note}");
            using var encoded = await model.EncodeAsync(study, null, cancellation).ConfigureAwait(false);
            for (; asked < questions.Length; asked++)
            {
                if (asked > 0)
                    begins();
                await Ask(encoded, questions[asked], first: asked == 0, reports, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e.IsOfOneItem())
        {
            foreach (var question in questions[asked..])
                Fail(e, question.Row);
        }
    }

    async Task Ask(EncodedStudy study, Wanted wanted, bool first, ReportFile reports, CancellationToken cancellation)
    {
        ReportResult result;
        try
        {
            result = await study.Report(wanted.Options, cancellation).CompleteAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e.IsOfOneItem())
        {
            Fail(e, wanted.Row);
            return;
        }
        // The first question is the one that waited for the encoders.
        var seconds = first ? study.WithEncoding(result).Seconds : result.Seconds;
        reports.Append(new ReportLine(wanted.Image, wanted.Options.Question, result.Text, result.Ids, result.PromptTokens, seconds,
            result.Weights, result.Preprocessing, settings, wanted.State, Notes(wanted.Row, study.Notes)));
    }

    // Of a finished volume, the manifest knows what was said of its scan.
    static string[] Notes(ManifestRow row, IEnumerable<string> study) => [.. row.Notes, .. OptionNames.In(study)];

    void Fail(Exception e, ManifestRow? row = null)
    {
        _progress.Clear();
        _code = Math.Max(_code, Verb.Explain(e, verbose, row is null ? null : $"{manifest}, line {row.Line}"));
    }

    // As the manifest's folder has it, so that both can be moved together.
    static string Name(string folder, string image)
    {
        string relative = Path.GetRelativePath(folder, image).Replace('\\', '/');
        return relative.StartsWith("../", StringComparison.Ordinal) ? image : relative;
    }

    public void Dispose() => _progress.Dispose();
}
