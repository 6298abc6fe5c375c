// What a run says of itself: into its log, and to whoever hears its progress.
using HSENet.Runtime;

namespace HSENet.Training;

sealed partial class TrainingRun
{
    const int NotesShown = 10;

    void Announce()
    {
        var manifest = _data.Manifest;
        _log.Write(new EventLine(_state.Step, _state.Step == 0 ? "start" : "resume",
            $"{manifest.Train.Count} samples, {_data.ValidationRows.Count} for validation, {manifest.Skipped.Count} rows skipped; "
                + $"{_objective.Parameters.All.Sum(p => p.Values.Length)} trained values; planned bytes: {_objective.Plan.TotalBytes} "
                + $"activations, {_objective.Parameters.Bytes} trained tensors with gradients and moments, {_objective.FrozenBytes} "
                + $"frozen weights; frozen encoders: {(_data.KeepsFrozenFeatures ? "output kept" : "computed for every sample")}"));
        foreach (string problem in manifest.Skipped)
            _log.Write(new EventLine(_state.Step, "skipped row", problem));
        foreach (string note in manifest.Skipped.Take(NotesShown)
            .Concat(manifest.Skipped.Count > NotesShown ? [$"… and {manifest.Skipped.Count - NotesShown} more: all in {_folder.Log}"]
            : (string[])[]))
            _progress?.Report(new TrainingProgress(_state.Step, Steps) { Note = note });
    }

    void Note(string what, string detail)
    {
        _log.Write(new EventLine(_state.Step, what, detail));
        _progress?.Report(new TrainingProgress(_state.Step, Steps) { Note = detail });
    }

    void Report(StepLine line) => _progress?.Report(new TrainingProgress(line.Step, Steps)
    {
        Loss = line.Loss,
        ValidationLoss = _validationLoss,
        TokensPerSecond = line.TokensPerSecond,
        ProcessBytes = line.ProcessBytes,
        PlannedBytes = line.PlannedBytes,
    });

    TrainingDivergedException Diverged(string what, double value, IEnumerable<LoadedBatch> batches, IReadOnlyList<ManifestRow>? list = null)
    {
        var rows = batches.SelectMany(batch => batch.Examples).Select(example => (list ?? _data.Manifest.Train)[example.Row]);
        string samples = string.Join(", ", rows.Take(8).Select(row => $"line {row.Line} ({System.IO.Path.GetFileName(row.Image)})"));
        string good = _folder.Newest() is [var newest, ..] ? $"the last good checkpoint is {newest}"
            : File.Exists(_folder.Best) ? $"there is no checkpoint yet but {_folder.Best}" : "there is no checkpoint yet";
        var e = new TrainingDivergedException(
            $"step {_state.Step + (list is null ? 1 : 0)}: {what} is {value} on {samples} of {_config.Manifest}; {good}; expected a "
            + $"finite number: a lower learning_rate or clip may help");
        _log.Write(new EventLine(_state.Step, "diverged", e.Message));
        return e;
    }
}
