// The work of hsenet index build: what is missing in the index is embedded, several studies at a time, and appended in order.
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Cli;

/// <summary>Embeds the studies of a folder or a manifest.</summary>
/// <param name="input">A folder, or a manifest.</param>
/// <param name="studies">Opens them.</param>
/// <param name="json">Whether a line of JSON is printed for each.</param>
/// <param name="verbose">Whether errors show where they arose.</param>
/// <param name="evaluated">Whether only the rows of a manifest count that a model is evaluated on, which have reports.</param>
sealed class IndexBuild(string input, StudyOpener studies, bool json, bool verbose, bool evaluated = false) : IDisposable
{
    readonly ProgressLine _progress = new();
    readonly Lock _gate = new();
    int _code = ExitCode.Done;

    /// <summary>A study whose volume, report or both are missing.</summary>
    sealed record Work(ManifestRow Row, FoundStudy Study, string Name, string? VolumeKey, string? TextKey);

    /// <summary>What a run left in the index, in words.</summary>
    public string Outcome { get; private set; } = "";

    /// <summary>Appends what is missing.</summary>
    public async Task<int> Run(Shard shard, string output, bool half, string weights, IReadOnlyList<Device> devices,
        CancellationToken cancellation)
    {
        var embedders = new List<StudyEmbedder>();
        try
        {
            var rows = Rows(out var broken);
            shard.Tell(rows.Count, "studies");
            foreach (var device in devices)
                embedders.Add(StudyEmbedder.Open(weights, device));
            using var index = VolumeIndex.OpenOrCreate(output, embedders[0], studies.Preprocessing, half);
            foreach (string problem in broken)
                Fail(new HseNetException(problem));
            int before = index.Count;
            var missing = Missing(shard.Of(rows), index);
            await Embed(missing, index, embedders, cancellation).ConfigureAwait(false);
            _progress.Clear();
            Outcome = $"{output}: {index.Count} items{(before > 0 ? $", {before} of them from an earlier run" : "")}";
            return _code;
        }
        finally
        {
            embedders.ForEach(embedder => embedder.Dispose());
            foreach (var device in devices)
                device.Dispose();
        }
    }

    List<(ManifestRow Row, FoundStudy Study, string Name)> Rows(out IReadOnlyList<string> broken)
    {
        if (Directory.Exists(input))
        {
            broken = [];
            var jobs = PreprocessJob.Find([input], "", studies);
            return [.. jobs.Select((job, i) => (new ManifestRow { Line = i + 1, Image = job.Study.Path }, job.Study,
                Path.ChangeExtension(job.Volume, null).Replace('\\', '/')))];
        }
        var listed = evaluated ? Manifest.ReadEvaluated(input, RowContent.Report, out broken) : Manifest.ReadStudies(input, out broken);
        return [.. listed.SelectMany(row => studies.Find(row.Image),
            (row, study) => (row, study, ReportManifest.Name(input, $"{study}")))];
    }

    // An item is finished if it was made from these files and words; one that was not is named, as the index is not rewritten.
    List<Work> Missing(IReadOnlyList<(ManifestRow Row, FoundStudy Study, string Name)> rows, VolumeIndex index)
    {
        var finished = new Dictionary<(string, bool), HashSet<string>>();
        for (int i = 0; i < index.Count; i++)
        {
            var item = index[i];
            (finished.TryGetValue((item.Study, item.IsText), out var keys) ? keys : finished[(item.Study, item.IsText)] = []).Add(item.Key);
        }
        var missing = new List<Work>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (row, study, name) in rows)
            try
            {
                string volume = studies.State(row, study);
                string? text = row.Text is null ? null : VolumeCache.KeyOf(row.Text);
                if (!seen.Add(name))
                    throw new HseNetException($"names {HseNetFileException.Quote(name)} again; expected each study once");
                bool hasVolume = Has(name, false, volume), hasText = text is null || Has(name, true, text);
                if (!hasVolume || !hasText)
                    missing.Add(new Work(row, study, name, hasVolume ? null : volume, hasText ? null : text));
            }
            catch (HseNetException e)
            {
                Fail(e, row);
            }
        return missing;

        bool Has(string name, bool isText, string key) => finished.TryGetValue((name, isText), out var keys) && (keys.Contains(key) ? true
            : throw new HseNetFileException(input, $"has {(isText ? "another report" : "another scan, or says other things of it,")} for "
                + $"{HseNetFileException.Quote(name)} than the index", "a new index: what is in one is not rewritten"));
    }

    async Task Embed(List<Work> missing, VolumeIndex index, IReadOnlyList<StudyEmbedder> embedders, CancellationToken cancellation)
    {
        // Workers run ahead of the order in which items are appended by as many studies as there are workers.
        int next = 0, done = 0;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new Queue<Task<Made>>();
        var free = new Queue<StudyEmbedder>(embedders);
        try
        {
            while (next < missing.Count || running.Count > 0)
            {
                while (next < missing.Count && free.TryDequeue(out var embedder))
                {
                    var work = missing[next++];
                    running.Enqueue(Task.Run(() => Make(embedder, work, stop.Token), CancellationToken.None));
                }
                _progress.Show($"{done}/{missing.Count} studies", (double)done / missing.Count);
                var made = await running.Dequeue().ConfigureAwait(false);
                free.Enqueue(made.Embedder);
                Append(made, index);
                done++;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (var task in running)
                await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What a worker made of a study.</summary>
    sealed record Made(StudyEmbedder Embedder, Work Work, float[]? Volume, string Preprocessing, float[]? Text, IReadOnlyList<string> Notes,
        Exception? Failure);

    Made Make(StudyEmbedder embedder, Work work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        float[]? volume = null, text = null;
        string preprocessing = "";
        IReadOnlyList<string> notes = [];
        try
        {
            if (work.VolumeKey is not null)
            {
                using var study = studies.Open(work.Row, work.Study);
                volume = embedder.Embed(study, out preprocessing, cancellation);
                notes = [.. work.Row.Notes, .. OptionNames.In(study.Notes)];
            }
            if (work.TextKey is not null)
                text = embedder.Embed(work.Row.Text!, cancellation);
            return new Made(embedder, work, volume, preprocessing, text, notes, null);
        }
        catch (Exception e) when (e.IsOfOneItem())
        {
            return new Made(embedder, work, null, "", null, notes, e);
        }
    }

    void Append(Made made, VolumeIndex index)
    {
        var (work, failure) = (made.Work, made.Failure);
        try
        {
            if (failure is null && made.Volume is not null)
            {
                index.CheckPrepared(work.Name, made.Preprocessing);
                index.Add(new IndexedItem(work.Name) { Key = work.VolumeKey! }, made.Volume);
            }
            if (failure is null && made.Text is not null)
                index.Add(new IndexedItem(work.Name, work.Row.Text) { Key = work.TextKey! }, made.Text);
            index.Flush();
        }
        catch (HseNetException e) when (e.IsOfOneItem())
        {
            failure = e;
        }
        _progress.Clear();
        foreach (string note in made.Notes)
            Messages.Note($"{work.Name}: {note}");
        if (failure is not null)
            Fail(failure, work.Row);
        if (json)
            Console.WriteLine(failure is null
                ? JsonSerializer.Serialize(
                    new { study = work.Name, volume = made.Volume is not null, report = made.Text is not null, made.Notes },
                        ReportWriter.Json)
                : JsonSerializer.Serialize(new { study = work.Name, error = OptionNames.In(failure.Message) }, ReportWriter.Json));
    }

    void Fail(Exception e, ManifestRow? row = null)
    {
        _progress.Clear();
        _code = Math.Max(_code, Verb.Explain(e, verbose, row is null || Directory.Exists(input) ? null : $"{input}, line {row.Line}"));
    }

    public void Dispose() => _progress.Dispose();
}
