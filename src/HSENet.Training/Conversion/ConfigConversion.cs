// From the checkpoints' configurations to the config.json of a model folder.
using System.Globalization;
using HSENet.Runtime;

namespace HSENet.Training;

static class ConfigConversion
{
    public static ModelConfig Convert(ConversionOptions options, CheckpointSet set, LanguageModelConfig language)
    {
        var encoders = Encoders(options, set);
        int[] window = [options.PackerWindow.Depth, options.PackerWindow.Height, options.PackerWindow.Width];
        var config = new ModelConfig
        {
            Dtype = options.Dtype,
            Encoders = encoders,
            Vision = new VisionConfig
            {
                ImgSize = set.ClipConfig.Ints("img_size"),
                PatchSize = set.ClipConfig.Ints("patch_size"),
                HiddenSize = set.ClipConfig.Int("hidden_size"),
                MlpDim = set.ClipConfig.Int("mlp_dim"),
                NumLayers = set.ClipConfig.Int("num_layers"),
                NumHeads = set.ClipConfig.Int("num_heads"),
            },
            Projector = new ProjectorConfig
            {
                Kind = set.Adapter.Projectors.ContainsKey("packer1.projector.0.weight") ? ProjectorKind.AveragePooling
                    : ProjectorKind.SpatialPacker,
                Window = window,
            },
            SliceEncoder = encoders == VisionEncoders.Volume ? null : SliceEncoder(options, set),
            TextEncoder = options.TextEncoder is { } text ? TextEncoder(text, set) : null,
            LanguageModel = language,
            Provenance = Provenance(options, set),
        };
        ModelConfigChecks.Check(config, options.Clip);
        return config;
    }

    static VisionEncoders Encoders(ConversionOptions options, CheckpointSet set)
    {
        var encoders = options.Encoders ?? set.LanguageConfig.OptionalText("remain_2d3d_ViT_type") switch
        {
            "3d_vit" => VisionEncoders.Volume,
            "2e3_vit" => VisionEncoders.SliceGuided,
            "dual_vits" => VisionEncoders.Both,
            _ => !set.IsStage2 ? VisionEncoders.Volume : set.TwoProjectors ? VisionEncoders.Both : VisionEncoders.SliceGuided,
        };
        if (encoders != VisionEncoders.Volume && !set.IsStage2)
            throw new HseNetFileException(options.Clip, "is a stage-1 checkpoint: it has no slice-guided encoder",
                "a stage-2 folder, or a model with encoder 1 alone (3d_vit)");
        if (encoders == VisionEncoders.Both && !set.TwoProjectors)
            throw new HseNetFileException(options.FirstAdapter, "has one projector", "mm_projector and mm_projector2 for two encoders");
        return encoders;
    }

    static SliceEncoderConfig SliceEncoder(ConversionOptions options, CheckpointSet set)
    {
        if (set.Slices is not { } slices)
            throw new HseNetException("the slice-guided encoder needs the 2D slice encoder: give ConversionOptions.SliceEncoder");
        var config = CheckpointConfig.Read(
            Path.Combine(Path.GetDirectoryName(Path.GetFullPath(options.SliceEncoder!))!, "open_clip_config.json"));
        var patch = slices.Get($"{TensorConversion.SliceTrunk}patch_embed.proj.weight");
        if (patch.Shape is not [> 0, 3, var height, var width] || height != width)
            throw new HseNetFileException(options.SliceEncoder!, $"{patch} is no patch embedding", "[channels, 3, patch, patch]");
        int hidden = (int)patch.Shape[0];
        int layers = slices.Tensors.Count(tensor =>
            tensor.Name.StartsWith($"{TensorConversion.SliceTrunk}blocks.", StringComparison.Ordinal)
            && tensor.Name.EndsWith(".norm1.weight", StringComparison.Ordinal));
        var vision = config.Section("model_cfg")?.Section("vision_cfg");
        return new SliceEncoderConfig
        {
            ImageSize = vision?.OptionalInt("image_size") ?? 224,
            PatchSize = (int)patch.Shape[2],
            HiddenSize = hidden,
            MlpDim = (int)slices.Get($"{TensorConversion.SliceTrunk}blocks.0.mlp.fc1.weight").Shape[0],
            NumLayers = layers,
            NumHeads = config.Section("trunk")?.OptionalInt("heads") ?? HeadsOf(vision?.OptionalText("timm_model_name"), hidden),
        };
    }

    // timm's vision transformers have 64 dimensions a head; the weights do not show it.
    static int HeadsOf(string? model, int hidden) => model switch
    {
        not null when model.StartsWith("vit_tiny", StringComparison.Ordinal) => 3,
        not null when model.StartsWith("vit_small", StringComparison.Ordinal) => 6,
        not null when model.StartsWith("vit_base", StringComparison.Ordinal) => 12,
        not null when model.StartsWith("vit_large", StringComparison.Ordinal) => 16,
        _ => Math.Max(1, hidden / 64),
    };

    static TextEncoderConfig TextEncoder(string folder, CheckpointSet set)
    {
        var config = CheckpointConfig.Read(Path.Combine(folder, "config.json"));
        foreach (var (field, only) in new[] { ("hidden_act", "gelu"), ("position_embedding_type", "absolute") })
            if (config.OptionalText(field) is { } value && value != only)
                throw config.Unsupported(field, value, only);
        return new TextEncoderConfig
        {
            HiddenSize = config.Int("hidden_size"),
            IntermediateSize = config.Int("intermediate_size"),
            NumHiddenLayers = config.Int("num_hidden_layers"),
            NumAttentionHeads = config.Int("num_attention_heads"),
            VocabSize = config.Int("vocab_size"),
            MaxPositionEmbeddings = config.Int("max_position_embeddings"),
            TypeVocabSize = config.Int("type_vocab_size"),
            LayerNormEps = config.Float("layer_norm_eps"),
            Stages = set.IsStage2 ? [1, 2] : [1],
        };
    }

    static Dictionary<string, string> Provenance(ConversionOptions options, CheckpointSet set)
    {
        var provenance = new Dictionary<string, string>
        {
            ["clip"] = Name(options.Clip),
            ["language_model"] = Name(options.LanguageModel),
            ["adapter"] = options.NamedAdapters.Count == 0 ? Name(options.Adapter)
                : string.Join(", ", options.NamedAdapters.Select(adapter => $"{adapter.Key}={Name(adapter.Value)}")),
            ["merge_lora"] = options.MergeLora ? "true" : "false",
            ["orientation"] = $"{ScanOrientations.CodeOf(PreprocessingPreset.Standard)}, CT-RATE's ({ScanOrientations.CtRateSource})",
        };
        if (set.Adapter.Saved.Count > 0)
            provenance[NamedAdapterFile.SavedField] = NamedAdapterFile.Saved(set.Adapter.Saved.Keys);
        if (options.SliceEncoder is { } slices)
            provenance["slice_encoder"] = Name(slices);
        if (options.TextEncoder is { } text)
            provenance["text_encoder"] = Name(text);
        if (options.LoraAlpha is { } alpha)
            provenance["lora_alpha"] = alpha.ToString(CultureInfo.InvariantCulture);
        return provenance;
    }

    // The last part alone: where it lay on somebody's disk is nobody's business.
    static string Name(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
}
