// The Spatial Packer of both encoders, every window, and the average-pooling projector, against the reference's tensors.
using System.Globalization;
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ProjectorGoldenTests
{
    [Theory, InlineData(1, "host", ActivationType.F32), InlineData(2, "host", ActivationType.F32)]
    [InlineData(1, "emulator", ActivationType.F32), InlineData(2, "emulator", ActivationType.F32)]
    [InlineData(1, "emulator", ActivationType.BF16), InlineData(2, "emulator", ActivationType.BF16)]
    public void Packer_agrees_in_every_step(int number, string device, ActivationType activations)
    {
        var golden = GoldenFolder.Tensors("tiny/golden/packer.safetensors");
        var seen = Run(TensorSource.Open(TinyModel.Folder), $"packer{number}", TinyModel.Config.Projector, golden[$"features{number}"],
            device, activations);
        // Each step rounds once more: the means, keys and values, what is mixed, the norm, and what is hidden between two products.
        foreach (var (step, roundings) in new[] { ("centroids", 2), ("attention", 3), ("absorbed", 5), ("tokens", 6) })
            Golden.Equal(step, seen[$"packer{number}.{step}"], golden[step + number].Singles(), Golden.Allowed(activations, roundings));
    }

    public static TheoryData<string> Windows =>
        [.. GoldenFolder.Tensors("tiny/golden/packer_windows.safetensors")
        .Keys.Where(name => name.StartsWith("tokens_", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Windows))]
    public void Every_window_and_the_average_pooling_agree(string tokens)
    {
        const string file = "tiny/golden/packer_windows.safetensors";
        var golden = GoldenFolder.Tensors(file);
        bool pooling = tokens == "tokens_average_pooling";
        int[] window = pooling ? PoolingWindow(golden[tokens].Shape[1])
            : [.. tokens.Split('_').Skip(1).Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        var config = new ProjectorConfig { Kind = pooling ? ProjectorKind.AveragePooling : ProjectorKind.SpatialPacker, Window = window };
        string part = pooling ? "pooling_weight" : "weight";
        var seen = Run(TensorSource.Open(GoldenFolder.At(file)), part, config, golden["features"], "host", ActivationType.F32);
        Golden.Equal(tokens, seen[$"{part}.tokens"], golden[tokens].Singles());
    }

    // The reference pools windows of (1,4,4); a grid that these do not divide was pooled with the model's own.
    static int[] PoolingWindow(int tokens)
    {
        var grid = TinyModel.Config.Vision.Grid;
        bool divides = grid.Height % 4 == 0 && grid.Width % 4 == 0 && tokens == grid.Count / 16;
        return divides ? [1, 4, 4] : [.. TinyModel.Config.Projector.Window];
    }

    static Dictionary<string, float[]> Run(TensorSource source, string name, ProjectorConfig config, GoldenTensor features, string device,
        ActivationType activations)
    {
        var model = TinyModel.Config;
        int channels = model.Vision.HiddenSize, width = model.LanguageModel.HiddenSize;
        var plan = new MemoryPlan(activations);
        var input = plan.ReserveActivations("features", features.Singles().Length);
        var output = plan.Reserve("tokens", model.Vision.Grid.Count / config.WindowSize.Count * width);
        var buffers = Projector.Reserve(plan, name, config, model.Vision.Grid, channels, width);
        using var run = new PartRun(plan, device);
        using var weights = new WeightStore(run.Device, source);
        new Projector(weights, name, config, model.Vision.Grid, channels, width)
            .Forward(run.Pass, buffers, run.WriteActivations(input, features.Singles()), run.Pass[output]);
        return run.Seen;
    }
}
