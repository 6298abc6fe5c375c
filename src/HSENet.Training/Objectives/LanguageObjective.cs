// A decoder that learns a language from nothing: all of its tensors, on text alone, the mean cross entropy of all tokens.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// Trains embeddings, norms, layers and head of the decoder on sequences without visual tokens. A batch is run one sequence at a time, as
/// in <see cref="FineTuningObjective"/>.
/// </summary>
sealed class LanguageObjective : ITrainingObjective
{
    readonly TrainingConfig _training;
    readonly LanguageModelConfig _config;
    readonly LanguageModel.TrainingBuffers _buffers;
    readonly WeightStore _weights;
    readonly LanguageModel _language;
    readonly Arena _arena;

    /// <summary>Opens the weights of a model for training; the source is owned by the objective from here on.</summary>
    /// <param name="device">Where it runs; the caller disposes it afterwards.</param>
    /// <param name="model">The model's configuration.</param>
    /// <param name="source">Its weights.</param>
    /// <param name="training">How it is trained.</param>
    /// <exception cref="HseNetException">The model has adapters, or a tensor is missing.</exception>
    /// <exception cref="DeviceMemoryException">The device has no room.</exception>
    public LanguageObjective(Device device, ModelConfig model, TensorSource source, TrainingConfig training)
    {
        (_training, _config) = (training, model.LanguageModel);
        if (_config.Lora is not null || source.Tensors.Any(tensor => LoraConfig.Owns(tensor.Name)))
            throw new HseNetException($"{source.Path} has adapters beside its decoder; expected a model without, or with them merged: all "
                + "of the decoder is trained here");
        _buffers = LanguageModel.ReserveTraining(Plan, _config, training.MaxLength, training.Checkpointing, dropout: false);
        Parameters = new ParameterSet(device, new ParameterPlan(Tensors(_config), rounded: training.Dtype == "bf16"));
        _weights = new WeightStore(device, source, Parameters);
        try
        {
            WeightInitialization.Set(Parameters, source, training.Init, training.Seed, (checkpoint, name) =>
                checkpoint.TryGet(name, out var entry) ? entry : null);
            _language = new LanguageModel(_weights, _config);
            _arena = new Arena(device, Plan);
        }
        catch
        {
            _weights.Dispose();
            Parameters.Dispose();
            throw;
        }
    }

    /// <summary>The trained tensors in a fixed order.</summary>
    public static IReadOnlyList<TrainableTensor> Tensors(LanguageModelConfig config) =>
        [.. ModelTensors.LanguageModel(config).Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape))];

    /// <inheritdoc/>
    public ParameterSet Parameters { get; }

    /// <inheritdoc/>
    public MemoryPlan Plan { get; } = new();

    /// <inheritdoc/>
    public long FrozenBytes => _weights.Bytes;

    /// <inheritdoc/>
    public BatchLoss AddGradients(IReadOnlyList<TrainingExample> batch, StepContext step, double share) =>
        Run(batch, (float)(share / batch.Sum(example => example.Weight)));

    /// <inheritdoc/>
    public BatchLoss Loss(IReadOnlyList<TrainingExample> batch, StepContext step) => Run(batch, null);

    BatchLoss Run(IReadOnlyList<TrainingExample> batch, float? scale)
    {
        var pass = new Pass(Parameters.Device, _arena);
        double sum = 0;
        long tokens = 0, weight = 0;
        foreach (var example in batch)
        {
            Check(example);
            var sequence = new LanguageModel.Sequence(_buffers, example.Ids.Length);
            _language.ForwardKeeping(pass, sequence, example.Ids, default(View<float>));
            sum += _language.Loss(pass, sequence, example.Labels, scale);
            if (scale is not null)
                _language.Backward(pass, sequence);
            tokens += example.Ids.Length;
            weight += example.Weight;
        }
        return new BatchLoss(weight == 0 ? 0 : sum / weight, tokens, weight);
    }

    void Check(TrainingExample example)
    {
        string? problem = example.Ids.Length < 2 || example.Ids.Length > _training.MaxLength
            ? $"{example.Ids.Length} tokens, not 2 to {_training.MaxLength}"
            : example.Labels.Length != example.Ids.Length ? $"{example.Labels.Length} labels for {example.Ids.Length} tokens"
            : example.Ids.Concat(example.Labels).FirstOrDefault(id => id >= _config.VocabSize, -1) is >= 0 and var id
                ? $"the token {id}, beyond the vocabulary of {_config.VocabSize}"
            : null;
        if (problem is not null)
            throw new HseNetException($"row {example.Row} of the manifest has {problem}");
    }

    /// <summary>Gives all memory back.</summary>
    public void Dispose()
    {
        _arena.Dispose();
        _weights.Dispose();
        Parameters.Dispose();
    }
}
