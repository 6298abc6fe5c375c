// Where the contrastive stages start: the model, checkpoints of the reference by their names, random numbers.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class ContrastiveTensorsGoldenTests
{
    [Theory]
    [InlineData(1, "tiny/stage1_clip")]
    [InlineData(1, "tiny/stage2_clip")]
    [InlineData(2, "tiny/stage2_clip")]
    public void A_checkpoint_of_the_reference_gives_what_its_conversion_gave(int stage, string checkpoint)
    {
        using var source = TensorSource.Open(TinyModel.Folder);
        using ParameterSet converted = Set(stage), loaded = Set(stage);
        Initialize(converted, source, stage, "model", 0);
        Initialize(loaded, source, stage, GoldenFolder.At(checkpoint), 0);
        foreach (var (expected, actual) in converted.All.Zip(loaded.All))
            Assert.True(Values(expected).SequenceEqual(Values(actual)), expected.Name);
    }

    [Fact]
    public void A_text_encoder_of_its_own_is_taken_and_the_rest_starts_from_scratch()
    {
        using var source = TensorSource.Open(TinyModel.Folder);
        using var checkpoint = TensorSource.Open(GoldenFolder.At("tiny/bert"));
        using ParameterSet set = Set(1), scratch = Set(1);
        Initialize(set, source, 1, GoldenFolder.At("tiny/bert"), 7);
        Initialize(scratch, source, 1, "scratch", 7);
        foreach (var (parameter, random) in set.All.Zip(scratch.All))
        {
            bool text = parameter.Name.StartsWith("text_encoder1.", StringComparison.Ordinal);
            float[] expected = text ? checkpoint.Tensors.Single(tensor =>
                tensor.Name.EndsWith(parameter.Name["text_encoder1.".Length..], StringComparison.Ordinal)).ToSingles() : Values(random);
            Assert.True(expected.SequenceEqual(Values(parameter)), parameter.Name);
        }
    }

    [Fact]
    public void A_checkpoint_with_none_of_the_tensors_is_refused()
    {
        using var source = TensorSource.Open(TinyModel.Folder);
        using var set = Set(1);
        string other = GoldenFolder.At("tiny/phi4-mini");
        var failure = Assert.Throws<HseNetFileException>(() => Initialize(set, source, 1, other, 0));
        Assert.Contains("none of the", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_numbers_have_the_deviation_of_the_reference_and_follow_from_the_seed()
    {
        using var source = TensorSource.Open(TinyModel.Folder);
        using ParameterSet set = Set(2), again = Set(2), other = Set(2);
        Initialize(set, source, 2, "scratch", 1);
        Initialize(again, source, 2, "scratch", 1);
        Initialize(other, source, 2, "scratch", 2);
        foreach (var (parameter, same, different) in set.All.Zip(again.All, other.All))
        {
            float[] values = Values(parameter);
            Assert.Equal(values, Values(same));
            float? constant = parameter.Name.EndsWith("logit_scale", StringComparison.Ordinal) ? MathF.Log(1 / 0.07f)
                : parameter.Name.EndsWith("cls_token", StringComparison.Ordinal) ? 0
                : parameter.Decays ? null : parameter.Name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1;
            if (constant is { } all)
            {
                Assert.All(values, value => Assert.Equal(all, value));
                continue;
            }
            Assert.NotEqual(values, Values(different));
            // The mean of n squares errs by √(2/n) of itself; six times that in one of 1e9 draws.
            double deviation = Math.Sqrt(values.Average(value => (double)value * value));
            Assert.InRange(deviation / 0.02, 1 - 6 / Math.Sqrt(2.0 * values.Length), 1 + 6 / Math.Sqrt(2.0 * values.Length));
        }
    }

    static void Initialize(ParameterSet set, TensorSource source, int stage, string init, long seed) =>
        WeightInitialization.Set(set, source, init, seed, (checkpoint, name) => ContrastiveTensors.Find(checkpoint, name, stage));

    static ParameterSet Set(int stage) =>
        new(PartRun.Host, new ParameterPlan(ContrastiveTensors.All(TinyModel.Config, stage), rounded: false));

    static float[] Values(Parameter parameter)
    {
        var values = new float[parameter.Values.Length];
        PartRun.Host.Download(parameter.Values, values);
        return values;
    }
}
