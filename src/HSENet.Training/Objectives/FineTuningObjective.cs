// Fine-tuning on reports or questions: frozen encoders, trained projectors and adapters, the mean cross entropy of all label tokens.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// The reference's fine-tuning of report and VQA. A batch is run one sequence at a time: behind a causal mask padding changes nothing, and
/// the mean is taken over the label tokens of the whole step.
/// </summary>
sealed class FineTuningObjective : ITrainingObjective
{
    readonly FineTuningPlan _plan;
    readonly TrainingConfig _training;
    readonly WeightStore _weights;
    readonly VisionModel _vision;
    readonly LanguageModel _language;
    readonly Arena _arena;

    /// <summary>Opens the weights of a model for training; the source is owned by the objective from here on.</summary>
    /// <param name="device">Where it runs; the caller disposes it afterwards.</param>
    /// <param name="model">The model's configuration.</param>
    /// <param name="source">Its weights.</param>
    /// <param name="training">What is trained and how.</param>
    /// <exception cref="HseNetException">Model and training do not fit each other, or a tensor is missing.</exception>
    /// <exception cref="DeviceMemoryException">The device has no room.</exception>
    public FineTuningObjective(Device device, ModelConfig model, TensorSource source, TrainingConfig training)
    {
        _training = training;
        _plan = FineTuningPlan.For(model, training);
        Parameters = new ParameterSet(device, _plan.Parameters);
        _weights = new WeightStore(device, source, Parameters);
        try
        {
            FineTuningTensors.CheckAdapters(Parameters, source);
            if (training.Init == WeightInitialization.Model)
                FineTuningTensors.CheckStart(Parameters, source, model);
            WeightInitialization.Set(Parameters, source, training.Init, training.Seed, FineTuningTensors.Find);
            _vision = new VisionModel(_weights, _plan.Config);
            _language = new LanguageModel(_weights, _plan.Config.LanguageModel);
            _arena = new Arena(device, _plan.Memory);
        }
        catch
        {
            _weights.Dispose();
            Parameters.Dispose();
            throw;
        }
    }

    /// <summary>The model with its adapters.</summary>
    public ModelConfig Config => _plan.Config;

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public MemoryPlan Plan => _plan.Memory;

    /// <inheritdoc/>
    public long FrozenBytes => _plan.FrozenBytes;

    /// <summary>Sees the tensors of every pass: for tests.</summary>
    public TensorTap? Tap { get; init; }

    /// <inheritdoc/>
    public BatchLoss AddGradients(IReadOnlyList<TrainingExample> batch, StepContext step, double share)
    {
        float scale = (float)(share / batch.Sum(example => example.Weight));
        return Run(batch, (pass, example) =>
        {
            var seeds = step.Seeds(example.Row);
            var sequence = new LanguageModel.Sequence(_plan.Language, example.Ids.Length, seeds, (float)_training.LoraDropout);
            var packers = new AttentionDropout(seeds, (float)_training.Dropout);
            Forward(pass, sequence, example, packers, _training.FrozenDropout ? packers : default, step);
            double loss = _language.Loss(pass, sequence, example.Labels, scale);
            var visual = pass[_plan.Vision.VisualTokens];
            // Visual tokens stand behind the begin token.
            var grad = _language.Backward(pass, sequence).Slice(_plan.Config.LanguageModel.HiddenSize, visual.Length);
            _vision.Backward(pass, _plan.Vision, grad, packers);
            return loss;
        });
    }

    /// <inheritdoc/>
    public BatchLoss Loss(IReadOnlyList<TrainingExample> batch, StepContext step) => Run(batch, (pass, example) =>
    {
        var sequence = new LanguageModel.Sequence(_plan.Language, example.Ids.Length);
        Forward(pass, sequence, example, default, default, null);
        return _language.Loss(pass, sequence, example.Labels, scale: null);
    });

    BatchLoss Run(IReadOnlyList<TrainingExample> batch, Func<Pass, TrainingExample, double> run)
    {
        var pass = new Pass(Parameters.Device, _arena, Tap);
        double sum = 0;
        long tokens = 0, weight = 0;
        foreach (var example in batch)
        {
            Check(example);
            if (example.Weight == 0) // it has nothing to say
                continue;
            sum += run(pass, example);
            tokens += example.Ids.Length;
            weight += example.Weight;
        }
        return new BatchLoss(weight == 0 ? 0 : sum / weight, tokens, weight);
    }

    void Forward(in Pass pass, in LanguageModel.Sequence sequence, TrainingExample example, AttentionDropout packers,
        AttentionDropout frozen, StepContext? augmented)
    {
        _plan.Volume.Load(pass, example, augmented);
        View<float> volume = pass[_plan.Volume.Seen], features = pass[_plan.SliceFeatures];
        if (!features.IsEmpty)
            pass.Device.Upload(example.SliceFeatures.Span, features);
        var visual = _vision.EncodeKeeping(pass, _plan.Vision, volume, features, packers, frozen, example.Frozen);
        _language.ForwardKeeping(pass, sequence, example.Ids, visual);
    }

    void Check(TrainingExample example)
    {
        long volume = _plan.Config.Vision.Image.Count, features = _plan.SliceFeatures.Bytes / sizeof(float);
        int length = example.Ids.Length, visual = _plan.Config.VisualTokens;
        string? problem = example.Volume.Length != volume ? $"a volume of {example.Volume.Length} voxels, not {volume}"
            : example.SliceFeatures.Length != features ? $"{example.SliceFeatures.Length} slice features, not {features}"
            : length <= visual + 1 || length > _training.MaxLength ? $"{length} tokens, not {visual + 2} to {_training.MaxLength}"
            : example.Labels.Length != length ? $"{example.Labels.Length} labels for {length} tokens"
            : null;
        if (problem is not null)
            throw new HseNetException($"row {example.Row} of the manifest has {problem}");
        foreach (int id in example.Ids.Concat(example.Labels))
            if (id >= _plan.Config.LanguageModel.VocabSize)
                throw new HseNetException($"row {example.Row} of the manifest has the token {id}, beyond the vocabulary of "
                    + $"{_plan.Config.LanguageModel.VocabSize}");
    }

    /// <summary>Gives all memory back.</summary>
    public void Dispose()
    {
        _arena.Dispose();
        _weights.Dispose();
        Parameters.Dispose();
    }
}
