// Fine-tuning on a small synthetic model: checkpointing, dropout and its seeds, new adapters, frozen storage types, bad samples.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class FineTuningObjectiveTests : IDisposable
{
    const int Rank = 4, Length = 48;

    static readonly TrainingConfig Training = TrainingConfig.For(TrainingTask.Report) with
    {
        LoraR = Rank,
        LoraAlpha = 8,
        LoraDropout = 0.2,
        Dropout = 0.1,
        MaxLength = Length,
        Dtype = "f32",
        Augmentation = "off",
        Checkpointing = false,
    };

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Checkpointing_changes_no_bit_and_takes_less_memory()
    {
        using var keeping = Open("f32", Training);
        using var recomputing = Open("f32", Training with { Checkpointing = true });
        Assert.Equal(keeping.AddGradients(Batch(keeping), new StepContext(3, 7), 1),
            recomputing.AddGradients(Batch(keeping), new StepContext(3, 7), 1));
        Assert.Equal(Gradients(keeping), Gradients(recomputing));
        Assert.True(recomputing.Plan.TotalBytes < keeping.Plan.TotalBytes);
    }

    [Fact]
    public void A_full_size_step_of_800_tokens_is_planned_within_12_GB()
    {
        var training = TrainingConfig.For(TrainingTask.Report);
        Assert.Equal((800, "bf16", true), (training.MaxLength, training.Dtype, training.Checkpointing));
        var plan = FineTuningPlan.For(SyntheticModel.Config(SyntheticPreset.Full), training);
        Assert.InRange(plan.TotalBytes, plan.FrozenBytes, 12_000_000_000);
        // Without checkpointing it would not be: 31 more layers keep what they computed.
        Assert.True(FineTuningPlan.For(SyntheticModel.Config(SyntheticPreset.Full), training with { Checkpointing = false })
            .TotalBytes > 12_000_000_000);
    }

    [Fact]
    public void Dropout_follows_seed_step_and_row_and_is_off_in_the_loss()
    {
        using var objective = Open("f32", Training);
        var batch = Batch(objective);
        double Trained(long step, long seed, int row) =>
            objective.AddGradients([batch[0] with { Row = row }], new StepContext(step, seed), 1).Loss;
        Assert.Equal(Trained(1, 2, 3), Trained(1, 2, 3));
        Assert.Equal(4, new[] { Trained(1, 2, 3), Trained(2, 2, 3), Trained(1, 3, 3), Trained(1, 2, 4) }.Distinct().Count());
        Assert.Equal(objective.Loss(batch, new StepContext(1, 2)), objective.Loss(batch, new StepContext(2, 3)));
    }

    [Fact]
    public void Augmentation_follows_seed_step_and_row_and_is_off_in_the_loss()
    {
        var still = Training with { LoraDropout = 0, Dropout = 0 };
        using var objective = Open("f32", still with { Augmentation = "on" });
        using var plain = Open("f32", still);
        var batch = Batch(objective);
        double Trained(long step, long seed, int row) =>
            objective.AddGradients([batch[0] with { Row = row }], new StepContext(step, seed), 1).Loss;
        foreach (var drawn in new Func<int, double>[] { i => Trained(i, 2, 3), i => Trained(1, i, 3), i => Trained(1, 2, i) })
        {
            double[] losses = [.. Enumerable.Range(0, 6).Select(drawn)];
            Assert.Equal(losses, Enumerable.Range(0, 6).Select(drawn));
            Assert.True(losses.Distinct().Count() > 3, "too few of six draws differ");
        }
        Assert.Equal(plain.Loss(batch, new StepContext(1, 2)), objective.Loss(batch, new StepContext(2, 3)));
    }

    [Theory, InlineData(0, 0), InlineData(0.2, 0.1)]
    public void Gradients_are_the_slope_of_the_loss_along_them(double loraDropout, double dropout)
    {
        using var objective = Open("f32", Training with { LoraDropout = loraDropout, Dropout = dropout });
        var (batch, step) = (Batch(objective), new StepContext(5, 11));
        double Loss(double along, float[][] direction)
        {
            float[][] before = [.. objective.Parameters.All.Select(parameter => parameter.Values.AsSpan().ToArray())];
            for (int i = 0; i < direction.Length; i++)
                for (int j = 0; j < direction[i].Length; j++)
                    objective.Parameters.All[i].Values[j] += (float)(along * direction[i][j]);
            double loss = objective.AddGradients(batch, step, 1).Loss;
            for (int i = 0; i < direction.Length; i++)
                before[i].CopyTo(objective.Parameters.All[i].Values.AsSpan());
            return loss;
        }
        objective.AddGradients(batch, step, 1);
        float[][] gradient = Gradients(objective);
        double slope = gradient.Sum(part => part.Sum(value => (double)value * value)), length = 1e-2 / Math.Sqrt(slope);
        double measured = (Loss(length, gradient) - Loss(-length, gradient)) / (2 * length);
        // A central difference over a path of 1e-2: its own error is of the second order in it, the losses' rounding far below.
        Assert.InRange(measured / slope, 0.99, 1.01);
    }

    [Theory, InlineData("bf16"), InlineData("int8")]
    public void Frozen_weights_keep_their_storage_type(string dtype)
    {
        using var objective = Open(dtype, Training with { Dtype = "bf16" });
        var loss = objective.AddGradients(Batch(objective), default, 1);
        Assert.True(double.IsFinite(loss.Loss) && loss.Loss > 0);
        Assert.All(objective.Parameters.All, parameter => Assert.True(parameter.Rounded.IsEmpty == parameter.Shape.Length < 2));
        Assert.Contains(Gradients(objective), part => part.Any(value => value != 0));
    }

    [Fact]
    public void New_adapters_begin_as_no_change_and_only_the_target_modules_have_one()
    {
        using var objective = Open("f32", Training with { LoraTargetModules = ["qkv_proj", "down_proj"] });
        var adapters = objective.Parameters.All.Where(parameter => parameter.Name.Contains(".lora_", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2 * 2 * objective.Config.LanguageModel.NumHiddenLayers, adapters.Length);
        foreach (var parameter in adapters)
        {
            float[] values = parameter.Values.AsSpan().ToArray();
            if (parameter.Name.EndsWith("lora_B.weight", StringComparison.Ordinal))
                Assert.All(values, value => Assert.Equal(0, value));
            else
                // Uniform within 1/√inputs: a root mean square of that over √3, to a few standard errors of √(1/5n).
                Assert.InRange(Math.Sqrt(values.Average(value => value * value) * parameter.Shape[1] * 3.0),
                    1 - 3 / Math.Sqrt(5.0 * values.Length), 1 + 3 / Math.Sqrt(5.0 * values.Length));
        }
    }

    [Fact]
    public void Samples_that_do_not_fit_are_refused_with_their_row()
    {
        using var objective = Open("f32", Training);
        var good = Batch(objective)[0] with { Row = 41 };
        foreach (var bad in new[]
        {
            good with { Volume = good.Volume[1..] }, good with { SliceFeatures = default }, good with { Labels = good.Labels[1..] },
            good with { Ids = good.Ids[..8], Labels = good.Labels[..8] },
                good with { Ids = [.. good.Ids, 1], Labels = [.. good.Labels, 1] },
            good with { Ids = [.. good.Ids[..^1], objective.Config.LanguageModel.VocabSize] },
        })
            Assert.Contains("row 41", Assert.Throws<HseNetException>(() => objective.AddGradients([bad], default, 1)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Adapters_of_another_rank_are_refused()
    {
        using var source = TensorSource.Open(TinyModel.Folder);
        var rank = TinyModel.Config.LanguageModel.Lora!.R;
        Assert.Contains($"rank {rank}",
            Assert.Throws<HseNetException>(() =>
            new FineTuningObjective(PartRun.Host, TinyModel.Config, source, Training with { LoraR = rank + 1 })).Message,
            StringComparison.Ordinal);
    }

    FineTuningObjective Open(string dtype, TrainingConfig training)
    {
        string folder = _folder.At(dtype);
        if (!Directory.Exists(folder))
            SyntheticModel.Write(new SyntheticModelOptions { Preset = SyntheticPreset.Tiny, Seed = 5, Output = folder, Dtype = dtype });
        var objective = new FineTuningObjective(PartRun.Host, ModelConfig.Read(folder), TensorSource.Open(folder), training);
        // B of a new adapter is zero, and then A has no gradient: a start in the middle of a training instead.
        foreach (var parameter in objective.Parameters.All.Where(_ => training.LoraTargetModules.Length == 4)
            .Where(parameter => parameter.Name.EndsWith("lora_B.weight", StringComparison.Ordinal)))
        {
            var values = new float[parameter.Values.Length];
            SyntheticWeights.Uniform(parameter.Name, 1, 0, values);
            objective.Parameters.SetValues(parameter, [.. values.Select(value => 0.1f * value)]);
        }
        return objective;
    }

    static TrainingExample[] Batch(FineTuningObjective objective)
    {
        var (config, random) = (objective.Config, new Random(3));
        return [.. Enumerable.Range(0, 2).Select(row =>
        {
            int length = Length - 3 * row;
            int[] ids = [.. Enumerable.Range(0, length).Select(_ => random.Next(config.LanguageModel.VocabSize))];
            int[] labels = [.. ids.Select((id, i) => i > config.VisualTokens + 4 ? id : LanguageModel.IgnoredLabel)];
            return new TrainingExample(row, Values(config.Vision.Image.Count, random),
                Values((long)config.SliceEncoder!.Slices * config.Vision.HiddenSize, random), ids, labels);
        })];

        static float[] Values(long count, Random random) => [.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle())];
    }

    static float[][] Gradients(FineTuningObjective objective) =>
        [.. objective.Parameters.All.Select(parameter => parameter.Gradient.AsSpan().ToArray())];
}
