// Gradients of the full-size packer against the reference's; of every projector, with dropout on, against finite differences of its own
// forward.

using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class ProjectorGradientGoldenTests
{
    const string Part = "grad_packer";

    [Fact]
    public void Gradients_of_the_full_size_packer_agree()
    {
        const double tolerance = 1e-4;
        var config = FullModel.Config;
        ModelTensor[] tensors = [.. ModelTensors.Projector(config, 1)];
        using var source = new SyntheticSource(tensors);
        using var set = new ParameterSet(PartRun.Host,
            new ParameterPlan([.. tensors.Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape))], rounded: false));
        set.Load(source.Tensors);
        var projector = new TrainedProjector(new WeightStore(PartRun.Host, source.Tensors, set), "packer1", config.Projector, config.Vision,
            config.LanguageModel.HiddenSize);
        using var run = new PartRun(projector.Plan);

        FullModel.Equal(Part, "tokens",
            projector.Forward(run, FullModel.Input("grad_hr", (long)config.Vision.Patches * config.Vision.HiddenSize), default));
        FullModel.Equal(Part, "d_input",
            projector.Backward(run, FullModel.Input("grad_tok", (long)config.TokensPerEncoder * config.LanguageModel.HiddenSize), default),
            tolerance);
        // zero in exact arithmetic
        foreach (var parameter in set.All.Where(parameter => !parameter.Name.EndsWith("Wk.bias", StringComparison.Ordinal)))
            FullModel.Equal(Part, $"d_{parameter.Name["packer1.".Length..]}", run.Read(parameter.Gradient), tolerance);
    }

    // No golden data has dropout, and pooling has no golden gradients: the directional derivative of the forward, in all inputs and weights
    // at once.
    [Theory, InlineData(nameof(ProjectorKind.SpatialPacker)), InlineData(nameof(ProjectorKind.AveragePooling))]
    public void Gradients_are_those_of_the_forward_with_the_same_dropout(string kindName)
    {
        var kind = Enum.Parse<ProjectorKind>(kindName);
        var vision = TinyModel.Config.Vision;
        var config = new ProjectorConfig { Kind = kind, Window = TinyModel.Config.Projector.Window };
        int width = TinyModel.Config.LanguageModel.HiddenSize;
        ModelTensor[] tensors = [.. ModelTensors.Projector(TinyModel.Config with { Projector = config }, 1)];
        using var source = new SyntheticSource(tensors);
        using var set = new ParameterSet(PartRun.Host,
            new ParameterPlan([.. tensors.Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape))], rounded: false));
        set.Load(source.Tensors);
        var projector = new TrainedProjector(new WeightStore(PartRun.Host, source.Tensors, set), "packer1", config, vision, width);
        using var run = new PartRun(projector.Plan);
        var dropout = new AttentionDropout(DropoutSeeds.For(7, 3, 1), 0.25f);

        float[] patches = FullModel.Input("patches", (long)vision.Patches * vision.HiddenSize);
        float[] gradTokens = FullModel.Input("grad_tokens", vision.Grid.Count / config.WindowSize.Count * width);
        projector.Forward(run, patches, dropout);
        float[] gradPatches = projector.Backward(run, gradTokens, dropout);
        double allowed = new DirectionalDerivative(set, run.Read, gradTokens, inputs => projector.Forward(run, inputs[0], dropout), patches)
            .Check(gradPatches);

        projector.Forward(run, patches, dropout);
        float[] otherMask = projector.Backward(run, gradTokens, dropout with { Seeds = DropoutSeeds.For(7, 4, 1) });
        float[] along = DirectionalDerivative.Along("patches", gradPatches);
        if (kind == ProjectorKind.SpatialPacker)
            Assert.True(Math.Abs(DirectionalDerivative.Dot(otherMask, along) - DirectionalDerivative.Dot(gradPatches, along)) > allowed,
                "another mask gives the same gradient");
    }
}

/// <summary>A projector with all memory of a training step.</summary>
sealed class TrainedProjector
{
    readonly Projector _projector;
    readonly Projector.Buffers _buffers;
    readonly Projector.GradientBuffers _gradients;
    readonly PlannedBuffer _patches, _tokens, _gradPatches, _gradTokens;

    public TrainedProjector(WeightStore weights, string name, ProjectorConfig config, VisionConfig vision, int width)
    {
        long patches = (long)vision.Patches * vision.HiddenSize, tokens = vision.Grid.Count / config.WindowSize.Count * width;
        _projector = new Projector(weights, name, config, vision.Grid, vision.HiddenSize, width);
        (_patches, _tokens) = (Plan.Reserve("patches", patches), Plan.Reserve("tokens", tokens));
        (_gradPatches, _gradTokens) = (Plan.Reserve("grad_patches", patches), Plan.Reserve("grad_tokens", tokens));
        _buffers = Projector.Reserve(Plan, name, config, vision.Grid, vision.HiddenSize, width, keeping: true);
        _gradients = Projector.ReserveGradients(Plan, name, config, vision.Grid, vision.HiddenSize, width);
    }

    public MemoryPlan Plan { get; } = new();

    public float[] Forward(PartRun run, float[] patches, AttentionDropout dropout)
    {
        _projector.Forward(run.Pass, _buffers, run.Write(_patches, patches), run.Pass[_tokens], dropout);
        return run.Read(run.Pass[_tokens]);
    }

    /// <summary>The gradient of the patches of the last forward.</summary>
    public float[] Backward(PartRun run, float[] gradTokens, AttentionDropout dropout)
    {
        _projector.Backward(run.Pass, _buffers, _gradients, run.Pass[_patches], run.Write(_gradTokens, gradTokens), run.Pass[_gradPatches],
            dropout);
        return run.Read(run.Pass[_gradPatches]);
    }
}
