// What fine-tuning trains: adapters of the decoder and both projectors.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>The trained tensors of fine-tuning.</summary>
static class FineTuningTensors
{
    /// <summary>The training with rank and alpha of its adapters: as it says, otherwise those of the model's own, otherwise the
    /// reference's.</summary>
    public static TrainingConfig WithRank(TrainingConfig training, LoraConfig? own) => training with
    {
        LoraR = training.LoraR ?? own?.R ?? 16,
        LoraAlpha = training.LoraAlpha ?? own?.LoraAlpha ?? 32,
    };

    /// <summary>The adapters that a training asks for.</summary>
    /// <param name="training">What is trained.</param>
    /// <param name="own">Those that the model has already.</param>
    public static LoraConfig Adapters(TrainingConfig training, LoraConfig? own = null)
    {
        training = WithRank(training, own);
        return new LoraConfig { R = training.LoraR!.Value, LoraAlpha = (float)training.LoraAlpha!.Value };
    }

    /// <summary>The model's configuration with the adapters that the training asks for.</summary>
    /// <exception cref="HseNetException">The model has adapters of another size.</exception>
    public static ModelConfig WithAdapters(ModelConfig model, TrainingConfig training)
    {
        var wanted = Adapters(training, model.LanguageModel.Lora);
        if (model.LanguageModel.Lora is { } lora && lora != wanted)
            throw new HseNetException(
                $"the model has adapters of rank {lora.R} and alpha {lora.LoraAlpha}, not {wanted.R} and {wanted.LoraAlpha}: train with "
                    + $"its own, or merge them first (ConversionOptions.MergeLora)");
        return model with { LanguageModel = model.LanguageModel with { Lora = wanted } };
    }

    /// <summary>All trained tensors in a fixed order.</summary>
    /// <param name="model">With adapters.</param>
    /// <param name="modules">The decoder's layers that have one.</param>
    public static IReadOnlyList<TrainableTensor> All(ModelConfig model, IReadOnlyList<string> modules)
    {
        int rank = model.LanguageModel.Lora!.R;
        var linears = ModelTensors.LanguageModel(model.LanguageModel)
            .Where(tensor => tensor.Name.Split('.') is [.., var module, "weight"] && modules.Contains(module));
        return
        [
            .. linears.SelectMany(tensor => new[]
            {
                TrainableTensor.Of(HalfName(tensor.Name, "A"), rank, tensor.Shape[1]),
                TrainableTensor.Of(HalfName(tensor.Name, "B"), tensor.Shape[0], rank),
            }),
            .. Enumerable.Range(1, model.EncoderCount).SelectMany(i => ModelTensors.Projector(model, i))
                .Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape)),
        ];
    }

    /// <summary>Throws when the model has an adapter that would stay frozen.</summary>
    /// <exception cref="HseNetException">It is not among the targets.</exception>
    public static void CheckAdapters(ParameterSet set, TensorSource model)
    {
        foreach (var tensor in model.Tensors)
            if (tensor.Name.Contains(".lora_", StringComparison.Ordinal) && !set.TryGet(tensor.Name, out _))
                throw new HseNetException($"{model.Path} has the adapter {tensor.Name}, which is not among the target modules");
    }

    /// <summary>A folder whose adapters are files of their own may have projectors in these alone.</summary>
    /// <exception cref="HseNetFileException">It has, and nothing else says where the training starts.</exception>
    public static void CheckStart(ParameterSet set, TensorSource model, ModelConfig config)
    {
        if (config.Adapters is { Count: > 0 } adapters && set.All.FirstOrDefault(parameter =>
            !parameter.Name.Contains(".lora_", StringComparison.Ordinal) && !model.TryGet(parameter.Name, out _)) is { } missing)
            throw new HseNetFileException(model.Path,
                $"has {missing.Name} in its adapters alone ({string.Join(", ", adapters.Keys.Order(StringComparer.Ordinal))})",
                "a folder into which one of them was merged, or TrainingConfig.Init");
    }

    /// <summary>A trained tensor in a checkpoint: as in a model folder, or under peft's names.</summary>
    public static TensorEntry? Find(TensorSource checkpoint, string name) => checkpoint.TryGet(name, out var entry) ? entry
        : checkpoint.Tensors.FirstOrDefault(tensor => AdapterName.Parse(tensor.Name)?.OwnName == name);

    static string HalfName(string linear, string half) => $"{linear[..^".weight".Length]}.lora_{half}.weight";
}
