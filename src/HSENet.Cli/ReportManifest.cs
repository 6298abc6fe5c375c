// hsenet report --manifest and hsenet eval: a text for every study of a list, into a file that a stopped run goes on with.
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>The studies of a manifest, and where their texts go.</summary>
/// <param name="manifest">The list.</param>
/// <param name="output">The file of texts.</param>
/// <param name="studies">Opens them.</param>
/// <param name="options">Of a row's text: what is asked.</param>
/// <param name="settings">Key of all options that decide a text: a file has the texts of one.</param>
/// <param name="verbose">Whether errors show where they arose.</param>
sealed class ReportManifest(string manifest, string output, StudyOpener studies, Func<ManifestRow, ReportOptions> options, string settings,
    bool verbose) : IDisposable
{
    readonly ProgressLine _progress = new();
    readonly Lock _gate = new();
    int _code = ExitCode.Done;

    /// <summary>A question of a study.</summary>
    /// <param name="Row">Its row.</param>
    /// <param name="Study">The study.</param>
    /// <param name="Image">As the manifest's folder has it.</param>
    /// <param name="Options">With the question.</param>
    /// <param name="State">Key of the study's files and of what is said of them.</param>
    readonly record struct Wanted(ManifestRow Row, FoundStudy Study, string Image, ReportOptions Options, string State = "");

    /// <summary>What a run left in the file, in words.</summary>
    public string Outcome { get; private set; } = "";

    /// <summary>Writes the texts that are missing, with as many studies at a time as there are models. A row that cannot be used is said
    /// on stderr, tried again by the next run, and makes the exit code 2. Rows about one study share its encoding.</summary>
    /// <param name="models">The same model on one device or several.</param>
    /// <param name="rows">The rows of the manifest.</param>
    /// <param name="broken">What is wrong with others.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<int> Run(IReadOnlyList<HseNetModel> models, IReadOnlyList<ManifestRow> rows, IReadOnlyList<string> broken,
        CancellationToken cancellation)
    {
        using var reports = new ReportFile(output, models[0].Hashes, settings);
        foreach (string problem in broken)
            Fail(new HseNetException(problem));
        // A folder of several studies is as many reports.
        Wanted[] all = [.. rows.SelectMany(row => studies.Find(row.Image),
            (row, study) => new Wanted(row, study, Name(manifest, $"{study}"), options(row)))];
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
        Wanted[][] groups = [.. missing.GroupBy(wanted => (wanted.Study, Reading(wanted.Row))).Select(group => group.ToArray())];
        int next = -1;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAll(models.Select(model => Task.Run(() => Work(model), CancellationToken.None))).ConfigureAwait(false);
        _progress.Clear();
        Outcome = $"{output}: {reports.Count} reports{(finished > 0 ? $", {finished} of them from an earlier run" : "")}";
        return _code;

        async Task Work(HseNetModel model)
        {
            try
            {
                for (int i = Interlocked.Increment(ref next); i < groups.Length; i = Interlocked.Increment(ref next))
                    await Report(model, groups[i], reports, Begins, stop.Token).ConfigureAwait(false);
            }
            catch
            {
                await stop.CancelAsync().ConfigureAwait(false); // the others end before their next step
                throw;
            }
        }

        void Begins()
        {
            lock (_gate)
                _progress.Show($"{done}/{missing.Count} reports", (double)done++ / missing.Count);
        }
    }

    // What of a row says how its study is read: rows that differ in it are not one study.
    static (VolumeMetadata?, string?) Reading(ManifestRow row) => (row.Metadata, row.SliceFeatures);

    async Task Report(HseNetModel model, Wanted[] questions, ReportFile reports, Action begins, CancellationToken cancellation)
    {
        int asked = 0;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            begins();
            using var study = studies.Open(questions[0].Row, questions[0].Study);
            Tell(Notes(questions[0].Row, study.Notes));
            using var encoded = await model.EncodeAsync(study, null, cancellation).ConfigureAwait(false);
            Tell(OptionNames.In(encoded.Notes.Skip(study.Notes.Count)));
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

        void Tell(string[] notes)
        {
            lock (_gate)
            {
                if (notes.Length > 0)
                    _progress.Clear();
                foreach (string note in notes)
                    Messages.Note($"{questions[0].Study}: {note}");
            }
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
        lock (_gate)
            reports.Append(new ReportLine(wanted.Image, wanted.Options.Question, result.Text, result.Ids, result.PromptTokens, seconds,
                result.Weights, result.Preprocessing, settings, wanted.State, Notes(wanted.Row, study.Notes),
                Verb.NameOf(result.Activations)));
    }

    // Of a finished volume, the manifest knows what was said of its scan.
    static string[] Notes(ManifestRow row, IEnumerable<string> study) => [.. row.Notes, .. OptionNames.In(study)];

    void Fail(Exception e, ManifestRow? row = null)
    {
        lock (_gate)
        {
            _progress.Clear();
            _code = Math.Max(_code, Verb.Explain(e, verbose, row is null ? null : $"{manifest}, line {row.Line}"));
        }
    }

    /// <summary>A study as the manifest's folder has it, so that both can be moved together.</summary>
    public static string Name(string manifest, string image)
    {
        string relative = Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(manifest))!, image).Replace('\\', '/');
        return relative.StartsWith("../", StringComparison.Ordinal) ? image : relative;
    }

    public void Dispose() => _progress.Dispose();
}
