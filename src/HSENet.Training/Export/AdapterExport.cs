// A trained adapter with its projectors, in the reference's two forms and merged into a model folder of this project.
using System.Runtime.InteropServices;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>
/// What fine-tuning trained, under this project's names: adapters of the decoder and projectors. All that is written reads back through
/// <see cref="ModelConverter"/>, and in peft.
/// </summary>
/// <param name="Tensors">Trained tensors, f32.</param>
/// <param name="Lora">Rank and alpha.</param>
/// <param name="TargetModules">The decoder's layers with adapters.</param>
/// <param name="Dropout">Of the adapters, as trained.</param>
sealed record AdapterExport(IReadOnlyList<TensorBytes> Tensors, LoraConfig Lora, IReadOnlyList<string> TargetModules, double Dropout)
{
    /// <summary>The reference's file: one dictionary of tensors.</summary>
    public const string TorchFile = "pytorch_model.bin";

    /// <summary>peft's file.</summary>
    public const string PeftFile = "adapter_model.safetensors";

    /// <summary>peft's configuration beside it.</summary>
    public const string PeftConfigFile = "adapter_config.json";

    const string Prefix = "base_model.model."; // what peft puts in front of a causal model's own names

    static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>The values of a parameter set as they are now. Waits for the device.</summary>
    public static AdapterExport From(ParameterSet set, TrainingConfig training) => new(
        [.. set.All.Select(parameter =>
        {
            var values = new float[parameter.Values.Length];
            set.Device.Download(parameter.Values, values);
            return new TensorBytes(parameter.Name, DataType.F32, parameter.Shape, MemoryMarshal.AsBytes<float>(values).ToArray());
        })],
        FineTuningTensors.Adapters(training), training.LoraTargetModules, training.LoraDropout);

    /// <summary>Reads what <see cref="Write"/> or the reference wrote: a file of either form, or the folder. Alpha is peft's, or twice the
    /// rank.</summary>
    /// <exception cref="HseNetFileException">It cannot be read, or holds no adapter or projector.</exception>
    public static AdapterExport Read(string path)
    {
        using var source = TensorSource.Open(path);
        var tensors = source.Tensors.Where(tensor => OwnName(tensor.Name) is not null)
            .Select(tensor => new TensorBytes(OwnName(tensor.Name)!, DataType.F32, tensor.Shape.ToArray(),
                MemoryMarshal.AsBytes<float>(tensor.ToSingles()).ToArray())).ToArray();
        long[] ranks = [.. tensors.Where(tensor => tensor.Name.EndsWith(".lora_A.weight", StringComparison.Ordinal))
            .Select(tensor => tensor.Shape[0]).Distinct()];
        if (ranks is not [>= 1 and <= int.MaxValue and var rank])
            throw new HseNetFileException(path, $"has adapters of {ranks.Length} ranks", "lora_A and lora_B tensors of one rank");
        return new AdapterExport(tensors, new LoraConfig { R = (int)rank, LoraAlpha = ConfigConversion.PeftAlpha(path) ?? 2 * rank },
            [.. tensors.Select(tensor => tensor.Name.Split('.')).Where(parts => parts is [.., "lora_A", _]).Select(parts => parts[^3])
                .Distinct()], 0);
    }

    /// <summary>Writes both of the reference's forms into a folder: each file gets its name when it is complete.</summary>
    /// <param name="folder">Created if it is missing.</param>
    /// <param name="baseModel">Name of the language model that the adapter stands beside, for peft.</param>
    /// <exception cref="HseNetFileException">The folder cannot be written.</exception>
    public void Write(string folder, string baseModel)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(folder, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
        TorchWriter.Save(Path.Combine(folder, TorchFile),
            [.. Tensors.Select(tensor => tensor with { Name = ReferenceName(tensor.Name, named: true) })]);
        using (var writer = new SafetensorsWriter(Path.Combine(folder, PeftFile),
            Tensors.Select(tensor => new TensorDescription(ReferenceName(tensor.Name, named: false), tensor.Type, tensor.Shape)),
            new Dictionary<string, string> { ["format"] = "pt" }))
        {
            foreach (var tensor in Tensors)
                writer.Write(ReferenceName(tensor.Name, named: false), tensor.Bytes.Span);
            writer.Commit();
        }
        using var file = new AtomicFile(Path.Combine(folder, PeftConfigFile));
        file.Write(PeftConfig(baseModel), 0);
        file.Commit();
    }

    /// <summary>Writes a model folder: the base with the trained projectors, and the adapters merged into its weights or beside
    /// them.</summary>
    /// <param name="baseFolder">The model folder that was trained from.</param>
    /// <param name="output">The folder that is written; must not exist.</param>
    /// <param name="merge">Whether the adapters are added to the weights.</param>
    /// <param name="cancellation">Cancelled: nothing is left behind.</param>
    /// <param name="progress">Hears of every tensor.</param>
    /// <exception cref="HseNetFileException">The base lacks a tensor or the output cannot be written.</exception>
    /// <exception cref="HseNetException">The base is int8 and is to be merged, or the adapter is another model's.</exception>
    public ModelConfig WriteModel(string baseFolder, string output, bool merge, CancellationToken cancellation = default,
        IProgress<ConversionProgress>? progress = null)
    {
        var config = ModelConfig.Read(baseFolder);
        ModelFolder.Check(output, config.Dtype);
        if (merge && config.Dtype == "int8")
            throw new HseNetException($"{baseFolder} is int8: merge into the bf16 or f32 model and convert that");
        using var source = TensorSource.Open(baseFolder);
        using var trained = new TensorSource(output, [.. Tensors.Select(Entry)], []);
        CheckFits(config, baseFolder);
        config = config with
        {
            LanguageModel = config.LanguageModel with { Lora = merge ? null : Lora },
            Provenance = new(config.Provenance) { ["fine_tuned"] = "true", ["merge_lora"] = merge ? "true" : "false" },
        };
        ModelFolder.Write(output, config, Merged(source, trained, config.Dtype, merge), folder =>
            ModelFolder.CopyOthers(baseFolder, folder), progress, cancellation);
        return config;
    }

    void CheckFits(ModelConfig config, string baseFolder)
    {
        var expected = FineTuningTensors.All(config with { LanguageModel = config.LanguageModel with { Lora = Lora } }, TargetModules)
            .ToDictionary(tensor => tensor.Name);
        foreach (var tensor in Tensors)
            if (!expected.TryGetValue(tensor.Name, out var known) || !known.Shape.SequenceEqual(tensor.Shape))
                throw new HseNetException(
                    $"{baseFolder} has no place for {tensor.Name} [{string.Join(", ", tensor.Shape)}]"
                    + $"{(known is null ? "" : $": it needs [{string.Join(", ", known.Shape)}]")}; "
                    + "expected an adapter that was trained on this model");
    }

    List<ConvertedTensor> Merged(TensorSource source, TensorSource trained, string dtype, bool merge)
    {
        const string weight = ".weight";
        var tensors = new List<ConvertedTensor>();
        foreach (var tensor in source.Tensors.Where(tensor => !trained.TryGet(tensor.Name, out _)))
        {
            string layer = tensor.Name.EndsWith(weight, StringComparison.Ordinal) ? tensor.Name[..^weight.Length] : tensor.Name;
            if (merge && trained.TryGet($"{layer}.lora_A.weight", out var a) && trained.TryGet($"{layer}.lora_B.weight", out var b))
                tensors.Add(new ConvertedTensor(tensor.Name, tensor.Shape.ToArray(), tensor.Type,
                    new MergedWeights(tensor, a, b, Lora.Scale).Read, null));
            else
                tensors.Add(ConvertedTensor.From(tensor, tensor.Name, tensor.Type));
        }
        foreach (var tensor in trained.Tensors.Where(tensor => !merge || !tensor.Name.Contains(".lora_", StringComparison.Ordinal)))
            tensors.Add(ConvertedTensor.From(tensor, tensor.Name, ModelConfigTensors.StorageType(dtype, tensor.Name, tensor.Shape)));
        return tensors;
    }

    static TensorEntry Entry(TensorBytes tensor) =>
        new(tensor.Name, tensor.Type, [.. tensor.Shape], FileBytes.FromArray(tensor.Name, tensor.Bytes.ToArray()), 0);

    /// <summary>peft's name: with the adapter's own name (<c>.default.</c>) as a whole model's file has it, or without as peft's own
    /// file.</summary>
    internal static string ReferenceName(string name, bool named)
    {
        string[] parts = name.Split('.', 2);
        string model = parts[0] switch
        {
            "language_model" => "",
            "packer1" => "mm_projector.",
            ['p', 'a', 'c', 'k', 'e', 'r', .. var number] => $"mm_projector{number}.",
            _ => throw new ArgumentException($"{name} is no adapter or projector", nameof(name)),
        };
        string rest = named ? parts[1].Replace(".lora_A.", ".lora_A.default.", StringComparison.Ordinal)
            .Replace(".lora_B.", ".lora_B.default.", StringComparison.Ordinal) : parts[1];
        return $"{Prefix}model.{model}{rest}";
    }

    /// <summary>This project's name of a tensor under any of peft's prefixes; null for what is neither adapter nor projector.</summary>
    internal static string? OwnName(string reference)
    {
        const string projector = "mm_projector";
        string[] parts = [.. reference.Split('.').Where(part => part != "default")];
        int at = Array.FindIndex(parts, part => part == "layers" || part.StartsWith(projector, StringComparison.Ordinal));
        if (at < 0 || parts[at] == "layers" && parts is not [.., "lora_A" or "lora_B", "weight"])
            return null;
        string rest = string.Join('.', parts[(at + 1)..]),
            number = parts[at] == projector ? "1" : parts[at][Math.Min(projector.Length, parts[at].Length)..];
        return parts[at] == "layers" ? $"language_model.layers.{rest}" : $"packer{number}.{rest}";
    }

    byte[] PeftConfig(string baseModel) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?>
    {
        ["base_model_name_or_path"] = baseModel,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["lora_alpha"] = Lora.LoraAlpha,
        ["lora_dropout"] = Dropout,
        ["modules_to_save"] = null,
        ["peft_type"] = "LORA",
        ["r"] = Lora.R,
        ["target_modules"] = TargetModules,
        ["task_type"] = "CAUSAL_LM",
    }, Json);
}
