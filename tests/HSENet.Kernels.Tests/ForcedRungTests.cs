// Rungs forced by name, targets by name, and the choice by shape.
namespace HSENet.Kernels.Tests;

public sealed class ForcedRungTests
{
    [Theory]
    [InlineData("Linear", "expected Operation=Rung")]
    [InlineData("Linear=", "expected Operation=Rung")]
    [InlineData("Liner=V1", "no operation is called Liner; expected one of VoxelRescale")]
    [InlineData("Linear=V1, LayerNorm=V99", "LayerNorm has no rung V99; expected one of Host, V1.Naive")]
    [InlineData("Linear=V", "Linear has no rung V;")]
    public void A_name_that_the_catalogue_does_not_have_is_refused_with_those_it_has(string text, string message) =>
        Assert.Contains(message, Assert.Throws<NoRungException>(() => ForcedRungs.Parse(text)).Message);

    [Fact]
    public void A_version_names_the_rungs_of_every_type_and_launches_of_others_are_counted_as_fallen_back()
    {
        var forced = ForcedRungs.Parse("linear=v1")["Linear"];
        foreach (var rung in Linear.ForwardOperation.Rungs)
            forced.Launched(rung);
        Assert.Equal((6, Linear.ForwardOperation.Rungs.Count), (forced.Ran, forced.Launches));
    }

    [Theory]
    [InlineData("sm_80", 80, true), InlineData("sm_80", 86, true), InlineData("sm_90", 89, false), InlineData("sm_90", 120, true)]
    [InlineData("sm_90a", 90, true), InlineData("sm_90a", 100, false), InlineData("sm_90a", 80, false)]
    public void A_target_runs_on_newer_architectures_unless_a_letter_makes_it_exact(string target, int architecture, bool runs) =>
        Assert.Equal(runs, (Linear.ForwardOperation.TypedRungs[1] with { Architecture = target }).RunsOn(architecture));

    [Theory]
    [InlineData(1, 3072, 8192, WeightType.Int8, ActivationType.BF16, "V7.OneRow")]
    [InlineData(1, 37, 5, WeightType.BF16, ActivationType.F32, "V2.Coalesced")]
    [InlineData(8, 3072, 8192, WeightType.BF16, ActivationType.F32, "V7.FewRows4")]
    [InlineData(42, 128, 384, WeightType.BF16, ActivationType.BF16, "V3.SharedTile32")]
    [InlineData(2049, 768, 3072, WeightType.F32, ActivationType.BF16, "V4.RegisterTile128x128")]
    [InlineData(2049, 768, 3072, WeightType.BF16, ActivationType.BF16, "V6.Pipelined192x256")]
    [InlineData(2049, 768, 3072, WeightType.BF16, ActivationType.F32, "V4.RegisterTile128x128")] // what is f32 is not rounded
    [InlineData(2049, 768, 768, WeightType.BF16, ActivationType.BF16, "V6.Pipelined96x128")]
    [InlineData(2049, 768, 3072, WeightType.Int8, ActivationType.BF16, "V4.RegisterTile128x128")]
    [InlineData(257, 128, 512, WeightType.BF16, ActivationType.BF16, "V3.SharedTile32")] // few tiles of 128, and small
    public void Linear_is_chosen_by_shape_and_types(int rows, int inputs, int outputs, WeightType type, ActivationType x, string rung)
    {
        using var emulator = new EmulatorDevice();
        long elements = (long)inputs * outputs;
        var scales = type == WeightType.Int8 ? new View<float>(0, elements / Weights.ScaleGroup) : default;
        var arguments = new LinearArguments
        {
            X = new Activations(new View<byte>(0, (long)rows * inputs * Activations.BytesPerElement(x)), x),
            W = new Weights(new View<byte>(0, elements * Weights.BytesPerElement(type)), type, scales), // never read
            Rows = rows,
            Inputs = inputs,
            Outputs = outputs,
        };
        Assert.Equal(rung, Linear.ForwardOperation.Choose(emulator, arguments).Name);
    }
}
