// The sizes at which the model itself launches an operation: what tables and pages show.
using HSENet.Kernels;
using HSENet.Ptx;

namespace HSENet.Cli;

static class ModelShapes
{
    // A scan of 64 slices of 512 × 512, its 32 slices for the slice encoder and its volume of 32 × 256 × 256; encoders: 2,048 patches and a
    // class token of 768 channels, packed into 128 windows; the decoder: 277 tokens (21 of a question, 256 visual ones) of 3,072, then one
    // token over a cache of 300. Training has the encoders' rows and prompts of 277 tokens, and updates matrices of 768 × 3,072.
    static readonly Dictionary<string, string[]> Sizes = new()
    {
        ["VoxelRescale"] = ["Slices=64,Rows=512,Columns=512"],
        ["Resize3D"] = ["Depth=64,Height=512,Width=512,NewDepth=32,NewHeight=256,NewWidth=256"],
        ["MinMax"] = ["Rows=32768,Columns=512"],
        ["MinMaxNormalize"] = ["Count=16777216"],
        ["CropBox"] = ["Depth=64,Height=512,Width=512"],
        ["SliceBytes"] = ["Slices=32,Height=512,Width=512"],
        ["ResizeBytes"] = ["Outer=512,Length=512,NewLength=224,Inner=1", "Outer=1,Length=512,NewLength=224,Inner=224"],
        ["SlicePixels"] = ["Slices=32,Height=224,Width=224,Size=224,Top=0,Left=0"],
        ["PatchEmbedding"] = ["Depth=32,Height=256,Width=256,Outputs=768"],
        ["PatchEmbedding.Backward"] = ["Depth=32,Height=256,Width=256,Outputs=768"],
        ["LayerNorm"] = ["Rows=2049,Channels=768"],
        ["LayerNorm.Backward"] = ["Rows=2049,Channels=768"],
        ["Linear"] = ["Rows=2049,Inputs=768,Outputs=3072", "Rows=277,Inputs=3072,Outputs=3072", "Rows=1,Inputs=3072,Outputs=8192"],
        ["Linear.Backward"] = ["Rows=2049,Inputs=768,Outputs=3072"],
        ["Attention"] =
        [
            "Queries=2049,Keys=2049,QueryHeads=12,KeyHeads=12,HeadSize=64",
            "Queries=277,Keys=277,QueryHeads=24,KeyHeads=8,HeadSize=128",
            "Queries=1,Keys=300,QueryHeads=24,KeyHeads=8,HeadSize=128",
        ],
        ["Attention.Backward"] =
        [
            "Queries=2049,Keys=2049,QueryHeads=12,KeyHeads=12,HeadSize=64",
            "Queries=277,Keys=277,QueryHeads=24,KeyHeads=8,HeadSize=128",
        ],
        ["SliceGuidedAttention"] = ["Patches=2048,Slices=32,Channels=768"],
        ["SliceGuidedAttention.Backward"] = ["Patches=2048,Slices=32,Channels=768"],
        ["PatchScore"] = ["Patches=2048,Channels=768"],
        ["PatchScore.Backward"] = ["Patches=2048,Channels=768"],
        ["WindowCentroid"] = ["GridDepth=8,GridHeight=16,GridWidth=16,Channels=768"],
        ["WindowCentroid.Backward"] = ["GridDepth=8,GridHeight=16,GridWidth=16,Channels=768"],
        ["WindowAttention"] = ["GridDepth=8,GridHeight=16,GridWidth=16,Channels=768"],
        ["WindowAttention.Backward"] = ["GridDepth=8,GridHeight=16,GridWidth=16,Channels=768"],
        ["TokenEmbedding"] = ["Tokens=277,Channels=3072"],
        ["TokenEmbedding.Backward"] = ["Tokens=277,Channels=3072"],
        ["RmsNorm"] = ["Rows=277,Channels=3072"],
        ["RmsNorm.Backward"] = ["Rows=277,Channels=3072"],
        ["RotaryEmbedding"] = ["Tokens=277"],
        ["RotaryEmbedding.Backward"] = ["Tokens=277"],
        ["SwiGlu"] = ["Rows=277,Channels=8192"],
        ["SwiGlu.Backward"] = ["Rows=277,Channels=8192"],
        ["Lora"] = ["Rows=277,Inputs=3072,Outputs=3072", "Rows=1,Inputs=3072,Outputs=3072"],
        ["Lora.Backward"] = ["Rows=277,Inputs=3072,Outputs=3072"],
        ["LoraMerge"] = ["Inputs=3072,Outputs=5120"],
        ["Sampling"] = ["Vocabulary=200064"],
        ["Gelu"] = ["Count=6294528"], // 2,049 × 3,072
        ["Gelu.Backward"] = ["Count=6294528"],
        ["Augment"] = ["Depth=32,Height=256,Width=256"],
        ["Dropout"] = ["Count=1573632"], // 2,049 × 768
        ["SquaredNorm"] = ["Count=2359296"], // 768 × 3,072
        ["AdamW"] = ["Count=2359296"],
        // A batch of 16 studies; an answer of 32 tokens, with 4,096 of the decoder's ids, as all 200,064 take minutes to execute and each is
        // the same work; the ten nearest of 100,000 studies.
        ["L2Normalize"] = ["Rows=16,Channels=768"],
        ["L2Normalize.Backward"] = ["Rows=16,Channels=768"],
        ["ContrastiveLoss"] = ["Rows=16,Channels=768"],
        ["CrossEntropy"] = ["Tokens=32,Channels=3072,Vocabulary=4096"],
        ["TopK"] = ["Rows=1,Columns=100000,Top=10"],
    };

    // Sizes at which rungs are compared, in the order of the operation's LaunchSizes: those of the model, and some between and beside
    // them for other models.
    static readonly Dictionary<string, string[]> Compared = new()
    {
        ["LayerNorm"] = ["Rows=32,Channels=768", "Rows=2049,Channels=768", "Rows=6304,Channels=768"],
        ["RmsNorm"] = ["Rows=1,Channels=3072", "Rows=277,Channels=3072", "Rows=2048,Channels=3072"],
        ["Linear"] =
        [
            "Rows=1,Inputs=3072,Outputs=3072", "Rows=1,Inputs=768,Outputs=768", "Rows=4,Inputs=3072,Outputs=3072",
            "Rows=8,Inputs=3072,Outputs=3072", "Rows=16,Inputs=3072,Outputs=3072", "Rows=32,Inputs=3072,Outputs=3072",
            "Rows=64,Inputs=3072,Outputs=3072", "Rows=32,Inputs=768,Outputs=768", "Rows=2049,Inputs=768,Outputs=768",
        ],
        ["Attention"] =
        [
            "Queries=2049,Keys=2049,HeadSize=64,QueryHeads=12,KeyHeads=12", "Queries=277,Keys=277,HeadSize=128,QueryHeads=24,KeyHeads=8",
            "Queries=1,Keys=300,HeadSize=128,QueryHeads=24,KeyHeads=8",
        ],
    };

    // Released weights are bf16: more of the model's products.
    static readonly string[] ComparedProducts =
    [
        // encoders: query, key and value; the two of the middle. The slice encoder has three times the rows
        "Rows=2049,Inputs=768,Outputs=2304", "Rows=2049,Inputs=768,Outputs=3072", "Rows=2049,Inputs=3072,Outputs=768",
        "Rows=6304,Inputs=768,Outputs=768", "Rows=6304,Inputs=768,Outputs=2304", "Rows=6304,Inputs=768,Outputs=3072",
        "Rows=6304,Inputs=3072,Outputs=768",
        // packers and prompts
        "Rows=128,Inputs=768,Outputs=3072", "Rows=128,Inputs=3072,Outputs=3072", "Rows=277,Inputs=3072,Outputs=5120",
        "Rows=277,Inputs=3072,Outputs=3072", "Rows=277,Inputs=3072,Outputs=16384", "Rows=277,Inputs=8192,Outputs=3072",
        // one token
        "Rows=1,Inputs=3072,Outputs=16384", "Rows=1,Inputs=8192,Outputs=3072",
    ];

    /// <summary>Sizes at which the rungs of an operation that read weights of a type are compared.</summary>
    public static IEnumerable<string> Chosen(string operation, WeightType? weights) =>
        (Compared.GetValueOrDefault(operation) ?? []).Concat(weights == WeightType.BF16 && operation == "Linear" ? ComparedProducts : []);

    /// <summary>Profiles a rung at each of the model's shapes that it can compute, or at its sample's.</summary>
    public static IEnumerable<RungProfile> Profile(Rung rung, GpuModel gpu, long sampled, bool assembled = true)
    {
        List<RungProfile> rows = [];
        foreach (string shape in Sizes.GetValueOrDefault(rung.Operation) ?? [])
            try
            {
                rows.Add(PtxRungs.Profile(rung, gpu, PtxRungs.Sizes(shape, rung), sampled, assembled));
            }
            catch (HseNetException e) when (e.InnerException is NoRungException)
            {
                // Few rows, or sizes that are no multiples: another rung's task.
            }
        return rows.Count > 0 ? rows : [PtxRungs.Profile(rung, gpu, PtxRungs.Sizes(null), sampled, assembled)];
    }
}
