// The 2D slice encoder from nothing, on labels of slices: what guides encoder 2 has to know what a slice shows.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// Trains the slice encoder of a model that looks at the slices of its volume. A step sees some slices of each study of a batch, one of
/// each equal part of its depth; a validation sees all. A batch is run one study at a time.
/// </summary>
sealed class SliceObjective : ITrainingObjective
{
    static readonly long Site = DropoutSeeds.Site("slices");

    readonly ModelConfig _model;
    readonly SliceEncoderConfig _config;
    readonly VisionConfig _grid;
    readonly TrainingConfig _training;
    readonly SliceSpace _space;
    readonly LabelScores _scores;
    readonly int _seen;
    readonly VolumeBuffers _volume;
    readonly PlannedBuffer _pixels, _tokens, _gradTokens;
    readonly SliceEncoder.TrainingBuffers _buffers;
    readonly WeightStore _weights;
    readonly SliceEncoder _encoder;
    readonly SliceHead _head;
    readonly Arena _arena;

    /// <summary>Opens the weights of a model for training; the source is owned by the objective from here on.</summary>
    /// <param name="device">Where it runs; the caller disposes it afterwards.</param>
    /// <param name="model">The model's configuration.</param>
    /// <param name="source">Its weights.</param>
    /// <param name="training">How it is trained.</param>
    /// <param name="labels">The outputs of a volume that its labels give.</param>
    /// <exception cref="HseNetException">The model has no slice encoder that looks at its volume, or a tensor is missing.</exception>
    /// <exception cref="DeviceMemoryException">The device has no room.</exception>
    public SliceObjective(Device device, ModelConfig model, TensorSource source, TrainingConfig training, LabelSpace labels)
    {
        (_model, _training, _space, _scores) = (model, training, SliceSpace.Of(labels), new LabelScores(labels));
        _config = Encoder(model, source.Path);
        _seen = training.SlicesSeen == 0 ? _config.Slices : training.SlicesSeen;
        if (_config.Slices % _seen != 0)
            throw new HseNetException($"slices_seen is {_seen}; expected a divisor of the model's {_config.Slices} slices, or 0 for all");
        // The patches of all slices, in the order of their tokens.
        _grid = model.Vision with { PatchSize = [1, _config.PatchSize, _config.PatchSize] };
        _volume = VolumeBuffers.Reserve(Plan, model.Vision, Augmentations.Of(training));
        _pixels = Plan.Reserve("slice_pixels", 3L * _seen * _config.ImageSize * _config.ImageSize);
        _tokens = Plan.Reserve("slice_tokens", (long)_seen * (_config.Patches + 1) * _config.HiddenSize);
        _gradTokens = Plan.Reserve("grad_slice_tokens", (long)_seen * (_config.Patches + 1) * _config.HiddenSize);
        _buffers = SliceEncoder.ReserveTraining(Plan, _config, _seen, training.Checkpointing);
        Parameters = new ParameterSet(device, new ParameterPlan(
        [
            .. ModelTensors.SliceEncoder(_config).Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape)),
            .. SliceHead.Tensors(_config, _space, _seen),
        ], rounded: training.Dtype == "bf16"));
        _weights = new WeightStore(device, source, Parameters);
        try
        {
            WeightInitialization.Set(Parameters, source, training.Init, training.Seed, (checkpoint, name) =>
                checkpoint.TryGet(name, out var entry) ? entry : null, name => SliceHead.Start(name, _space));
            _encoder = new SliceEncoder(_weights, _config);
            _head = new SliceHead(_weights, Plan, _config, _space, _seen);
            _arena = new Arena(device, Plan);
        }
        catch
        {
            _weights.Dispose();
            Parameters.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public MemoryPlan Plan { get; } = new();

    /// <inheritdoc/>
    public long FrozenBytes => _weights.Bytes;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, LabelScore>? TakeScores() => _scores.Take();

    /// <summary>The slice encoder of a model, if it can be trained here.</summary>
    /// <exception cref="HseNetFileException">There is none, or it looks at slices of scans.</exception>
    public static SliceEncoderConfig Encoder(ModelConfig model, string weights) => model.SliceEncoder switch
    {
        { Source: SliceSource.Volume } config => config,
        { } => throw new HseNetFileException(weights, "has a slice encoder that looks at slices of scans, of which nothing is labelled",
            "\"slice_encoder\": { \"source\": \"volume\" } in its configuration"),
        _ => throw new HseNetFileException(weights, "has no slice encoder", "a model with one"),
    };

    /// <inheritdoc/>
    public BatchLoss AddGradients(IReadOnlyList<TrainingExample> batch, StepContext step, double share)
    {
        var pass = new Pass(Parameters.Device, _arena);
        double sum = 0;
        foreach (var example in batch)
        {
            Check(example);
            var augmentation = _volume.Load(pass, example, step);
            sum += Run(pass, Whole(example, augmentation), Seen(step, example.Row), share / batch.Count);
        }
        return Result(batch, sum, 1);
    }

    /// <inheritdoc/>
    public BatchLoss Loss(IReadOnlyList<TrainingExample> batch, StepContext step)
    {
        var pass = new Pass(Parameters.Device, _arena);
        double sum = 0;
        int parts = _config.Slices / _seen;
        float[] largest = new float[_space.Kinds], patches = new float[_grid.Patches * _space.Volume.PatchOutputs];
        foreach (var example in batch)
        {
            Check(example);
            _volume.Load(pass, example, null);
            var whole = Whole(example, default);
            Array.Fill(largest, float.NegativeInfinity);
            for (int part = 0; part < parts; part++)
            {
                int[] slices = [.. Enumerable.Range(0, _seen).Select(i => i * parts + part)];
                sum += Run(pass, whole, slices, null) / parts;
                for (int i = 0; i < _seen; i++)
                    for (int kind = 0; kind < largest.Length; kind++)
                        largest[kind] = Math.Max(largest[kind], _head.SliceOutputs[i * _space.Outputs + kind]);
                int one = patches.Length / _config.Slices;
                for (int i = 0; i < _seen; i++)
                    _head.PatchOutputs.Slice(i * one, one).CopyTo(patches.AsSpan(slices[i] * one));
            }
            _scores.Add(whole, largest, patches);
        }
        return Result(batch, sum, parts);
    }

    double Run(in Pass pass, LabelTargets whole, int[] slices, double? scale)
    {
        View<float> pixels = pass[_pixels], tokens = pass[_tokens], gradTokens = pass[_gradTokens];
        VolumeSlices.Compute(pass.Device, pass[_volume.Seen], slices, _config.ImageSize, pixels);
        _encoder.ForwardKeeping(pass, _buffers, pixels, tokens);
        double loss = _training.LabelWeight * _head.Loss(pass, tokens, SliceTargets.Of(_space, whole, slices, _config.Patches),
            LabelWeights.Of(_training), _training.LabelWeight * scale, gradTokens);
        if (scale is not null)
            _encoder.Backward(pass, _buffers, pixels, gradTokens);
        return loss;
    }

    LabelTargets Whole(TrainingExample example, Augmentation augmentation) =>
        LabelTargets.Of(_space.Volume, example.Study, _grid, augmentation.Shift, ofFullest: true);

    // A function of run seed, step and row alone, as augmentation is.
    int[] Seen(StepContext step, int row)
    {
        long seed = step.Seeds(row).At(Site);
        int part = _config.Slices / _seen;
        return [.. Enumerable.Range(0, _seen).Select(i => i * part + Math.Min(part - 1, (int)(DropoutMask.Uniform(seed, i) * part)))];
    }

    BatchLoss Result(IReadOnlyList<TrainingExample> batch, double sum, int parts) =>
        new(sum / batch.Count, (long)batch.Count * parts * _seen * (_config.Patches + 1), batch.Count);

    void Check(TrainingExample example)
    {
        if (example.Volume.Length != _model.Vision.Image.Count)
            throw new HseNetException($"row {example.Row} of the manifest has a volume of {example.Volume.Length} voxels, not "
                + $"{_model.Vision.Image.Count}");
    }

    /// <summary>Gives all memory back.</summary>
    public void Dispose()
    {
        _arena.Dispose();
        _weights.Dispose();
        Parameters.Dispose();
    }
}
