// What fine-tuning trains: adapters of the decoder and both projectors.
namespace HSENet.Runtime;

/// <summary>The trained tensors of fine-tuning, and where their values start.</summary>
static class FineTuningTensors
{
    /// <summary>The model's configuration with the adapters that the training asks for.</summary>
    /// <exception cref="HseNetException">The model has adapters of another size.</exception>
    public static ModelConfig WithAdapters(ModelConfig model, TrainingConfig training)
    {
        var wanted = new LoraConfig { R = training.LoraR, LoraAlpha = (float)training.LoraAlpha };
        if (model.LanguageModel.Lora is { } lora && lora != wanted)
            throw new HseNetException(
                $"the model has adapters of rank {lora.R} and alpha {lora.LoraAlpha}, not {wanted.R} and {wanted.LoraAlpha}: train with its own, or merge them first (hsenet convert --merge-lora)");
        return model with { LanguageModel = model.LanguageModel with { Lora = wanted } };
    }

    /// <summary>All trained tensors in a fixed order.</summary>
    /// <param name="model">With adapters.</param>
    /// <param name="modules">The decoder's layers that have one.</param>
    public static IReadOnlyList<TrainableTensor> All(ModelConfig model, IReadOnlyList<string> modules)
    {
        int rank = model.LanguageModel.Lora!.R;
        var linears = ModelTensors.LanguageModel(model.LanguageModel).Where(tensor => tensor.Name.Split('.') is [.., var module, "weight"] && modules.Contains(module));
        return
        [
            .. linears.SelectMany(tensor => new[]
            {
                TrainableTensor.Of(AdapterName(tensor.Name, "A"), rank, tensor.Shape[1]),
                TrainableTensor.Of(AdapterName(tensor.Name, "B"), tensor.Shape[0], rank),
            }),
            .. Enumerable.Range(1, model.EncoderCount).SelectMany(i => ModelTensors.Projector(model, i)).Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape)),
        ];
    }

    /// <summary>
    /// Sets all values from the model; adapters that it does not have start as peft's do: A uniform within 1/√inputs (Kaiming with a = √5), B zero.
    /// </summary>
    /// <exception cref="HseNetException">The model has an adapter that is not among the targets, or lacks a projector.</exception>
    public static void Initialize(ParameterSet set, TensorSource source, long seed)
    {
        foreach (var tensor in source.Tensors)
            if (tensor.Name.Contains(".lora_", StringComparison.Ordinal) && !set.TryGet(tensor.Name, out _))
                throw new HseNetException($"{source.Path} has the adapter {tensor.Name}, which is not among the target modules");
        foreach (var parameter in set.All)
            if (source.TryGet(parameter.Name, out _) || !parameter.Name.Contains(".lora_", StringComparison.Ordinal))
                set.Load(parameter, source);
            else
                set.SetValues(parameter, NewAdapter(parameter, seed));
    }

    static float[] NewAdapter(Parameter parameter, long seed)
    {
        var values = new float[parameter.Values.Length];
        if (!parameter.Name.EndsWith(".lora_A.weight", StringComparison.Ordinal))
            return values;
        float bound = 1 / MathF.Sqrt(parameter.Shape[1]);
        SyntheticWeights.Uniform(parameter.Name, (ulong)seed, 0, values);
        for (int i = 0; i < values.Length; i++)
            values[i] *= bound;
        return values;
    }

    static string AdapterName(string linear, string half) => $"{linear[..^".weight".Length]}.lora_{half}.weight";
}
