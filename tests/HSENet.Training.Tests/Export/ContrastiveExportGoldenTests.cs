// Checkpoints of the contrastive stages: what is written is what the reference would have written, and reads back into a model.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class ContrastiveExportGoldenTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(1), InlineData(2)]
    public void An_untrained_stage_is_written_as_the_reference_s_checkpoint(int stage)
    {
        Write(stage, "clip");
        using TensorSource written = TensorSource.Open(_folder.At("clip")),
            reference = TensorSource.Open(GoldenFolder.At($"tiny/stage{stage}_clip"));
        // The pooler feeds nothing, and a buffer of numbers from 0 on is no weight.
        var expected = reference.Tensors.Where(tensor =>
            !tensor.Name.Contains(".pooler.", StringComparison.Ordinal) && !tensor.Name.EndsWith("position_ids", StringComparison.Ordinal))
            .ToArray();
        Assert.Equal(expected.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            written.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in expected)
            Assert.True(tensor.ToSingles().SequenceEqual(written.Get(tensor.Name).ToSingles()), tensor.Name);
    }

    [Fact]
    public void A_written_stage_converts_like_the_reference_s()
    {
        Write(2, "clip");
        ModelConverter.Convert(TinyModel.Options(_folder.At("model")) with { Clip = _folder.At("clip") });
        using TensorSource expected = TensorSource.Open(TinyModel.Folder), converted = TensorSource.Open(_folder.At("model"));
        foreach (var tensor in expected.Tensors)
            Assert.True(tensor.ToSingles().SequenceEqual(converted.Get(tensor.Name).ToSingles()), tensor.Name);
    }

    void Write(int stage, string folder)
    {
        using var source = TensorSource.Open(TinyModel.Folder);
        using var set = new ParameterSet(PartRun.Host, new ParameterPlan(ContrastiveTensors.All(TinyModel.Config, stage), rounded: false));
        set.Load(source);
        ContrastiveExport.Write(_folder.At(folder), set, TinyModel.Config, source, stage);
    }
}
