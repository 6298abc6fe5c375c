// All memory of a contrastive stage, planned from configurations alone: before weights are read and on any machine.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>One side of a batch, images or texts, in the shared space.</summary>
/// <param name="Embeddings">[N, channels], normalised.</param>
/// <param name="Projected">[N, channels] before they are normalised; kept where backward follows.</param>
/// <param name="GradEmbeddings">[N, channels].</param>
readonly record struct EmbeddingBuffers(PlannedBuffer Embeddings, PlannedBuffer Projected, PlannedBuffer GradEmbeddings)
{
    public static EmbeddingBuffers Reserve(MemoryPlan plan, string name, long rows, int channels, bool keeping = true)
    {
        long kept = keeping ? rows * channels : 0;
        return new EmbeddingBuffers(plan.Reserve($"{name}.embeddings", rows * channels), plan.Reserve($"{name}.projected", kept),
            plan.Reserve($"{name}.grad_embeddings", kept));
    }
}

/// <summary>The frozen stage 1 beside stage 2.</summary>
/// <param name="Images">Its images.</param>
/// <param name="Texts">Its texts.</param>
/// <param name="Logits">[N, N].</param>
/// <param name="Vision">Of encoder 1, which only runs forward: scratch, and the last of the plan because what comes behind would share its
/// memory.</param>
readonly record struct FrozenStageBuffers(EmbeddingBuffers Images, EmbeddingBuffers Texts, PlannedBuffer Logits,
    VisionEncoder.Buffers Vision);

/// <summary>The memory of a step of a contrastive stage with batches of up to some pairs.</summary>
/// <param name="Stage">1 or 2.</param>
/// <param name="TextTokens">Longest text.</param>
/// <param name="Parameters">Trained tensors with gradients and moments.</param>
/// <param name="Memory">Activations and scratch.</param>
/// <param name="Volume">As read, and as seen.</param>
/// <param name="SliceFeatures">[slices, channels]; empty in stage 1.</param>
/// <param name="Features">[1 + patches, channels] of the volume that is encoded.</param>
/// <param name="GradFeatures">Its gradient.</param>
/// <param name="Vision">The trained encoder.</param>
/// <param name="Text">The trained text encoder; the frozen one runs in it before.</param>
/// <param name="Images">All images of a batch.</param>
/// <param name="Texts">All texts of a batch.</param>
/// <param name="Logits">[N, N].</param>
/// <param name="Loss">[2].</param>
/// <param name="LossScratch">Of <see cref="ContrastiveLoss"/>.</param>
/// <param name="Frozen">Of stage 2.</param>
/// <param name="Labels">Of the head for labels.</param>
sealed record ContrastivePlan(
    int Stage, int TextTokens, ParameterPlan Parameters, MemoryPlan Memory, VolumeBuffers Volume, PlannedBuffer SliceFeatures,
        PlannedBuffer Features, PlannedBuffer GradFeatures,
    VisionEncoder.TrainingBuffers Vision, TextEncoder.TrainingBuffers Text, EmbeddingBuffers Images, EmbeddingBuffers Texts,
        PlannedBuffer Logits, PlannedBuffer Loss,
    PlannedBuffer LossScratch, FrozenStageBuffers? Frozen, LabelBuffers Labels)
{
    /// <summary>Plans a step; makes no allocation.</summary>
    /// <param name="model">Sizes.</param>
    /// <param name="training">What is trained and how.</param>
    /// <param name="labels">The outputs that labels are learned on, if they are.</param>
    /// <exception cref="HseNetException">The model lacks something, or a batch is too small to compare.</exception>
    public static ContrastivePlan For(ModelConfig model, TrainingConfig training, LabelSpace? labels = null)
    {
        int stage = training.Task switch
        {
            TrainingTask.Stage1 => 1,
            TrainingTask.Stage2 => 2,
            _ => throw new ArgumentException($"{training.Task} is no contrastive stage"),
        };
        if (training.Batch < 2 && training.ContrastiveWeight > 0)
            throw new HseNetException($"batch is {training.Batch}; expected at least 2: a contrastive stage compares the pairs of a batch");
        var parameters = new ParameterPlan(ContrastiveTensors.Trained(model, stage, training, labels), rounded: training.Dtype == "bf16");
        int rows = training.Batch, channels = model.Vision.HiddenSize,
            tokens = Math.Min(training.MaxLength, model.TextEncoder!.MaxPositionEmbeddings);
        int slices = stage == 2 ? model.SliceEncoder!.Slices : 0;
        long features = (long)(model.Vision.Patches + 1) * channels;
        var memory = new MemoryPlan();
        // Before the frozen stage, whose last buffers are scratch.
        var labelBuffers = LabelBuffers.Reserve(memory, model.Vision, labels);
        return new ContrastivePlan(stage, tokens, parameters, memory,
            VolumeBuffers.Reserve(memory, model.Vision, Augmentations.Of(training)),
                memory.Reserve("slice_features", (long)slices * channels),
            memory.Reserve("features", features), memory.Reserve("grad_features", features),
            VisionEncoder.ReserveTraining(memory, $"encoder{stage}", model.Vision, slices, training.Checkpointing),
            TextEncoder.ReserveTraining(memory, $"text_encoder{stage}", model.TextEncoder, tokens, training.Checkpointing,
                training.Dropout > 0),
            EmbeddingBuffers.Reserve(memory, "images", rows, channels), EmbeddingBuffers.Reserve(memory, "texts", rows, channels),
            memory.Reserve("logits", (long)rows * rows), memory.Reserve("loss", 2),
                memory.Reserve("loss_scratch", ContrastiveLoss.ScratchLength(rows)),
            stage == 1 || training.ContrastiveWeight == 0 ? null : new FrozenStageBuffers(
                EmbeddingBuffers.Reserve(memory, "frozen_images", rows, channels, keeping: false),
                EmbeddingBuffers.Reserve(memory, "frozen_texts", rows, channels, keeping: false),
                    memory.Reserve("frozen_logits", (long)rows * rows), VisionEncoder.Reserve(memory, "encoder1", model.Vision, 0)),
            labelBuffers);
    }
}
