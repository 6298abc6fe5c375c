// What the contrastive stages train, and what it is called in a checkpoint.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>The trained tensors of a contrastive stage: its vision encoder, its text encoder, the projections into the shared space and the
/// logit scale.</summary>
static class ContrastiveTensors
{
    /// <summary>Name of the logit scale, which multiplies the cosines as it is.</summary>
    public static string LogitScale(int stage) => $"clip{stage}.logit_scale";

    /// <summary>All trained tensors in a fixed order: with the heads of a training, and without what it does not reach.</summary>
    /// <exception cref="HseNetException">The model has no text encoder, or lacks what stage 2 reads.</exception>
    public static IReadOnlyList<TrainableTensor> Trained(ModelConfig model, int stage, TrainingConfig training, LabelSpace? labels)
    {
        var all = All(model, stage);
        return
        [
            .. training.ContrastiveWeight > 0 ? all
                : all.Where(tensor => tensor.Name.StartsWith($"encoder{stage}.", StringComparison.Ordinal)),
            .. labels is null ? [] : LabelHead.Tensors(stage, model.Vision, labels),
        ];
    }

    /// <summary>All trained tensors in a fixed order.</summary>
    /// <exception cref="HseNetException">The model has no text encoder, or lacks what stage 2 reads.</exception>
    public static IReadOnlyList<TrainableTensor> All(ModelConfig model, int stage)
    {
        var text = model.TextEncoder ?? throw new HseNetException(
            "the model has no text encoder; expected a folder converted with ConversionOptions.TextEncoder");
        if (stage == 2 && model.SliceEncoder is null)
            throw new HseNetException("the model has no slice encoder; expected one, whose features guide stage 2");
        return
        [
            .. ModelTensors.Encoder(model.Vision, stage).Concat(ModelTensors.TextEncoder(text, stage))
                .Concat(ModelTensors.ContrastiveHead(model.Vision.HiddenSize, stage, ""))
                .Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape)),
        ];
    }

    /// <summary>A trained tensor in a checkpoint, under any of its names.</summary>
    public static TensorEntry? Find(TensorSource checkpoint, string name, int stage) =>
        Names(name, stage).Select(found => checkpoint.TryGet(found, out var entry) ? entry : null)
            .FirstOrDefault(entry => entry is not null);

    /// <summary>
    /// What a trained tensor may be called in a checkpoint, the most particular name first: as in a model folder, as stage 1 inside a
    /// stage-2 checkpoint, as in a checkpoint of one stage, and the text encoder also as in a BERT of its own. Stage 2 may start
    /// from a checkpoint of stage 1: last comes what the tensor is there.
    /// </summary>
    internal static IEnumerable<string> Names(string name, int stage)
    {
        string reference = ReferenceName(name), text = $"text_encoder{stage}.";
        IEnumerable<string> names = stage == 1 ? [name, CheckpointSet.Stage1Prefix + reference, reference]
            : [name, reference, StageOne(name)];
        return name.StartsWith(text, StringComparison.Ordinal) ? names.Concat([$"bert.{name[text.Length..]}", name[text.Length..]]) : names;
    }

    static string StageOne(string name)
    {
        string[] parts = name.Split('.', 2);
        return $"{parts[0].Replace('2', '1')}.{parts[1]}";
    }

    /// <summary>The name in the reference's checkpoint of the tensor's own stage.</summary>
    public static string ReferenceName(string name)
    {
        string[] parts = name.Split('.', 2);
        return (parts[0].StartsWith("encoder", StringComparison.Ordinal) ? "vision_encoder."
            : parts[0].StartsWith("text_encoder", StringComparison.Ordinal) ? "language_encoder." : "") + parts[1];
    }
}
