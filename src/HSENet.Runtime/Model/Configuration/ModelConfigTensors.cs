// Whether config.json and the tensors beside it are of one model: each size that a tensor shows is compared, so that the error names both.
using HSENet.Kernels;

namespace HSENet.Runtime;

static class ModelConfigTensors
{
    /// <summary>A field and the dimension of a tensor that must have its value.</summary>
    readonly record struct Size(string Field, object Value, long Number, string Tensor, int Dimension)
    {
        public Size(string field, int value, string tensor, int dimension) : this(field, value, value, tensor, dimension) { }
    }

    /// <summary>A field that counts the tensors whose names go on from a prefix with 0, 1, ….</summary>
    readonly record struct Count(string Field, int Value, string Prefix);

    /// <summary>Compares all sizes that tensors show. What is missing altogether is the layers' own business.</summary>
    /// <exception cref="HseNetFileException">A field contradicts a tensor; the message names file and field, tensor and shape.</exception>
    public static void Check(ModelConfig config, string configFile, TensorSource source)
    {
        foreach (var size in Sizes(config))
            if (source.TryGet(size.Tensor, out var tensor)
                && (tensor.Shape.Length <= size.Dimension || tensor.Shape[size.Dimension] != size.Number))
                throw Contradiction(configFile, size.Field, size.Value, tensor,
                    tensor.Shape.Length <= size.Dimension ? "a tensor of more dimensions"
                    : $"{Expected(size, tensor.Shape[size.Dimension])}");
        const string Table = "language_model.embed_tokens.weight";
        if (source.TryGet(Table, out var table) && StorageType(config.Dtype, Table, table.Shape) != table.Type)
            throw new HseNetFileException(configFile, $"dtype is {config.Dtype}, but {Table} in {table.File} is {table.Type.Name()}",
                $"{StorageType(config.Dtype, Table, table.Shape).Name()}");
        foreach (var count in Counts(config))
        {
            var (number, last) = Numbered(source, count.Prefix);
            if (last is not null && number != count.Value)
                throw Contradiction(configFile, count.Field, count.Value, last, $"{number}");
        }
    }

    /// <summary>The type in which a folder of this <c>dtype</c> keeps a tensor. Vectors stay f32: they are small, and kernels read them as
    /// such. The CLS tokens are vectors in disguise.</summary>
    public static DataType StorageType(string dtype, string name, ReadOnlySpan<long> shape)
    {
        bool vector = shape.Length < 2 || name.EndsWith("cls_token", StringComparison.Ordinal)
            || name.EndsWith("patch_score_proj.weight", StringComparison.Ordinal);
        if (vector || dtype == "f32")
            return DataType.F32;
        bool quantised = dtype == "int8" && name.StartsWith("language_model.", StringComparison.Ordinal)
            && !name.Contains(".lora_", StringComparison.Ordinal) && shape[^1] % Weights.ScaleGroup == 0;
        return quantised ? DataType.I8 : DataType.BF16;
    }

    static string Expected(Size size, long shown) => size.Value is int ? $"{shown}" : $"a product of {shown}";

    static HseNetFileException Contradiction(string file, string field, object value, TensorEntry tensor, string expected) =>
        new(file, $"{field} is {value}, but {tensor.Name} in {tensor.File} is [{string.Join(", ", tensor.Shape.ToArray())}]", expected);

    static IEnumerable<Size> Sizes(ModelConfig config)
    {
        for (int i = 1; i <= 2; i++)
            foreach (var size in Encoder(config.Vision, $"encoder{i}"))
                yield return size;
        foreach (var size in config.SliceEncoder is { } slices ? Slices(slices) : [])
            yield return size;
        foreach (var size in config.TextEncoder is { } text ? text.Stages.SelectMany(stage => Text(text, $"text_encoder{stage}")) : [])
            yield return size;
        foreach (var size in LanguageModel(config.LanguageModel))
            yield return size;
    }

    static IEnumerable<Size> Encoder(VisionConfig vision, string name) =>
    [
        new("vision.hidden_size", vision.HiddenSize, $"{name}.norm.weight", 0),
        new("vision.mlp_dim", vision.MlpDim, $"{name}.blocks.0.mlp.linear1.weight", 0),
        new("vision.patch_size", vision.Patch, vision.Patch.Count, $"{name}.patch_embedding.patch_embeddings.1.weight", 1),
        new("vision.img_size", $"{vision.Image} in {vision.Patches} patches", vision.Patches,
            $"{name}.patch_embedding.position_embeddings", 1),
    ];

    static IEnumerable<Size> Slices(SliceEncoderConfig slices) =>
    [
        new("slice_encoder.hidden_size", slices.HiddenSize, "slice_encoder.norm.weight", 0),
        new("slice_encoder.mlp_dim", slices.MlpDim, "slice_encoder.blocks.0.mlp.fc1.weight", 0),
        new("slice_encoder.patch_size", slices.PatchSize, "slice_encoder.patch_embed.proj.weight", 2),
        new("slice_encoder.image_size", $"{slices.ImageSize} in {slices.Patches} patches", slices.Patches + 1,
            "slice_encoder.pos_embed", 1),
    ];

    static IEnumerable<Size> Text(TextEncoderConfig text, string name) =>
    [
        new("text_encoder.hidden_size", text.HiddenSize, $"{name}.embeddings.LayerNorm.weight", 0),
        new("text_encoder.vocab_size", text.VocabSize, $"{name}.embeddings.word_embeddings.weight", 0),
        new("text_encoder.max_position_embeddings", text.MaxPositionEmbeddings, $"{name}.embeddings.position_embeddings.weight", 0),
        new("text_encoder.type_vocab_size", text.TypeVocabSize, $"{name}.embeddings.token_type_embeddings.weight", 0),
        new("text_encoder.intermediate_size", text.IntermediateSize, $"{name}.encoder.layer.0.intermediate.dense.weight", 0),
    ];

    static IEnumerable<Size> LanguageModel(LanguageModelConfig model)
    {
        const string layer = "language_model.layers.0.";
        string attention = $"{model.NumKeyValueHeads} beside num_attention_heads {model.NumAttentionHeads}";
        return
        [
            new("language_model.vocab_size", model.VocabSize, "language_model.embed_tokens.weight", 0),
            new("language_model.hidden_size", model.HiddenSize, "language_model.embed_tokens.weight", 1),
            new("language_model.vocab_size", model.VocabSize, "language_model.lm_head.weight", 0),
            new("language_model.num_key_value_heads", attention, model.QueryKeyValueSize, layer + "self_attn.qkv_proj.weight", 0),
            new("language_model.intermediate_size", model.IntermediateSize, layer + "mlp.down_proj.weight", 1),
            .. model.Lora is { } lora ? new[] { "self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj" }
                .Select(name => new Size("language_model.lora.r", lora.R, $"{layer}{name}.lora_A.weight", 0)) : [],
        ];
    }

    static IEnumerable<Count> Counts(ModelConfig config) =>
    [
        new("vision.num_layers", config.Vision.NumLayers, "encoder1.blocks."),
        new("vision.num_layers", config.Vision.NumLayers, "encoder2.blocks."),
        .. config.SliceEncoder is { } slices ? [new Count("slice_encoder.num_layers", slices.NumLayers, "slice_encoder.blocks.")]
            : Array.Empty<Count>(),
        .. (config.TextEncoder?.Stages ?? [])
            .Select(stage => new Count("text_encoder.num_hidden_layers", config.TextEncoder!.NumHiddenLayers,
            $"text_encoder{stage}.encoder.layer.")),
        new("language_model.num_hidden_layers", config.LanguageModel.NumHiddenLayers, "language_model.layers."),
    ];

    static (int Number, TensorEntry? Last) Numbered(TensorSource source, string prefix)
    {
        int highest = -1;
        TensorEntry? last = null;
        foreach (var tensor in source.Tensors)
            if (tensor.Name.StartsWith(prefix, StringComparison.Ordinal)
                && int.TryParse(tensor.Name[prefix.Length..].Split('.')[0], out int number) && number > highest)
                (highest, last) = (number, tensor);
        return (highest + 1, last);
    }
}
