// All memory of fine-tuning, planned from configurations alone: before weights are read and on any machine.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>The memory of a fine-tuning step.</summary>
/// <param name="Config">The model with its adapters.</param>
/// <param name="Parameters">Trained tensors with gradients and moments.</param>
/// <param name="Memory">Activations and scratch.</param>
/// <param name="Volume">As read, and as seen.</param>
/// <param name="SliceFeatures">[slices, channels].</param>
/// <param name="Vision">Encoders and projectors.</param>
/// <param name="Language">Decoder and loss.</param>
sealed record FineTuningPlan(
    ModelConfig Config, ParameterPlan Parameters, MemoryPlan Memory, VolumeBuffers Volume, PlannedBuffer SliceFeatures,
        VisionModel.TrainingBuffers Vision,
    LanguageModel.TrainingBuffers Language)
{
    /// <summary>Plans a step; makes no allocation.</summary>
    public static FineTuningPlan For(ModelConfig model, TrainingConfig training)
    {
        var config = FineTuningTensors.WithAdapters(model, training);
        var memory = new MemoryPlan();
        int slices = config.SliceEncoder?.Slices ?? 0;
        var volume = VolumeBuffers.Reserve(memory, config.Vision, Augmentations.Of(training));
        var features = memory.Reserve("slice_features", (long)slices * config.Vision.HiddenSize);
        var vision = VisionModel.ReserveTraining(memory, config);
        var language = LanguageModel.ReserveTraining(memory, config.LanguageModel, training.MaxLength, training.Checkpointing,
            training.LoraDropout > 0);
        return new FineTuningPlan(config,
            new ParameterPlan(FineTuningTensors.All(config, training.LoraTargetModules), rounded: training.Dtype == "bf16"), memory, volume,
            features, vision, language);
    }

    /// <summary>Bytes of the weights that are read and not trained, as a model folder of the configuration's storage type holds
    /// them.</summary>
    public long FrozenBytes
    {
        get
        {
            var trained = Parameters.Slots.Select(slot => slot.Tensor.Name).ToHashSet();
            var read = ModelTensors.All(Config).Where(tensor => Reads(tensor.Name) && !trained.Contains(tensor.Name));
            return read.Sum(tensor => new ConvertedTensor(tensor.Name, tensor.Shape,
                ModelConfigTensors.StorageType(Config.Dtype, tensor.Name, tensor.Shape), (_, _) => { }, null)
                .Descriptions.Sum(description => description.ByteLength));
        }
    }

    /// <summary>Everything: activations, trained tensors, frozen weights.</summary>
    public long TotalBytes => Memory.TotalBytes + Parameters.Memory.TotalBytes + FrozenBytes;

    static bool Reads(string name) => name.StartsWith("language_model.", StringComparison.Ordinal)
        || name.StartsWith("encoder", StringComparison.Ordinal);
}
