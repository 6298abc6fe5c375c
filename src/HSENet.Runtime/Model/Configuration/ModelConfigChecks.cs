// What must hold between the fields of config.json before any memory is planned from them.
namespace HSENet.Runtime;

static class ModelConfigChecks
{
    const int LargestSize = 1 << 20; // no model comes near it, and products of three sizes stay in 64 bits

    public static void Check(ModelConfig config, string file)
    {
        Require(config.Format == ModelConfig.CurrentFormat, file, "format", config.Format, ModelConfig.CurrentFormat);
        Require(config.Dtype is "f32" or "bf16" or "int8", file, "dtype", config.Dtype, "f32, bf16 or int8");
        Vision(config.Vision, file);
        if (config.Preprocessing is { } preset)
            Preset(preset, file);
        if (config.Familiarity is { } familiarity)
            Require(familiarity.Limit > 0 && double.IsFinite(familiarity.Limit), file, "familiarity.limit", familiarity.Limit,
                "more than 0");
        Window(config, file);
        LanguageModel(config.LanguageModel, file);
        foreach (var (name, adapter) in config.Adapters ?? [])
        {
            Require(NamedAdapter.IsName(name), file, "an adapter's name", HseNetFileException.Quote(name),
                $"letters, digits, - and _, not {AdaptedModel.BaseName}");
            Lora(adapter.Lora, file, $"adapters.{name}");
        }
        if (config.Encoders != VisionEncoders.Volume)
            Slices(config, file);
        if (config.TextEncoder is { } text)
            Heads(file, "text_encoder", text.HiddenSize, text.NumAttentionHeads, text.IntermediateSize, text.NumHiddenLayers,
                text.VocabSize, text.MaxPositionEmbeddings, text.TypeVocabSize);
    }

    static void Vision(VisionConfig vision, string file)
    {
        var image = Size3.FromArray(vision.ImgSize, file, "vision.img_size");
        var patch = Size3.FromArray(vision.PatchSize, file, "vision.patch_size");
        Require(image.Depth % patch.Depth == 0 && image.Height % patch.Height == 0 && image.Width % patch.Width == 0,
            file, "vision.patch_size", patch, $"a divisor of the image {image}");
        Require(image.Count <= 1 << 30, file, "vision.img_size", image, "at most 2^30 voxels");
        Heads(file, "vision", vision.HiddenSize, vision.NumHeads, vision.MlpDim, vision.NumLayers);
    }

    static void Preset(OwnPreset preset, string file)
    {
        Require(preset.InPlane == InPlane.Average, file, "preprocessing.in_plane", preset.InPlane, "average");
        try
        {
            GreyCurve.Parse(preset.GreyCurve);
        }
        catch (HseNetException e)
        {
            throw new HseNetException($"{file}: preprocessing.grey_curve: {e.Message}");
        }
    }

    static void Window(ModelConfig config, string file)
    {
        var grid = config.Vision.Grid;
        var window = Size3.FromArray(config.Projector.Window, file, "projector.window");
        Require(grid.Depth % window.Depth == 0 && grid.Height % window.Height == 0 && grid.Width % window.Width == 0,
            file, "projector.window", window, $"a divisor of the patch grid {grid}");
    }

    static void Slices(ModelConfig config, string file)
    {
        if (config.SliceEncoder is not { } slices)
            throw new HseNetFileException(file, "slice_encoder is missing", "the 2D encoder whose features guide encoder 2");
        Heads(file, "slice_encoder", slices.HiddenSize, slices.NumHeads, slices.MlpDim, slices.NumLayers, slices.ImageSize,
            slices.PatchSize, slices.Slices);
        Require(slices.ImageSize % slices.PatchSize == 0, file, "slice_encoder.patch_size", slices.PatchSize,
            $"a divisor of {slices.ImageSize}");
        Require(slices.HiddenSize == config.Vision.HiddenSize, file, "slice_encoder.hidden_size", slices.HiddenSize,
            $"{config.Vision.HiddenSize}, the width of the 3D encoders");
        var volume = config.Vision.Image;
        if (slices.Source == SliceSource.Volume)
            Require(volume == new Size3(slices.Slices, slices.ImageSize, slices.ImageSize), file, "vision.img_size", volume,
                $"{slices.Slices}×{slices.ImageSize}×{slices.ImageSize}, the slices themselves, with slice_encoder.source volume");
    }

    static void LanguageModel(LanguageModelConfig model, string file)
    {
        Heads(file, "language_model", model.HiddenSize, model.NumAttentionHeads, model.IntermediateSize, model.NumHiddenLayers,
            model.NumKeyValueHeads, model.VocabSize,
            model.OriginalMaxPositionEmbeddings);
        Require(model.NumAttentionHeads % model.NumKeyValueHeads == 0, file, "language_model.num_key_value_heads", model.NumKeyValueHeads,
            $"a divisor of {model.NumAttentionHeads}");
        Require(model.MaxPositionEmbeddings >= model.OriginalMaxPositionEmbeddings, file, "language_model.max_position_embeddings",
            model.MaxPositionEmbeddings, "at least the original maximum");
        Require(model.RotaryDimensions >= 2 && model.RotaryDimensions <= model.HeadSize && model.RotaryDimensions % 2 == 0,
            file, "language_model.partial_rotary_factor", model.PartialRotaryFactor, "an even number of rotated dimensions inside a head");
        Require(model.RmsNormEps > 0 && model.RopeTheta > 1, file, "language_model",
            $"rms_norm_eps {model.RmsNormEps}, rope_theta {model.RopeTheta}", "positive values");
        Require(model.EosTokenId.Length > 0 && model.EosTokenId.All(id => id >= 0 && id < model.VocabSize), file,
            "language_model.eos_token_id", string.Join(", ", model.EosTokenId), $"ids below {model.VocabSize}");
        if (model.RopeScaling is { } rope)
            Require(rope.ShortFactor.Length == model.RotaryDimensions / 2 && rope.LongFactor.Length == model.RotaryDimensions / 2,
                file, "language_model.rope_scaling", $"{rope.ShortFactor.Length} short and {rope.LongFactor.Length} long factors",
                    $"{model.RotaryDimensions / 2} of each");
        if (model.Lora is { } lora)
            Lora(lora, file, "language_model.lora");
    }

    static void Lora(LoraConfig lora, string file, string field) =>
        Require(lora.R is > 0 and < LargestSize && lora.LoraAlpha > 0, file, field, lora, "a positive rank and alpha");

    static void Heads(string file, string section, int hidden, int heads, params ReadOnlySpan<int> sizes)
    {
        foreach (int size in sizes)
            Require(size is > 0 and <= LargestSize, file, $"a size in {section}", size, $"sizes from 1 to {LargestSize}");
        Require(hidden is > 0 and <= LargestSize && heads > 0 && hidden % heads == 0, file, section,
            $"hidden size {hidden} with {heads} heads", "a number of heads that divides the hidden size");
    }

    static void Require(bool condition, string file, string field, object got, string expected)
    {
        if (!condition)
            throw new HseNetFileException(file, $"{field} is {got}", expected);
    }
}
