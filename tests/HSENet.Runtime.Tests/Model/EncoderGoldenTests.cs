// Both 3D encoders and the 2D slice encoder, every sub-module, against the reference's tensors.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class EncoderGoldenTests
{
    public static TheoryData<string, ActivationType> Devices => new()
    {
        { "host", ActivationType.F32 }, { "emulator", ActivationType.F32 }, { "emulator", ActivationType.BF16 },
    };

    [Theory, MemberData(nameof(Devices))]
    public void Encoder_1_agrees_in_every_sub_module(string device, ActivationType activations) =>
        Encode("encoder1", sliceGuided: false, device, activations);

    [Theory, MemberData(nameof(Devices))]
    public void Encoder_2_agrees_in_every_sub_module(string device, ActivationType activations) =>
        Encode("encoder2", sliceGuided: true, device, activations);

    static void Encode(string name, bool sliceGuided, string device, ActivationType activations)
    {
        var config = TinyModel.Config;
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        var golden = GoldenFolder.Tensors($"tiny/golden/{name}.safetensors");
        float[] volumes = inputs["volume"].Singles(), slices = inputs["slice_features"].Singles();
        int[] sliceShape = inputs["slice_features"].Shape;
        int sliceCount = sliceShape[1], features = sliceCount * sliceShape[2];

        var plan = new MemoryPlan(activations);
        var volume = plan.Reserve("volume", config.Vision.Image.Count);
        var sliceFeatures = plan.Reserve("slice_features", features);
        var output = plan.Reserve("features", (long)(config.Vision.Patches + 1) * config.Vision.HiddenSize);
        var buffers = VisionEncoder.Reserve(plan, name, config.Vision, sliceGuided ? sliceCount : 0);
        using var run = new PartRun(plan, device);
        using var weights = new WeightStore(run.Device, TensorSource.Open(TinyModel.Folder));
        var encoder = new VisionEncoder(weights, name, config.Vision, sliceGuided);
        encoder.Forward(run.Pass, buffers, run.Write(volume, volumes.AsSpan(0, (int)config.Vision.Image.Count)),
            run.Write(sliceFeatures, slices.AsSpan(0, features)), run.Pass[output]);

        // Guidance rounds what its products read, keys and values, and what is mixed.
        int guidance = sliceGuided ? 5 : 0, roundings = guidance + BlockRoundings * config.Vision.NumLayers + 1;
        Direct(run, golden, name, Golden.Tolerance, "patch_embedding");
        Direct(run, golden, name, Golden.Allowed(activations, roundings), "norm");
        Golden.Equal("out", run.Seen[$"{name}.norm"], golden["out"].Singles(), Golden.Allowed(activations, roundings));
        using var source = TensorSource.Open(TinyModel.Folder);
        float[] positions = source.Get($"{name}.patch_embedding.position_embeddings").ToSingles();
        Golden.Equal("patch_embeddings", Golden.Minus(run.Seen[$"{name}.patch_embedding"], positions),
            golden["patch_embedding.patch_embeddings"].Singles());
        if (sliceGuided)
        {
            Direct(run, golden, name, Golden.Allowed(activations, guidance - 2), "attention_map");
            Direct(run, golden, name, Golden.Allowed(activations, guidance), "slice_guided_attention", "patch_scores");
            float[] logits = golden["patch_score_proj"].Singles();
            Golden.Equal("patch_score_proj", [.. run.Seen[$"{name}.patch_scores"].Select(score => (float)Math.Log(score / (1.0 - score)))],
                logits, Golden.Allowed(activations, guidance));
        }
        float[] before = run.Seen[$"{name}.embedded"];
        for (int i = 0; i < config.Vision.NumLayers; i++)
            before = Block(run, golden, name, $"blocks.{i}", before, activations, guidance + BlockRoundings * i);
    }

    [Theory, InlineData("host"), InlineData("emulator")]
    public void Slice_encoder_agrees_in_every_sub_module(string device)
    {
        const string name = "slice_encoder";
        var config = TinyModel.Config.SliceEncoder!;
        var golden = GoldenFolder.Tensors("tiny/golden/trunk2d.safetensors");
        float[] pixels = golden["pixels"].Singles();
        int slices = golden["pixels"].Shape[0];

        var plan = new MemoryPlan();
        var input = plan.Reserve("pixels", pixels.Length);
        var output = plan.Reserve("features", slices * config.HiddenSize);
        var buffers = SliceEncoder.Reserve(plan, config, slices);
        using var run = new PartRun(plan, device);
        using var weights = new WeightStore(run.Device, TensorSource.Open(TinyModel.Folder));
        new SliceEncoder(weights, config).Forward(run.Pass, buffers, run.Write(input, pixels), run.Pass[output]);

        Golden.Equal("out", run.Seen[$"{name}.out"], golden["out"].Singles());
        int first = (config.Patches + 1) * config.HiddenSize;
        Golden.Equal("norm", run.Seen[$"{name}.norm"].AsSpan(0, first), golden["norm"].Singles());
        for (int i = 0; i < config.NumLayers; i++)
            Golden.Equal($"blocks.{i}", run.Seen[$"{name}.blocks.{i}"].AsSpan(0, first), golden[$"blocks.{i}"].Singles());
        using var source = TensorSource.Open(TinyModel.Folder);
        float[] positions = source.Get($"{name}.pos_embed").ToSingles();
        Golden.Equal("patch_embed", Golden.Minus(run.Seen[$"{name}.embedded"][config.HiddenSize..first], positions[config.HiddenSize..]),
            golden["patch_embed"].Singles());
    }

    // Rounded one after the other: the norm's output, the product, the attention's weights, what they mix; the norm's output, hidden.
    const int BlockRoundings = 6;

    static float[] Block(PartRun run, Dictionary<string, GoldenTensor> golden, string part, string block, float[] before,
        ActivationType activations, int roundings)
    {
        float[] attended = run.Seen[$"{part}.{block}.attended"], after = run.Seen[$"{part}.{block}"];
        Direct(run, golden, part, Golden.Allowed(activations, roundings + 1), $"{block}.norm1");
        Direct(run, golden, part, Golden.Allowed(activations, roundings + 5), $"{block}.norm2");
        Direct(run, golden, part, Golden.Allowed(activations, roundings + BlockRoundings), block);
        Golden.Equal($"{block}.attn", Golden.Minus(attended, before), golden[$"{block}.attn"].Singles(),
            Golden.Allowed(activations, roundings + 4));
        Golden.Equal($"{block}.mlp", Golden.Minus(after, attended), golden[$"{block}.mlp"].Singles(),
            Golden.Allowed(activations, roundings + BlockRoundings));
        return after;
    }

    static void Direct(PartRun run, Dictionary<string, GoldenTensor> golden, string part, double tolerance,
        params string[] names)
    {
        foreach (string name in names)
            Golden.Equal(name, run.Seen[$"{part}.{name}"], golden[name].Singles(), tolerance);
    }
}
