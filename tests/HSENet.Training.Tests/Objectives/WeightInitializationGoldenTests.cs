// Where fine-tuning starts: the model, the reference's adapter file by its names, random numbers; the contrastive stages have tests of
// their own.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class WeightInitializationGoldenTests
{
    static readonly ModelConfig Config = TinyModel.Config;

    [Fact]
    public void The_reference_s_adapter_file_gives_what_its_conversion_gave()
    {
        using ParameterSet converted = Set(), loaded = Set();
        Initialize(converted, WeightInitialization.Model);
        Initialize(loaded, GoldenFolder.At("tiny/vlm/pytorch_model.bin"));
        foreach (var (expected, actual) in converted.All.Zip(loaded.All))
            Assert.True(Values(expected).SequenceEqual(Values(actual)), expected.Name);
    }

    [Fact]
    public void From_scratch_projectors_are_random_and_adapters_change_nothing()
    {
        using ParameterSet set = Set(), again = Set(), other = Set();
        Initialize(set, WeightInitialization.Scratch, seed: 1);
        Initialize(again, WeightInitialization.Scratch, seed: 1);
        Initialize(other, WeightInitialization.Scratch, seed: 2);
        foreach (var (parameter, same, different) in set.All.Zip(again.All, other.All))
        {
            float[] values = Values(parameter);
            Assert.Equal(values, Values(same));
            float? constant = parameter.Name.EndsWith(".lora_B.weight", StringComparison.Ordinal)
                || parameter.Name.EndsWith(".bias", StringComparison.Ordinal) ? 0
                : parameter.Decays ? null : 1;
            if (constant is { } all)
            {
                Assert.All(values, value => Assert.Equal(all, value));
                continue;
            }
            Assert.NotEqual(values, Values(different));
            // The mean of n squares errs by √(2/n) of itself for normal numbers, less for uniform ones; six times that in one of 1e9 draws.
            bool adapter = parameter.Name.EndsWith(".lora_A.weight", StringComparison.Ordinal);
            double deviation = adapter ? 1 / Math.Sqrt(3.0 * parameter.Shape[1]) : 0.02;
            Assert.InRange(Math.Sqrt(values.Average(value => (double)value * value)) / deviation, 1 - 6 / Math.Sqrt(2.0 * values.Length),
                1 + 6 / Math.Sqrt(2.0 * values.Length));
            if (adapter)
                Assert.InRange(values.Max(Math.Abs) * Math.Sqrt(parameter.Shape[1]), 0.9, 1);
        }
    }

    [Fact]
    public void A_checkpoint_of_other_sizes_is_refused()
    {
        using var set = Set(Config.LanguageModel.Lora!.R + 1);
        Assert.Contains("does not fit",
            Assert.Throws<HseNetFileException>(() => Initialize(set, GoldenFolder.At("tiny/vlm/pytorch_model.bin"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_with_none_of_the_tensors_is_refused()
    {
        using var set = Set();
        Assert.Contains("none of the", Assert.Throws<HseNetFileException>(() => Initialize(set, GoldenFolder.At("tiny/bert"))).Message,
            StringComparison.Ordinal);
    }

    static void Initialize(ParameterSet set, string init, long seed = 0)
    {
        using var model = TensorSource.Open(TinyModel.Folder);
        WeightInitialization.Set(set, model, init, seed, FineTuningTensors.Find);
    }

    static ParameterSet Set(int? rank = null)
    {
        var model = Config with
        {
            LanguageModel = Config.LanguageModel
            with
            { Lora = new LoraConfig { R = rank ?? Config.LanguageModel.Lora!.R, LoraAlpha = 1 } }
        };
        return new(PartRun.Host, new ParameterPlan(FineTuningTensors.All(model, TrainingConfig.For(TrainingTask.Report).LoraTargetModules),
            rounded: false));
    }

    static float[] Values(Parameter parameter)
    {
        var values = new float[parameter.Values.Length];
        PartRun.Host.Download(parameter.Values, values);
        return values;
    }
}
