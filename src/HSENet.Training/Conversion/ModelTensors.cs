// Every parameter that a configuration has, adapters left out: its name in a model folder, the reference's own name, and its shape.
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>A parameter of a model.</summary>
/// <param name="Name">In a model folder.</param>
/// <param name="Reference">In the reference implementation.</param>
/// <param name="Shape">In the reference implementation.</param>
readonly record struct ModelTensor(string Name, string Reference, long[] Shape);

/// <summary>Lists the parameters of a model without adapters from its configuration, part by part.</summary>
static class ModelTensors
{
    /// <summary>All parameters.</summary>
    public static IEnumerable<ModelTensor> All(ModelConfig config)
    {
        IEnumerable<ModelTensor> all = [];
        if (config.Encoders != VisionEncoders.SliceGuided)
            all = all.Concat(Encoder(config.Vision, 1));
        if (config.Encoders != VisionEncoders.Volume)
            all = all.Concat(Encoder(config.Vision, 2));
        if (config.SliceEncoder is { } slices)
            all = all.Concat(SliceEncoder(slices));
        for (int i = 1; i <= config.EncoderCount; i++)
            all = all.Concat(Projector(config, i));
        foreach (int stage in config.TextEncoder?.Stages ?? [])
            all = all.Concat(TextEncoder(config.TextEncoder!, stage))
                .Concat(ContrastiveHead(config.Vision.HiddenSize, stage, Stage(config.TextEncoder!, stage)));
        return all.Concat(LanguageModel(config.LanguageModel));
    }

    /// <summary>A 3D encoder: 1, or the slice-guided 2.</summary>
    public static IEnumerable<ModelTensor> Encoder(VisionConfig config, int number)
    {
        int c = config.HiddenSize;
        List<(string, long[])> own =
        [
            ("cls_token", [1, 1, c]), .. Linear("patch_embedding.patch_embeddings.1", config.Patch.Count, c),
                ("patch_embedding.position_embeddings", [1, config.Patches, c]),
            .. Enumerable.Range(0, config.NumLayers).SelectMany(i => Block($"blocks.{i}", BlockNames.Monai, c, config.MlpDim)),
                .. Norm("norm", c),
        ];
        if (number == 2)
            own.AddRange([.. CrossAttention("slice_guided_attention", c), .. Linear("patch_score_proj", c, 1)]);
        return Part($"encoder{number}.", $"model.vision_tower.vision_tower_stage{number}.", own);
    }

    /// <summary>The 2D slice encoder.</summary>
    public static IEnumerable<ModelTensor> SliceEncoder(SliceEncoderConfig config)
    {
        int c = config.HiddenSize, patch = config.PatchSize;
        return Part("slice_encoder.", TensorConversion.SliceTrunk,
        [
            ("cls_token", [1, 1, c]), ("pos_embed", [1, config.Patches + 1, c]), ("patch_embed.proj.weight", [c, 3, patch, patch]),
                ("patch_embed.proj.bias", [c]),
            .. Enumerable.Range(0, config.NumLayers).SelectMany(i => Block($"blocks.{i}", BlockNames.Timm, c, config.MlpDim)),
                .. Norm("norm", c),
        ]);
    }

    /// <summary>The projector of encoder 1, 2, ….</summary>
    public static IEnumerable<ModelTensor> Projector(ModelConfig config, int number)
    {
        int c = config.Vision.HiddenSize, width = config.LanguageModel.HiddenSize;
        bool packer = config.Projector.Kind == ProjectorKind.SpatialPacker;
        string mlp = packer ? "proj_mpls" : "projector";
        return Part($"packer{number}.", $"model.mm_projector{(number == 1 ? "" : number)}.",
            [.. packer ? CrossAttention("resolution_attention", c) : [], .. Linear($"{mlp}.0", c, width),
                .. Linear($"{mlp}.2", width, width)]);
    }

    /// <summary>The text encoder of a contrastive stage, without the pooler, which feeds nothing.</summary>
    public static IEnumerable<ModelTensor> TextEncoder(TextEncoderConfig config, int stage)
    {
        int c = config.HiddenSize;
        return Part($"text_encoder{stage}.", $"{Stage(config, stage)}language_encoder.",
        [
            ("embeddings.word_embeddings.weight", [config.VocabSize, c]),
                ("embeddings.position_embeddings.weight", [config.MaxPositionEmbeddings, c]),
            ("embeddings.token_type_embeddings.weight", [config.TypeVocabSize, c]), .. Norm("embeddings.LayerNorm", c),
            .. Enumerable.Range(0, config.NumHiddenLayers).SelectMany(i => Layer($"encoder.layer.{i}")),
        ]);

        IEnumerable<(string, long[])> Layer(string name) =>
        [
            .. Linear($"{name}.attention.self.query", c, c), .. Linear($"{name}.attention.self.key", c, c),
                .. Linear($"{name}.attention.self.value", c, c),
            .. Linear($"{name}.attention.output.dense", c, c), .. Norm($"{name}.attention.output.LayerNorm", c),
            .. Linear($"{name}.intermediate.dense", c, config.IntermediateSize),
                .. Linear($"{name}.output.dense", config.IntermediateSize, c), .. Norm($"{name}.output.LayerNorm", c),
        ];
    }

    /// <summary>The language model without adapters.</summary>
    public static IEnumerable<ModelTensor> LanguageModel(LanguageModelConfig config) => Part("language_model.", "model.",
    [
        ("embed_tokens.weight", [config.VocabSize, config.HiddenSize]), ("norm.weight", [config.HiddenSize]),
        .. config.TieWordEmbeddings ? [] : new (string, long[])[] { ("lm_head.weight", [config.VocabSize, config.HiddenSize]) },
        .. Enumerable.Range(0, config.NumHiddenLayers).SelectMany(i => DecoderLayer($"layers.{i}", config)),
    ]);

    static IEnumerable<(string, long[])> DecoderLayer(string name, LanguageModelConfig config)
    {
        int c = config.HiddenSize;
        return
        [
            ($"{name}.input_layernorm.weight", [c]), ($"{name}.post_attention_layernorm.weight", [c]),
            .. Linear($"{name}.self_attn.qkv_proj", c, config.QueryKeyValueSize, bias: false),
            .. Linear($"{name}.self_attn.o_proj", config.NumAttentionHeads * config.HeadSize, c, bias: false),
            .. Linear($"{name}.mlp.gate_up_proj", c, 2 * config.IntermediateSize, bias: false),
                .. Linear($"{name}.mlp.down_proj", config.IntermediateSize, c, bias: false),
        ];
    }

    // A stage-2 checkpoint keeps stage 1 under a prefix of its own.
    static string Stage(TextEncoderConfig config, int stage) => stage < config.Stages.Max() ? CheckpointSet.Stage1Prefix : "";

    /// <summary>The projections into the shared space and the logit scale of a stage.</summary>
    public static IEnumerable<ModelTensor> ContrastiveHead(int channels, int stage, string prefix) =>
        Part($"clip{stage}.", prefix, [.. Linear("mm_vision_proj", channels, channels), .. Linear("mm_language_proj", channels, channels),
            ("logit_scale", [])]);

    static IEnumerable<(string, long[])> Block(string name, BlockNames names, int channels, int mlp) =>
    [
        .. Norm($"{name}.norm1", channels), .. Linear($"{name}.{names.QueryKeyValue}", channels, 3 * channels, names.QueryKeyValueBias),
            .. Linear($"{name}.{names.Out}", channels, channels),
        .. Norm($"{name}.norm2", channels), .. Linear($"{name}.{names.Up}", channels, mlp),
            .. Linear($"{name}.{names.Down}", mlp, channels),
    ];

    static IEnumerable<(string, long[])> CrossAttention(string name, int channels) =>
        [.. new[] { "Wq", "Wk", "Wv", "output_linear" }.SelectMany(linear => Linear($"{name}.{linear}", channels, channels)),
            .. Norm($"{name}.norm", channels)];

    static IEnumerable<(string, long[])> Linear(string name, long inputs, long outputs, bool bias = true) =>
        bias ? [($"{name}.weight", [outputs, inputs]), ($"{name}.bias", [outputs])] : [($"{name}.weight", [outputs, inputs])];

    static IEnumerable<(string, long[])> Norm(string name, int channels) => [($"{name}.weight", [channels]), ($"{name}.bias", [channels])];

    static IEnumerable<ModelTensor> Part(string to, string from, IEnumerable<(string Name, long[] Shape)> tensors) =>
        tensors.Select(tensor => new ModelTensor(to + tensor.Name, from + tensor.Name, tensor.Shape));
}
