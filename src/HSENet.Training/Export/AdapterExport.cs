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
    const string LanguagePrefix = "language_model.", Table = LanguagePrefix + "embed_tokens.weight",
        Head = LanguagePrefix + "lm_head.weight";

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

    /// <summary>Whether one of two tied tables was trained by itself, so that the other keeps its values.</summary>
    public bool Unties { get; init; }

    /// <summary>Reads what <see cref="Write"/>, peft or the reference wrote: a file, or the folder. Alpha is the configuration's, or twice
    /// the rank.</summary>
    /// <param name="path">File or folder.</param>
    /// <param name="model">The language model that it changes.</param>
    /// <param name="alpha">Instead of that.</param>
    /// <exception cref="HseNetFileException">It cannot be read, holds no adapter, or has a tensor that has no place in the
    /// model.</exception>
    public static AdapterExport Read(string path, LanguageModelConfig model, float? alpha = null)
    {
        using var adapter = PeftAdapter.Open(path);
        var fitted = adapter.Fit(model, alpha);
        if (fitted.Lora is not { } lora)
            throw new HseNetFileException(path, "has no adapters", "lora_A and lora_B tensors");
        var tensors = fitted.Modules.SelectMany(module => new[]
        {
            ($"language_model.{module.Key}.lora_A.weight", module.Value.A),
            ($"language_model.{module.Key}.lora_B.weight", module.Value.B),
        })
            .Concat(adapter.Projectors.Select(projector => (projector.Key, projector.Value)))
            .Concat(adapter.Saved.Select(saved => ($"language_model.{saved.Key}", saved.Value)));
        return new AdapterExport([.. tensors.Select(tensor => new TensorBytes(tensor.Item1, DataType.F32, tensor.Item2.Shape.ToArray(),
            MemoryMarshal.AsBytes<float>(tensor.Item2.ToSingles()).ToArray()))], lora,
            [.. fitted.Modules.Keys.Select(module => module.Split('.')[^1]).Distinct()], 0)
        { Unties = adapter.Unties };
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
        CheckReplaces(baseFolder, source);
        var (table, head) = Tables(source, trained, config.LanguageModel);
        config = config with
        {
            LanguageModel = config.LanguageModel with { Lora = merge ? null : Lora, TieWordEmbeddings = head is null },
            // One of several becomes the folder's own: the others stood on other weights.
            Adapters = null,
            Provenance = new(config.Provenance) { ["fine_tuned"] = "true", ["merge_lora"] = merge ? "true" : "false" },
        };
        if (SavedNames is { Count: > 0 } saved)
            config.Provenance[NamedAdapterFile.SavedField] = NamedAdapterFile.Saved(saved);
        ModelFolder.Write(output, config, Merged(source, trained, config, merge, table, head), folder =>
            ModelFolder.CopyOthers(baseFolder, folder), progress, cancellation);
        return config;
    }

    /// <summary>Whole tensors of the language model, by their names in it.</summary>
    internal IReadOnlyList<string> SavedNames => [.. Tensors.Select(tensor => tensor.Name)
        .Where(name => name.StartsWith(LanguagePrefix, StringComparison.Ordinal) && !LoraConfig.Owns(name))
        .Select(name => name[LanguagePrefix.Length..])];

    internal void CheckFits(ModelConfig config, string baseFolder)
    {
        var language = config.LanguageModel with { Lora = Lora, TieWordEmbeddings = false };
        var expected = FineTuningTensors.All(config with { LanguageModel = language }, TargetModules)
            .Select(tensor => (tensor.Name, tensor.Shape))
            .Concat(ModelTensors.LanguageModel(language).Select(tensor => (tensor.Name, tensor.Shape)))
            .ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        foreach (var tensor in Tensors)
            if (!expected.TryGetValue(tensor.Name, out var shape) || !shape.SequenceEqual(tensor.Shape))
                throw new HseNetException(
                    $"{baseFolder} has no place for {tensor.Name} [{string.Join(", ", tensor.Shape)}]"
                    + $"{(shape is null ? "" : $": it needs [{string.Join(", ", shape)}]")}; "
                    + "expected an adapter that was trained on this model");
        if (config.Dtype == "int8" && Tensors.Any(tensor => tensor.Name is Table or Head))
            throw new HseNetException($"{baseFolder} is int8, and the adapter has an embedding table or head of its own: "
                + "take the bf16 or f32 model and convert that");
    }

    void CheckReplaces(string baseFolder, TensorSource source)
    {
        foreach (var tensor in source.Tensors)
            if (tensor.Name.Contains(".lora_", StringComparison.Ordinal) && Tensors.All(trained => trained.Name != tensor.Name))
                throw new HseNetFileException(baseFolder, $"has the adapter {tensor.Name}, which the new one does not replace",
                    "a model whose adapters are merged");
    }

    internal (TensorEntry Table, TensorEntry? Head) Tables(TensorSource source, TensorSource trained, LanguageModelConfig model) =>
        TokenTables.Combine(source.Get(Table), model.TieWordEmbeddings ? null : source.Get(Head),
            trained.TryGet(Table, out var table) ? table : null, trained.TryGet(Head, out var head) ? head : null, Unties,
            (a, b) => a.Bytes.SequenceEqual(b.Bytes));

    List<ConvertedTensor> Merged(TensorSource source, TensorSource trained, ModelConfig config, bool merge, TensorEntry table,
        TensorEntry? head)
    {
        const string weight = ".weight";
        var tensors = new List<ConvertedTensor> { Stored(table, Table) };
        if (head is not null)
            tensors.Add(Stored(head, Head));
        foreach (var tensor in source.Tensors.Where(tensor => tensor.Name.Contains(".lora_", StringComparison.Ordinal)
            ? !trained.TryGet(tensor.Name, out _) : tensor.Name is not (Table or Head)))
        {
            string layer = tensor.Name.EndsWith(weight, StringComparison.Ordinal) ? tensor.Name[..^weight.Length] : tensor.Name;
            var current = trained.TryGet(tensor.Name, out var replaced) ? replaced : tensor;
            tensors.Add(merge && trained.TryGet($"{layer}.lora_A.weight", out var a) && trained.TryGet($"{layer}.lora_B.weight", out var b)
                ? new ConvertedTensor(tensor.Name, tensor.Shape.ToArray(), tensor.Type,
                    new MergedWeights(tensor.Name, tensor.Shape.ToArray(), current.ToSingles, a, b, Lora.Scale).Read, null)
                : current == tensor ? ConvertedTensor.From(tensor, tensor.Name, tensor.Type) : Stored(current, tensor.Name));
        }
        // Projectors, too, where the base is one of named adapters.
        foreach (var tensor in trained.Tensors.Where(tensor => LoraConfig.Owns(tensor.Name) ? !merge
            : tensor.Name is not (Table or Head) && !source.TryGet(tensor.Name, out _)))
            tensors.Add(Stored(tensor, tensor.Name));
        return tensors;

        ConvertedTensor Stored(TensorEntry tensor, string name) =>
            ConvertedTensor.From(tensor, name, ModelConfigTensors.StorageType(config.Dtype, name, tensor.Shape));
    }

    internal static TensorEntry Entry(TensorBytes tensor) =>
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
