// A complete model folder of synthetic weights: to measure and to test the real sizes without the released checkpoints.
using System.Globalization;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Sizes of a synthetic model.</summary>
enum SyntheticPreset
{
    /// <summary>Two layers in each part: seconds to write and to run.</summary>
    Tiny,

    /// <summary>The released model: encoders of 12 blocks of 768 channels, Phi-4-mini.</summary>
    Full,
}

/// <summary>What a synthetic model is and where it is written.</summary>
sealed record SyntheticModelOptions
{
    /// <summary>Sizes.</summary>
    public required SyntheticPreset Preset { get; init; }

    /// <summary>Seed of all weights.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The folder that is written; must not exist.</summary>
    public required string Output { get; init; }

    /// <summary>Storage type of matrices: f32, bf16 (which holds them exactly), or int8 (the language model's; others bf16).</summary>
    public string Dtype { get; init; } = "bf16";
}

/// <summary>Writes models whose weights are numbers made of their names and a seed; what they say of a CT means nothing.</summary>
static class SyntheticModel
{
    /// <summary>Writes configuration, weights and a tokenizer of single bytes; the folder gets its name when everything in it is
    /// complete.</summary>
    /// <returns>The configuration of the new folder.</returns>
    /// <exception cref="HseNetFileException">The output exists or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is left behind.</exception>
    public static ModelConfig Write(SyntheticModelOptions options, IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Output);
        ModelFolder.Check(options.Output, options.Dtype);
        var config = Config(options.Preset) with
        {
            Dtype = options.Dtype,
            Provenance = new()
            {
                ["synthetic"] = options.Preset.ToString().ToLowerInvariant(),
                ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture)
            },
        };
        ModelConfigChecks.Check(config, options.Output);
        ConvertedTensor[] tensors = [.. ModelTensors.All(config).Select(tensor => new ConvertedTensor(
            tensor.Name, tensor.Shape, ModelConfigTensors.StorageType(options.Dtype, tensor.Name, tensor.Shape),
            (first, destination) => SyntheticWeights.Fill(tensor.Reference, tensor.Shape, options.Seed, first, destination), null))];
        ModelFolder.Write(options.Output, config, tensors, folder => SyntheticTokenizer.Write(folder, config), progress, cancellation);
        return config;
    }

    /// <summary>The configuration of a preset, in bf16.</summary>
    internal static ModelConfig Config(SyntheticPreset preset) => preset switch
    {
        SyntheticPreset.Full => Model([32, 256, 256], new(768, 3072, 12, 12), textMlp: 3072, words: 30522, Phi4Mini),
        SyntheticPreset.Tiny => Model([16, 128, 128], new(128, 512, 2, 2), textMlp: 256, words: 400, Phi4Mini with
        {
            VocabSize = 512,
            HiddenSize = 256,
            IntermediateSize = 512,
            NumHiddenLayers = 2,
            NumAttentionHeads = 2,
            NumKeyValueHeads = 1,
            OriginalMaxPositionEmbeddings = 192,
            MaxPositionEmbeddings = 1024,
            EosTokenId = [507],
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(preset), preset, "Expected Tiny or Full."),
    };

    readonly record struct Blocks(int Channels, int Mlp, int Layers, int Heads);

    // All encoders of a model are equally wide and deep; both presets have the released model's patches, packer and norms.
    static ModelConfig Model(int[] volume, Blocks blocks, int textMlp, int words, LanguageModelConfig language) => new()
    {
        Dtype = "bf16",
        Encoders = VisionEncoders.Both,
        Vision = new()
        {
            ImgSize = volume,
            PatchSize = [4, 16, 16],
            HiddenSize = blocks.Channels,
            MlpDim = blocks.Mlp,
            NumLayers = blocks.Layers,
            NumHeads = blocks.Heads
        },
        Projector = new() { Window = [1, 4, 4] },
        SliceEncoder = new()
        {
            ImageSize = 224,
            PatchSize = 16,
            HiddenSize = blocks.Channels,
            MlpDim = blocks.Mlp,
            NumLayers = blocks.Layers,
            NumHeads = blocks.Heads
        },
        TextEncoder = new()
        {
            HiddenSize = blocks.Channels,
            IntermediateSize = textMlp,
            NumHiddenLayers = blocks.Layers,
            NumAttentionHeads = blocks.Heads,
            VocabSize = words,
            MaxPositionEmbeddings = 512,
            TypeVocabSize = 2,
            LayerNormEps = 1e-12f,
            Stages = [1, 2],
        },
        LanguageModel = language,
    };

    static LanguageModelConfig Phi4Mini => new()
    {
        VocabSize = 200033,
        HiddenSize = 3072,
        IntermediateSize = 8192,
        NumHiddenLayers = 32,
        NumAttentionHeads = 24,
        NumKeyValueHeads = 8,
        RmsNormEps = 1e-5f,
        RopeTheta = 10000,
        PartialRotaryFactor = 0.75f,
        OriginalMaxPositionEmbeddings = 4096,
        MaxPositionEmbeddings = 131072,
        RopeScaling = new() { ShortFactor = Ones(48), LongFactor = Ones(48) },
        EosTokenId = [199999],
    };

    static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];
}
