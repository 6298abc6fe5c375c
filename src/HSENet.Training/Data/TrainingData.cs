// All samples of a training: rows of the manifest, the text of each, and its study, prepared by workers on the host.
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Training and validation samples of a run.</summary>
sealed class TrainingData : IDisposable
{
    readonly TrainingConfig _config;
    readonly TextPreparer _text;
    readonly BlockingCollection<StudyPreparer> _free;
    readonly List<StudyPreparer> _preparers;
    readonly VolumeCache? _cache;
    readonly Lazy<string> _encoderWeights;
    readonly Mosaic? _mosaic;
    readonly Dictionary<ManifestRow, StudyLabels> _labels = new(ReferenceEqualityComparer.Instance);

    /// <summary>Reads the manifest and opens what the samples need.</summary>
    /// <param name="config">The training.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="study">How scans are read.</param>
    /// <param name="cache">Folder for preprocessed volumes, or none.</param>
    /// <param name="threads">How many the device of the training may take.</param>
    /// <exception cref="HseNetException">The manifest, the tokenizer or the templates cannot be used.</exception>
    public TrainingData(TrainingConfig config, ModelConfig model, CtStudyOptions study, string? cache, int threads)
    {
        _config = config;
        var recipe = StudyRecipe.For(config, model, study);
        Manifest = Manifest.Read(config.Manifest, config.Task.Content(), config.SkipBad, row =>
        {
            if (config.Task.Sees())
                RowFiles.Check(row, recipe);
            if (ReadsLabels)
                _labels.Add(row, StudyLabels.Read(row));
        });
        StudyLabels[] labels = [.. LearnsLabels ? Manifest.Train.Select(row => _labels[row]) : []];
        Labels = LearnsLabels ? LabelSpace.Of(labels, config.Manifest, config.LabelPlaces) : null;
        _mosaic = Labels is { } space && Augmentations.Of(config) == VolumeChange.Mosaic
            ? new Mosaic(space, model.Vision, labels, config.Manifest) : null;
        Hash = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Join('\n', Manifest.Train.Select(Text)) + "\n\n"
            + string.Join('\n', Manifest.Validation.Select(Text)))).ToString("x16", CultureInfo.InvariantCulture);
        _text = new TextPreparer(config, model);
        _cache = cache is null ? null : new VolumeCache(cache);
        Lazy<string> sliceWeights = WeightsHash("slice_encoder.");
        _encoderWeights = WeightsHash("encoder");
        threads = Math.Max(1, threads / 4); // the training itself goes on meanwhile
        _preparers = [.. Enumerable.Range(0, config.Workers)
            .Select(_ => new StudyPreparer(recipe, _cache, sliceWeights, new HostDevice(threads)))];
        _free = new BlockingCollection<StudyPreparer>(new ConcurrentBag<StudyPreparer>(_preparers));
        Train = Loader(Manifest.Train, validation: false);
        int validated = config.ValidationSamples == 0 ? int.MaxValue : config.ValidationSamples;
        ValidationRows = [.. Manifest.Validation.Take(validated)];
        Validation = Loader(ValidationRows, validation: true);
        if (config.Task.IsStage() && config.ContrastiveWeight > 0
            && (Manifest.Train.Count == 1 || ValidationRows.Count == 1))
            throw new HseNetFileException(config.Manifest, $"has one row {(Manifest.Train.Count == 1 ? "to train on" : "for validation")}",
                "at least two: a contrastive stage compares pairs");
    }

    /// <summary>What was read.</summary>
    public Manifest Manifest { get; }

    /// <summary>Rows that the validation loss is computed on.</summary>
    public IReadOnlyList<ManifestRow> ValidationRows { get; }

    /// <summary>Changes with the rows that are trained on or validated, their order and content.</summary>
    public string Hash { get; }

    /// <summary>The outputs that labels are learned on; null where none are.</summary>
    public LabelSpace? Labels { get; }

    bool LearnsLabels => _config.LabelWeight > 0;

    bool ReadsLabels => LearnsLabels || _config.EqualPositives;

    // Labels are a sample's content only where they are read.
    string Text(ManifestRow row) => InvariantText.Of(row) + (ReadsLabels ? row.Labels : "");

    /// <summary>Whether what the frozen encoders give is kept: only when it is the same every time.</summary>
    public bool KeepsFrozenFeatures =>
        _cache is not null && _config.FrozenFeaturesAreFixed && _config.Task is (TrainingTask.Report or TrainingTask.Vqa);

    /// <summary>Loads what is trained on.</summary>
    public SampleLoader Train { get; }

    /// <summary>Loads what the validation loss is computed on.</summary>
    public SampleLoader Validation { get; }

    /// <summary>Makes the cache's folder.</summary>
    /// <exception cref="HseNetFileException">It cannot be created.</exception>
    public void OpenCache() => _cache?.Create();

    /// <summary>Why the cache could not store something, if so.</summary>
    public string? CacheProblem => _cache?.Problem;

    // Computed when the first study needs it.
    Lazy<string> WeightsHash(string prefix) => new(() =>
    {
        using var source = TensorSource.Open(_config.Weights);
        return ModelAdapters.Hash(source, prefix);
    });

    SampleLoader Loader(IReadOnlyList<ManifestRow> rows, bool validation) => new(_config.Manifest, rows, (row, place, cancellation) =>
    {
        var (ids, labels) = _text.Prepare(row, validation ? place with { Epoch = -1 } : place);
        if (!_config.Task.Sees())
            return new TrainingExample(place.Row, default, default, ids, labels);
        // Both loaders draw on the same preparers.
        StudyPreparer preparer = _free.Take(cancellation);
        try
        {
            if (_mosaic is not null && !validation)
            {
                var (volume, targets) = _mosaic.Draw(new SeededDraws(_config.Seed, "mosaic", place.Epoch, place.Row),
                    other => preparer.Prepare(Manifest.Train[other], cancellation).Volume);
                return new TrainingExample(place.Row, volume, default, ids, labels) { Targets = targets };
            }
            PreparedArrays study = preparer.Prepare(row, cancellation);
            return new TrainingExample(place.Row, study.Volume, study.SliceFeatures, ids, labels)
            {
                Study = _labels.GetValueOrDefault(row, new([])),
                Frozen = KeepsFrozenFeatures ? new FrozenFeatures(_cache!, study.Key, _encoderWeights.Value) : null,
            };
        }
        finally
        {
            _free.Add(preparer);
        }
    }, _config.Workers, _config.Prefetch, _config.SkipBad);

    public void Dispose()
    {
        Train.Dispose();
        Validation.Dispose();
        _preparers.ForEach(preparer => preparer.Dispose());
        _free.Dispose();
    }
}
