// A model folder that nothing was trained of yet: sizes from a configuration, tokenizers from texts, values that training can start from.
using System.Globalization;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>What a new model is and where it is written.</summary>
sealed record NewModelOptions
{
    /// <summary>A file like a model folder's <c>config.json</c>. Its vocabulary sizes are the most that may be learned; <c>eos_token_id</c>
    /// and <c>provenance</c> are made anew.</summary>
    public required string Config { get; init; }

    /// <summary>Manifests whose rows for training say what the model will read and write.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>The folder that is written; must not exist.</summary>
    public required string Output { get; init; }

    /// <summary>Seed of everything that is drawn.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Standard deviation of weights; null: 1/√inputs, half of that for the layers whose outputs are added to what passes them
    /// by, and the reference's 0.02 for tables.</summary>
    public double? Deviation { get; init; }

    /// <summary>A manifest of finished volumes: the patch embedding then starts whitened, and positions centred.</summary>
    public string? Volumes { get; init; }
}

/// <summary>Writes new models.</summary>
static class NewModel
{
    /// <summary>Writes configuration, tokenizers and weights; the folder gets its name when everything in it is complete. The same options
    /// give the same bytes.</summary>
    /// <returns>The configuration of the new folder.</returns>
    /// <exception cref="HseNetException">Configuration or manifests cannot be used, or the output exists or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left behind.</exception>
    public static ModelConfig Write(NewModelOptions options, IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var config = ReadConfig(options);
        ModelFolder.Check(options.Output, config.Dtype);
        var texts = ManifestTexts.Read(options.Texts);
        cancellation.ThrowIfCancellationRequested();
        string tokenizers = Directory.CreateTempSubdirectory("hsenet-new-").FullName;
        try
        {
            config = WithTokenizers(config, tokenizers, texts);
            ModelConfigChecks.Check(config, options.Config);
            var whitened = options.Volumes is { } volumes ? WhitenedPatches.Read(volumes, config.Vision, config.Preprocessing, cancellation)
                : null;
            var slices = options.Volumes is { } images ? WhitenedSlices.Read(images, config, cancellation) : null;
            ConvertedTensor[] tensors = [.. ModelTensors.All(config).Select(tensor =>
                new ConvertedTensor(tensor.Name, tensor.Shape, ModelConfigTensors.StorageType(config.Dtype, tensor.Name, tensor.Shape),
                    Elements(() => Start(config, tensor, options, whitened, slices)), null))];
            return ModelFolder.Write(options.Output, config, tensors, folder => ModelFolder.CopyOthers(tokenizers, folder), progress,
                cancellation);
        }
        finally
        {
            Directory.Delete(tokenizers, recursive: true);
        }
    }

    static ModelConfig ReadConfig(NewModelOptions options)
    {
        string file = options.Config;
        var config = ModelConfig.Parse(System.Text.Encoding.UTF8.GetBytes(JsonFile.ReadText(file)), file);
        Require(config.Dtype != "int8", "dtype is int8", "f32 or bf16, which can be trained");
        Require(config.LanguageModel.Lora is null && config.Adapters is null, "has adapters", "none: training makes them");
        Require(config.TextEncoder is null || config.TextEncoder.HiddenSize == config.Vision.HiddenSize,
            $"text_encoder.hidden_size is {config.TextEncoder?.HiddenSize}",
            $"{config.Vision.HiddenSize}, the width of the 3D encoders, which it shares a space with");
        Require(config.LanguageModel.VocabSize >= NewTokenizers.LeastDecoderIds,
            $"language_model.vocab_size is {config.LanguageModel.VocabSize}",
            $"at least {NewTokenizers.LeastDecoderIds}: the bytes and the special tokens");
        if (options.Deviation is { } deviation && !(deviation > 0 && double.IsFinite(deviation)))
            throw new HseNetException($"NewModelOptions.Deviation {deviation.ToString(CultureInfo.InvariantCulture)}: expected more than 0");
        var provenance = new Dictionary<string, string>
        {
            ["new"] = Path.GetFileName(file),
            ["texts"] = string.Join(", ", options.Texts.Select(Path.GetFileName)),
            ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
            ["deviation"] = options.Deviation?.ToString("R", CultureInfo.InvariantCulture) ?? "of inputs",
        };
        if (options.Volumes is { } volumes)
            provenance["volumes"] = Path.GetFileName(volumes);
        return config with { Provenance = provenance };

        void Require(bool holds, string problem, string expected)
        {
            if (!holds)
                throw new HseNetFileException(file, problem, expected);
        }
    }

    static ModelConfig WithTokenizers(ModelConfig config, string folder, IReadOnlyList<string> texts)
    {
        var (ids, end) = NewTokenizers.WriteDecoder(folder, texts, config.LanguageModel.VocabSize);
        return config with
        {
            LanguageModel = config.LanguageModel with { VocabSize = ids, EosTokenId = [end] },
            TextEncoder = config.TextEncoder is { } text
                ? text with { VocabSize = NewTokenizers.WriteTextEncoder(folder, texts, text.VocabSize) } : null,
        };
    }

    static float[] Start(ModelConfig config, ModelTensor tensor, NewModelOptions options, WhitenedPatches? whitened,
        WhitenedSlices? whitenedSlices)
    {
        var grid = config.Vision.Grid;
        if (tensor.Name.EndsWith(".patch_embedding.position_embeddings", StringComparison.Ordinal))
        {
            float[] positions = StartPositions.SinesAndCosines([grid.Depth, grid.Height, grid.Width], config.Vision.HiddenSize);
            whitened?.Centre(positions);
            return positions;
        }
        if (tensor.Name == "slice_encoder.pos_embed" && config.SliceEncoder is { } slices)
        {
            float[] positions = StartPositions.SinesAndCosines(
                [slices.ImageSize / slices.PatchSize, slices.ImageSize / slices.PatchSize], slices.HiddenSize, first: 1);
            // A row of nothing would be blown up by the first norm.
            WeightInitialization.FromScratch("slice_encoder.class_position", [slices.HiddenSize], options.Seed, 1).CopyTo(positions, 0);
            whitenedSlices?.Centre(positions);
            return positions;
        }
        float[] values = WeightInitialization.FromScratch(tensor.Name, tensor.Shape, options.Seed, options.Deviation ?? Deviation(tensor));
        if (tensor.Name.EndsWith(".patch_embedding.patch_embeddings.1.weight", StringComparison.Ordinal))
            whitened?.SetWeights(values);
        if (tensor.Name == "slice_encoder.patch_embed.proj.weight")
            whitenedSlices?.SetWeights(values);
        return values;
    }

    // Outputs of a layer of normal numbers are as strong as its inputs with 1/√inputs.
    static double Deviation(ModelTensor tensor)
    {
        string[] parts = tensor.Name.Split('.');
        if (tensor.Shape.Length < 2 || Array.Exists(parts, part => part.EndsWith("_embeddings", StringComparison.Ordinal)
            && part != "patch_embeddings" || part is "embed_tokens" or "pos_embed"))
            return WeightInitialization.Deviation;
        bool added = parts[^2] is "out_proj" or "proj" or "linear2" or "fc2" or "o_proj" or "down_proj" or "output_linear"
            || tensor.Name.EndsWith(".output.dense.weight", StringComparison.Ordinal);
        return (added ? 0.5 : 1) / Math.Sqrt(tensor.Shape.Skip(1).Aggregate(1L, (product, size) => product * size));
    }

    // Made when it is written, kept until the last part of it is.
    static ElementReader Elements(Func<float[]> make)
    {
        float[]? values = null;
        return (first, destination) =>
        {
            values ??= make();
            values.AsSpan((int)first, destination.Length).CopyTo(destination);
            if (first + destination.Length == values.Length)
                values = null;
        };
    }
}
