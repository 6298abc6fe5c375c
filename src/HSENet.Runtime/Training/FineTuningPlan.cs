// All memory of fine-tuning, planned from configurations alone: before weights are read and on any machine.
namespace HSENet.Runtime;

/// <summary>The memory of a fine-tuning step.</summary>
/// <param name="Config">The model with its adapters.</param>
/// <param name="Parameters">Trained tensors with gradients and moments.</param>
/// <param name="Memory">Activations and scratch.</param>
/// <param name="Volume">[D, H, W].</param>
/// <param name="SliceFeatures">[slices, channels].</param>
/// <param name="Vision">Encoders and projectors.</param>
/// <param name="Language">Decoder and loss.</param>
sealed record FineTuningPlan(
    ModelConfig Config, ParameterPlan Parameters, MemoryPlan Memory, PlannedBuffer Volume, PlannedBuffer SliceFeatures, VisionModel.TrainingBuffers Vision,
    LanguageModel.TrainingBuffers Language)
{
    /// <summary>Plans a step; makes no allocation.</summary>
    public static FineTuningPlan For(ModelConfig model, TrainingConfig training)
    {
        var config = FineTuningTensors.WithAdapters(model, training);
        var memory = new MemoryPlan();
        int slices = config.SliceEncoder?.Slices ?? 0;
        var volume = memory.Reserve("volume", config.Vision.Image.Count);
        var features = memory.Reserve("slice_features", (long)slices * config.Vision.HiddenSize);
        var vision = VisionModel.ReserveTraining(memory, config);
        var language = LanguageModel.ReserveTraining(memory, config.LanguageModel, training.MaxLength, training.Checkpointing, training.LoraDropout > 0);
        return new FineTuningPlan(config, new ParameterPlan(FineTuningTensors.All(config, training.LoraTargetModules), rounded: training.Dtype == "bf16"), memory, volume, features, vision, language);
    }
}
