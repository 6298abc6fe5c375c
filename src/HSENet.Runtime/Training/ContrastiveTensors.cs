// What the contrastive stages train, and where its values start: the model, a checkpoint by its names, or random numbers.
namespace HSENet.Runtime;

/// <summary>The trained tensors of a contrastive stage: its vision encoder, its text encoder, the projections into the shared space and the logit scale.</summary>
static class ContrastiveTensors
{
    /// <summary>Name of the logit scale, which multiplies the cosines as it is.</summary>
    public static string LogitScale(int stage) => $"clip{stage}.logit_scale";

    /// <summary>All trained tensors in a fixed order.</summary>
    /// <exception cref="HseNetException">The model has no text encoder, or lacks what stage 2 reads.</exception>
    public static IReadOnlyList<TrainableTensor> All(ModelConfig model, int stage)
    {
        var text = model.TextEncoder ?? throw new HseNetException("the model has no text encoder; expected a folder converted with --text-encoder");
        if (stage == 2 && model.SliceEncoder is null)
            throw new HseNetException("the model has no slice encoder; expected one, whose features guide stage 2");
        return
        [
            .. ModelTensors.Encoder(model.Vision, stage).Concat(ModelTensors.TextEncoder(text, stage)).Concat(ModelTensors.ContrastiveHead(model.Vision.HiddenSize, stage, ""))
                .Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape)),
        ];
    }

    /// <summary>Sets all values.</summary>
    /// <param name="set">What is trained.</param>
    /// <param name="source">The model's own weights.</param>
    /// <param name="stage">1 or 2.</param>
    /// <param name="init"><c>model</c>; <c>scratch</c>; or a checkpoint, from which every tensor that it has is taken, the others starting from scratch.</param>
    /// <param name="seed">Of the random numbers.</param>
    /// <exception cref="HseNetFileException">The model lacks a tensor, or the checkpoint cannot be read, has none of them or one of another size.</exception>
    public static void Initialize(ParameterSet set, TensorSource source, int stage, string init, long seed)
    {
        if (init == "model")
        {
            set.Load(source);
            return;
        }
        using var checkpoint = init == "scratch" ? null : TensorSource.Open(init);
        int taken = 0;
        foreach (var parameter in set.All)
        {
            var entry = checkpoint is null ? null : Names(parameter.Name, stage).Select(name => checkpoint.TryGet(name, out var found) ? found : null).FirstOrDefault(found => found is not null);
            if (entry is not null && entry.ElementCount != parameter.Values.Length)
                throw new HseNetFileException(entry.File, $"tensor {entry} does not fit", $"[{string.Join(", ", parameter.Shape)}]");
            set.SetValues(parameter, entry?.ToSingles() ?? FromScratch(parameter, seed));
            taken += entry is null ? 0 : 1;
        }
        if (checkpoint is not null && taken == 0)
            throw new HseNetFileException(init, $"has none of the {set.All.Count} tensors that are trained", $"names such as {set.All[0].Name} or {Names(set.All[0].Name, stage).Last()}");
    }

    /// <summary>
    /// What a trained tensor may be called in a checkpoint, the most particular name first: as in a model folder, as stage 1 inside a stage-2
    /// checkpoint, as in a checkpoint of one stage, and the text encoder also as in a BERT of its own.
    /// </summary>
    internal static IEnumerable<string> Names(string name, int stage)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        string part = name[..dot], own = name[(dot + 1)..];
        string reference = (part == $"encoder{stage}" ? "vision_encoder." : part == $"text_encoder{stage}" ? "language_encoder." : "") + own;
        IEnumerable<string> names = stage == 1 ? [name, CheckpointSet.Stage1Prefix + reference, reference] : [name, reference];
        return part == $"text_encoder{stage}" ? names.Concat([$"bert.{own}", own]) : names;
    }

    // The initialisations of MONAI's ViT and of BERT: normal numbers of deviation 0.02, truncated so far out that none is.
    internal static float[] FromScratch(Parameter parameter, long seed)
    {
        const double deviation = 0.02;
        var values = new float[parameter.Values.Length];
        if (parameter.Name.EndsWith(".logit_scale", StringComparison.Ordinal))
            Array.Fill(values, MathF.Log(1 / 0.07f));
        else if (!parameter.Decays)
            Array.Fill(values, parameter.Name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1);
        else if (!parameter.Name.EndsWith(".cls_token", StringComparison.Ordinal))
        {
            var angles = new float[values.Length];
            SyntheticWeights.Uniform(parameter.Name, (ulong)seed, 0, values);
            SyntheticWeights.Uniform(parameter.Name + " angle", (ulong)seed, 0, angles);
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)(deviation * Math.Sqrt(-2 * Math.Log((1 - values[i]) / 2)) * Math.Cos(Math.PI * angles[i])); // Box and Muller
        }
        return values;
    }
}
