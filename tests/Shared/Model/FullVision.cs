// Encoders and packers of the full-size model, run alone on the golden inputs.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Tests;

static class FullVision
{
    /// <summary>Runs a 3D encoder on the golden volume and slice features; everything it shows.</summary>
    public static Dictionary<string, float[]> Encode(WeightStore weights, VisionConfig config, int number,
        ActivationType activations = ActivationType.F32)
    {
        const int slices = 32;
        string name = $"encoder{number}";
        float[] volume = FullModel.Volume(), features = FullModel.Input("slice_features", (long)slices * config.HiddenSize);
        var plan = new MemoryPlan(activations);
        var volumeBuffer = plan.Reserve("volume", volume.Length);
        var sliceBuffer = plan.Reserve("slice_features", features.Length);
        var output = plan.Reserve("features", (long)(config.Patches + 1) * config.HiddenSize);
        var buffers = VisionEncoder.Reserve(plan, name, config, number == 2 ? slices : 0);
        using var run = new PartRun(plan, weights.Device);
        new VisionEncoder(weights, name, config, sliceGuided: number == 2)
            .Forward(run.Pass, buffers, run.Write(volumeBuffer, volume), run.Write(sliceBuffer, features), run.Pass[output]);
        return run.Seen;
    }

    /// <summary>Packs patch features; what the attention gives, and the tokens.</summary>
    public static (float[] Absorbed, float[] Tokens) Pack(WeightStore weights, int number, ReadOnlySpan<float> patches,
        ActivationType activations = ActivationType.F32)
    {
        var model = FullModel.Config;
        string name = $"packer{number}";
        int channels = model.Vision.HiddenSize, width = model.LanguageModel.HiddenSize;
        var plan = new MemoryPlan(activations);
        var input = plan.ReserveActivations("features", patches.Length);
        var output = plan.Reserve("tokens", (long)model.TokensPerEncoder * width);
        var buffers = Projector.Reserve(plan, name, model.Projector, model.Vision.Grid, channels, width);
        using var run = new PartRun(plan, weights.Device);
        new Projector(weights, name, model.Projector, model.Vision.Grid, channels, width)
            .Forward(run.Pass, buffers, run.WriteActivations(input, patches), run.Pass[output]);
        return (run.Seen[$"{name}.absorbed"], run.Seen[$"{name}.tokens"]);
    }

    /// <summary>Runs the slice encoder on two slices of the golden pixels and compares every block.</summary>
    public static void Slices(WeightStore weights, ActivationType activations, Check check)
    {
        const string name = "slice_encoder", part = "trunk2d";
        var config = FullModel.Config.SliceEncoder!;
        const int slices = 2;
        float[] pixels = FullModel.Input("slice_pixels", slices * 3L * config.ImageSize * config.ImageSize);
        var plan = new MemoryPlan(activations);
        var input = plan.Reserve("pixels", pixels.Length);
        var output = plan.Reserve("features", slices * config.HiddenSize);
        var buffers = SliceEncoder.Reserve(plan, config, slices);
        using var run = new PartRun(plan, weights.Device);
        new SliceEncoder(weights, config).Forward(run.Pass, buffers, run.Write(input, pixels), run.Pass[output]);

        var positions = new float[(config.Patches + 1) * config.HiddenSize];
        SyntheticWeights.Fill("visual.trunk.pos_embed", [1, config.Patches + 1, config.HiddenSize], FullModel.Seed, 0, positions);
        float[] embedded = run.Seen[$"{name}.embedded"];
        check(part, "patch_embed", [.. Enumerable.Range(0, slices).SelectMany(slice =>
            Golden.Minus(embedded[(slice * positions.Length + config.HiddenSize)..((slice + 1) * positions.Length)],
                positions[config.HiddenSize..]))]);
        for (int i = 0; i < config.NumLayers; i++)
            check(part, $"blocks.{i}", run.Seen[$"{name}.blocks.{i}"]);
        check(part, "out", run.Seen[$"{name}.out"]);
    }

    /// <summary>Compares a tensor with that of the reference.</summary>
    public delegate void Check(string part, string name, ReadOnlySpan<float> actual);
}
