// config.json of a converted model folder: architecture and sizes, in the checkpoints' own field names where they exist.
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace HSENet.Runtime;

/// <summary>Which vision encoders a model has (the reference's <c>remain_2d3d_ViT_type</c>).</summary>
public enum VisionEncoders
{
    /// <summary>Encoder 1 alone: <c>3d_vit</c>.</summary>
    [JsonStringEnumMemberName("3d_vit")] Volume,

    /// <summary>Encoder 2 alone: <c>2e3_vit</c>.</summary>
    [JsonStringEnumMemberName("2e3_vit")] SliceGuided,

    /// <summary>Both: <c>dual_vits</c>.</summary>
    [JsonStringEnumMemberName("dual_vits")] Both,
}

/// <summary>How patch features become visual tokens.</summary>
enum ProjectorKind
{
    /// <summary>The Spatial Packer: a centroid of each window attends to its window (paper, section 3.3).</summary>
    [JsonStringEnumMemberName("spatial_packer")] SpatialPacker,

    /// <summary>The mean of each window, then linear-GELU-linear: the projector that the paper compares with.</summary>
    [JsonStringEnumMemberName("average_pooling")] AveragePooling,
}

/// <summary>A size along depth, height and width.</summary>
public readonly record struct Size3(int Depth, int Height, int Width)
{
    /// <summary>Number of elements.</summary>
    public long Count => (long)Depth * Height * Width;

    internal static Size3 FromArray(int[] values, string file, string field) => values is [> 0, > 0, > 0]
        ? new(values[0], values[1], values[2])
        : throw new HseNetFileException(file, $"{field} is [{string.Join(", ", values)}]", "three sizes of at least 1");

    /// <summary>"1×4×4".</summary>
    public override string ToString() => $"{Depth}×{Height}×{Width}";
}

/// <summary>The 3D vision transformers: both encoders have the same sizes (MONAI's ViT).</summary>
sealed record VisionConfig
{
    /// <summary>Volume in voxels: depth, height, width.</summary>
    public required int[] ImgSize { get; init; }

    /// <summary>Patch in voxels: depth, height, width.</summary>
    public required int[] PatchSize { get; init; }

    /// <summary>Channels.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the MLP.</summary>
    public required int MlpDim { get; init; }

    /// <summary>Blocks.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int NumHeads { get; init; }

    internal const float LayerNormEpsilon = 1e-5f; // torch.nn.LayerNorm's default, which the reference keeps

    internal Size3 Image => new(ImgSize[0], ImgSize[1], ImgSize[2]);

    internal Size3 Patch => new(PatchSize[0], PatchSize[1], PatchSize[2]);

    internal Size3 Grid => new(ImgSize[0] / PatchSize[0], ImgSize[1] / PatchSize[1], ImgSize[2] / PatchSize[2]);

    internal int Patches => (int)Grid.Count;
}

/// <summary>The projectors from patch features to visual tokens.</summary>
sealed record ProjectorConfig
{
    /// <summary>How patch features become tokens.</summary>
    public ProjectorKind Kind { get; init; }

    /// <summary>Window in patches: depth, height, width.</summary>
    public required int[] Window { get; init; }

    internal const float LayerNormEpsilon = 1e-5f;

    internal Size3 WindowSize => new(Window[0], Window[1], Window[2]);
}

/// <summary>What the images of slices are made of.</summary>
enum SliceSource
{
    /// <summary>The resampled scan, whose slices have a window and a size of their own: as the reference does it.</summary>
    [JsonStringEnumMemberName("scan")] Scan,

    /// <summary>The model's volume, each of its slices as it is: what a model that is trained here on finished volumes looks at.</summary>
    [JsonStringEnumMemberName("volume")] Volume,
}

/// <summary>The 2D slice encoder (timm's ViT inside BiomedCLIP): images of 3 channels.</summary>
sealed record SliceEncoderConfig
{
    /// <summary>Height and width of an image in pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Height and width of a patch.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Channels.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the MLP.</summary>
    public required int MlpDim { get; init; }

    /// <summary>Blocks.</summary>
    public required int NumLayers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int NumHeads { get; init; }

    /// <summary>Slices that are shown to it for one volume.</summary>
    // set, not init: what is generated for JSON would put an init property of an absent field back to nothing
    public int Slices { get; set; } = 32;

    /// <summary>What the images are made of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public SliceSource Source { get; set; }

    internal const float LayerNormEpsilon = 1e-6f; // timm's

    internal int Patches => ImageSize / PatchSize * (ImageSize / PatchSize);
}

/// <summary>The text encoder of the contrastive stages (BERT).</summary>
sealed record TextEncoderConfig
{
    /// <summary>Channels.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the MLP.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Layers.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>Word pieces.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Longest text in tokens.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Token types; reports use the first.</summary>
    public required int TypeVocabSize { get; init; }

    /// <summary>Added to the variance in every LayerNorm.</summary>
    public required float LayerNormEps { get; init; }

    /// <summary>Whether the folder holds stage 1's encoder, stage 2's, or both.</summary>
    public required int[] Stages { get; init; }
}

/// <summary>A whole model folder: <c>config.json</c>.</summary>
sealed record ModelConfig
{
    /// <summary>What this file is.</summary>
    // set, not init: what is generated for JSON would put an init property of an absent field back to nothing
    public string Format { get; set; } = CurrentFormat;

    /// <summary>Storage type of the weight matrices: f32, bf16 or int8. Vectors are f32.</summary>
    public required string Dtype { get; init; }

    /// <summary>Which encoders the model has.</summary>
    [JsonPropertyName("remain_2d3d_ViT_type")]
    public required VisionEncoders Encoders { get; init; }

    /// <summary>The 3D encoders.</summary>
    public required VisionConfig Vision { get; init; }

    /// <summary>How scans become the volume, where that is not the released models' way; null: it is.</summary>
    public OwnPreset? Preprocessing { get; init; }

    /// <summary>The projectors.</summary>
    public required ProjectorConfig Projector { get; init; }

    /// <summary>The 2D slice encoder; null for encoder 1 alone.</summary>
    public SliceEncoderConfig? SliceEncoder { get; init; }

    /// <summary>The text encoder of the contrastive stages; null when it was not converted.</summary>
    public TextEncoderConfig? TextEncoder { get; init; }

    /// <summary>The language model.</summary>
    public required LanguageModelConfig LanguageModel { get; init; }

    /// <summary>How volumes unlike those of the training are told; null: they are not.</summary>
    public FamiliarityConfig? Familiarity { get; init; }

    /// <summary>Adapters in files of their own, by name; null: none. The folder's own adapter, if it has one, is
    /// <see cref="LanguageModelConfig.Lora"/>.</summary>
    public Dictionary<string, NamedAdapter>? Adapters { get; init; }

    /// <summary>Where the weights came from: file names and options, for people.</summary>
    // set, not init: what is generated for JSON would put an init property of an absent field back to nothing
    public Dictionary<string, string> Provenance { get; set; } = [];

    internal const string CurrentFormat = "hsenet-kernels/1";

    internal const string FileName = "config.json";

    const int LargestFile = 16 << 20; // a hundred times what the longest list of rotary factors needs

    static readonly JsonSerializerOptions JsonOptions = new()
    {
        RespectNullableAnnotations = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter<VisionEncoders>(), new JsonStringEnumConverter<ProjectorKind>(),
            new JsonStringEnumConverter<InPlane>(), new JsonStringEnumConverter<SliceSource>() },
        TypeInfoResolver = RuntimeJson.Default,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>How config.json is read and written.</summary>
    internal static JsonTypeInfo<ModelConfig> Json { get; } = (JsonTypeInfo<ModelConfig>)JsonOptions.GetTypeInfo(typeof(ModelConfig));

    internal int EncoderCount => Encoders == VisionEncoders.Both ? 2 : 1;

    internal int TokensPerEncoder => (int)(Vision.Grid.Count / Projector.WindowSize.Count);

    /// <summary>Visual tokens in a prompt.</summary>
    [JsonIgnore]
    public int VisualTokens => EncoderCount * TokensPerEncoder;

    /// <summary>Tokens that every prompt about a study begins with: the begin token and the visual ones.</summary>
    internal int PrefixTokens => 1 + VisualTokens;

    /// <summary>The model as one of its adapters makes it.</summary>
    internal ModelConfig With(NamedAdapter adapter) => this with
    {
        LanguageModel = LanguageModel with
        {
            Lora = adapter.Lora,
            TieWordEmbeddings = adapter.TieWordEmbeddings ?? LanguageModel.TieWordEmbeddings,
        },
    };

    /// <summary>The model that needs most memory beside its weights: with the adapter of the largest rank.</summary>
    internal ModelConfig WithLargestAdapter() => (Adapters ?? []).Select(entry => entry.Value)
        .Aggregate(this, (largest, adapter) => adapter.R > (largest.LanguageModel.Lora?.R ?? 0) ? With(adapter) : largest);

    /// <summary>Floats of one encoder's patches.</summary>
    internal long FeaturesPerEncoder => Vision.Patches * (long)Vision.HiddenSize;

    /// <summary>Reads and checks <c>config.json</c> of a model folder.</summary>
    /// <exception cref="HseNetFileException">The file is missing, no JSON, or its values contradict each other.</exception>
    public static ModelConfig Read(string folder)
    {
        string file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
            throw new HseNetFileException(folder, $"has no {FileName}", "a folder of converted weights");
        try
        {
            if (new FileInfo(file).Length > LargestFile)
                throw new HseNetFileException(file, $"is larger than {LargestFile >> 20} MB", "the configuration of a model");
            return Parse(File.ReadAllBytes(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(file, e.Message, "the configuration of converted weights", e);
        }
    }

    internal static ModelConfig Parse(ReadOnlySpan<byte> json, string file)
    {
        try
        {
            var config = JsonSerializer.Deserialize(json, Json)
                ?? throw new HseNetFileException(file, "holds no object", "the configuration of a model");
            ModelConfigChecks.Check(config, file);
            return config;
        }
        catch (JsonException e)
        {
            // The parser's message quotes the file, however long the quoted word is.
            throw new HseNetFileException(file, HseNetException.OneLine(e.Message, 200),
                "the configuration of converted weights", e);
        }
    }
}
