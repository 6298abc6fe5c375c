// Where trained tensors start: as the model has them, from a checkpoint by their names, or from scratch.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Sets the values of trained tensors before the first step; the same seed gives the same values on every machine.</summary>
static class WeightInitialization
{
    /// <summary>Every tensor as the model folder has it; adapters that it does not have are new.</summary>
    public const string Model = "model";

    /// <summary>Every tensor from scratch.</summary>
    public const string Scratch = "scratch";

    /// <summary>Standard deviation of the reference's initial weights.</summary>
    internal const double Deviation = 0.02;

    /// <summary>Sets all values.</summary>
    /// <param name="set">What is trained.</param>
    /// <param name="model">The model's own weights.</param>
    /// <param name="init"><see cref="Model"/>, <see cref="Scratch"/>, or a checkpoint: every tensor that it has is taken, the others start
    /// from scratch.</param>
    /// <param name="seed">Of the random numbers.</param>
    /// <param name="find">A trained tensor in a checkpoint, which may have a name of its own for it; null when it has none.</param>
    /// <param name="start">Where a tensor from scratch starts; null when it starts as its name says.</param>
    /// <exception cref="HseNetFileException">The model lacks a tensor, or the checkpoint cannot be read, has none of them or one of another
    /// size.</exception>
    public static void Set(ParameterSet set, TensorSource model, string init, long seed, Func<TensorSource, string, TensorEntry?> find,
        Func<string, float[]?>? start = null)
    {
        using var checkpoint = init is Model or Scratch ? null : TensorSource.Open(init);
        int taken = 0;
        foreach (var parameter in set.All)
        {
            var entry = checkpoint is not null ? find(checkpoint, parameter.Name)
                : init == Scratch || IsAdded(parameter.Name) && !model.TryGet(parameter.Name, out _) ? null
                : model.Get(parameter.Name);
            if (entry is not null && entry.ElementCount != parameter.Values.Length)
                throw new HseNetFileException(entry.File, $"tensor {entry} does not fit", $"[{string.Join(", ", parameter.Shape)}]");
            set.SetValues(parameter, entry?.ToSingles() ?? start?.Invoke(parameter.Name)
                ?? FromScratch(parameter.Name, parameter.Shape, seed));
            taken += entry is null ? 0 : 1;
        }
        if (checkpoint is not null && taken == 0)
            throw new HseNetFileException(init, $"has none of the {set.All.Count} tensors that are trained",
                $"{set.All[0].Name} and others, under this name or the reference's");
    }

    /// <summary>
    /// The reference's initial values: normal numbers of deviation 0.02 for weights and embeddings, zero for biases and the class token,
    /// one for norms; of an adapter (peft) A uniform within 1/√inputs, which is Kaiming's with a = √5, and B zero; ln(1/0.07) for the logit
    /// scale.
    /// </summary>
    /// <param name="name">This project's name of the tensor.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="deviation">Of normal numbers.</param>
    internal static float[] FromScratch(string name, long[] shape, long seed, double deviation = Deviation)
    {
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        if (name.EndsWith(".logit_scale", StringComparison.Ordinal))
            Array.Fill(values, MathF.Log(1 / 0.07f));
        else if (!TrainableTensor.DecaysByName(name))
            Array.Fill(values, name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1);
        else if (name.EndsWith(".lora_A.weight", StringComparison.Ordinal))
        {
            SyntheticWeights.Uniform(name, (ulong)seed, 0, values);
            float bound = 1 / MathF.Sqrt(shape[1]);
            for (int i = 0; i < values.Length; i++)
                values[i] *= bound;
        }
        else if (!IsAdapter(name) && !name.EndsWith(".cls_token", StringComparison.Ordinal))
            Normal(name, seed, deviation, values);
        return values;
    }

    // Box and Muller's method. torch.nn.init.trunc_normal_ cuts at ±2, a hundred deviations away: nothing is ever cut.
    static void Normal(string name, long seed, double deviation, float[] values)
    {
        var angles = new float[values.Length];
        SyntheticWeights.Uniform(name, (ulong)seed, 0, values);
        SyntheticWeights.Uniform(name + " angle", (ulong)seed, 0, angles);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(deviation * Math.Sqrt(-2 * Math.Log((1 - values[i]) / 2)) * Math.Cos(Math.PI * angles[i]));
    }

    // What a model folder need not have.
    static bool IsAdded(string name) => IsAdapter(name) || LabelHead.Owns(name);

    static bool IsAdapter(string name) => name.Contains(".lora_", StringComparison.Ordinal);
}
