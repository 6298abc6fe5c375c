// Encoders and packers of the full-size model, run alone on the golden inputs.
using HSENet.Runtime;

namespace HSENet.Tests;

static class FullVision
{
    /// <summary>Runs a 3D encoder on the golden volume and slice features; everything it shows.</summary>
    public static Dictionary<string, float[]> Encode(WeightStore weights, VisionConfig config, int number)
    {
        const int slices = 32;
        string name = $"encoder{number}";
        float[] volume = FullModel.Volume(), features = FullModel.Input("slice_features", (long)slices * config.HiddenSize);
        var plan = new MemoryPlan();
        var volumeBuffer = plan.Reserve("volume", volume.Length);
        var sliceBuffer = plan.Reserve("slice_features", features.Length);
        var output = plan.Reserve("features", (long)(config.Patches + 1) * config.HiddenSize);
        var buffers = VisionEncoder.Reserve(plan, name, config, number == 2 ? slices : 0);
        using var run = new PartRun(plan);
        new VisionEncoder(weights, name, config, sliceGuided: number == 2)
            .Forward(run.Pass, buffers, run.Write(volumeBuffer, volume), run.Write(sliceBuffer, features), run.Pass[output]);
        return run.Seen;
    }

    /// <summary>Packs patch features; what the attention gives, and the tokens.</summary>
    public static (float[] Absorbed, float[] Tokens) Pack(WeightStore weights, int number, ReadOnlySpan<float> patches)
    {
        var model = FullModel.Config;
        string name = $"packer{number}";
        int channels = model.Vision.HiddenSize, width = model.LanguageModel.HiddenSize;
        var plan = new MemoryPlan();
        var input = plan.Reserve("features", patches.Length);
        var output = plan.Reserve("tokens", (long)model.TokensPerEncoder * width);
        var buffers = Projector.Reserve(plan, name, model.Projector, model.Vision.Grid, channels, width);
        using var run = new PartRun(plan);
        new Projector(weights, name, model.Projector, model.Vision.Grid, channels, width)
            .Forward(run.Pass, buffers, run.Write(input, patches), run.Pass[output]);
        return (run.Seen[$"{name}.absorbed"], run.Seen[$"{name}.tokens"]);
    }
}
