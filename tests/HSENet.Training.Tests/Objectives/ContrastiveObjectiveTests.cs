// The contrastive stages on a small synthetic model: checkpointing, frozen dropout, starts without weights, bad samples; whole runs with a
// resume.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class ContrastiveObjectiveTests : IDisposable
{
    const int Pairs = 3, Length = 24;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(1), InlineData(2)]
    public void Checkpointing_changes_no_bit_and_takes_less_memory(int stage)
    {
        using var keeping = Open(stage, training => training with { Checkpointing = false });
        using var recomputing = Open(stage);
        Assert.Equal(keeping.AddGradients(Batch(), new StepContext(3, 7), 1), recomputing.AddGradients(Batch(), new StepContext(3, 7), 1));
        Assert.Equal(Gradients(keeping), Gradients(recomputing));
        Assert.True(recomputing.Plan.TotalBytes < keeping.Plan.TotalBytes);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Augmentation_follows_seed_step_and_row_and_is_off_in_the_loss(int stage)
    {
        static TrainingConfig Still(TrainingConfig training) => training with { Dropout = 0 };
        using var plain = Open(stage, Still);
        using var objective = Open(stage, training => Still(training) with { Augmentation = "on" });
        double Trained(long step, long seed) => objective.AddGradients(Batch(), new StepContext(step, seed), 1).Loss;
        Assert.Equal(Trained(5000, 2), Trained(5000, 2));
        Assert.Equal(3, new[] { Trained(5000, 2), Trained(5001, 2), Trained(5000, 3) }.Distinct().Count());
        Assert.Equal(plain.Loss(Batch(), new StepContext(1, 2)), objective.Loss(Batch(), new StepContext(1, 3)));
    }

    [Fact]
    public void Dropout_inside_the_frozen_stage_can_be_turned_off()
    {
        using var on = Open(2);
        using var off = Open(2, training => training with { FrozenDropout = false });
        Assert.NotEqual(on.AddGradients(Batch(), default, 1).Loss, off.AddGradients(Batch(), default, 1).Loss);
        Assert.Equal(on.AddGradients(Batch(), new StepContext(5000, 0), 1).Loss,
            off.AddGradients(Batch(), new StepContext(5000, 0), 1).Loss);
        Assert.Equal(on.Loss(Batch(), default), off.Loss(Batch(), default));
    }

    [Fact]
    public void Stage_1_starts_from_scratch_without_any_weights()
    {
        using var objective = new ContrastiveObjective(PartRun.Host, Model, new TensorSource("nothing", [], []),
            Training(1) with { Init = "scratch", Dtype = "bf16" });
        objective.AddGradients(Batch(), default, 1);
        Assert.InRange(objective.Loss(Batch(), default).Loss, 0.5 * Math.Log(Pairs), 2 * Math.Log(Pairs)); // nothing is learned yet
        Assert.All(objective.Parameters.All, parameter =>
            Assert.Equal(parameter.Rounded.IsEmpty, parameter.Shape.Count(size => size > 1) < 2));
        // A key's bias changes no softmax; word pieces that no text has get nothing.
        Assert.All(objective.Parameters.All.Where(parameter => !parameter.Name.EndsWith("key.bias", StringComparison.Ordinal)), parameter =>
            Assert.Contains(parameter.Gradient.AsSpan().ToArray(), value => value != 0));
    }

    [Fact]
    public void Samples_that_do_not_fit_are_refused_with_their_row()
    {
        using var objective = Open(2);
        var good = Batch()[0] with { Row = 41 };
        foreach (var bad in new[]
        {
            good with { Volume = good.Volume[1..] }, good with { SliceFeatures = default }, good with { Ids = [] },
                good with { Ids = [.. Enumerable.Repeat(1, Length + 1)] },
            good with { Ids = [.. good.Ids[1..], Model.TextEncoder!.VocabSize] }, good with { Ids = [.. good.Ids[1..], -1] },
        })
            Assert.Contains("row 41", Assert.Throws<HseNetException>(() => objective.AddGradients([bad, good], default, 1)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Batches_that_compare_nothing_and_models_without_a_text_encoder_are_refused()
    {
        Assert.Contains("batch is 1", Assert.Throws<HseNetException>(() => ContrastivePlan.For(Model, Training(1) with { Batch = 1 }))
            .Message, StringComparison.Ordinal);
        Assert.Contains("ConversionOptions.TextEncoder",
            Assert.Throws<HseNetException>(() => ContrastivePlan.For(Model with { TextEncoder = null }, Training(1))).Message,
            StringComparison.Ordinal);
        Assert.Contains("slice encoder",
            Assert.Throws<HseNetException>(() => ContrastivePlan.For(Model with { SliceEncoder = null }, Training(2))).Message,
            StringComparison.Ordinal);
    }

    [Theory, InlineData(TrainingTask.Stage1), InlineData(TrainingTask.Stage2)]
    public void Eight_steps_are_five_and_three_after_a_resume(TrainingTask task)
    {
        string weights = Folder("bf16");
        string[] rows = [.. Enumerable.Range(0, 5).Select(i =>
        {
            var example = Batch()[i % Pairs];
            NumpyFile.Write(_folder.At($"{i}.npy"), example.Volume.ToArray(), [1, .. Model.Vision.ImgSize]);
            NumpyFile.Write(_folder.At($"{i}.f.npy"), example.SliceFeatures.ToArray(), Model.SliceEncoder!.Slices,
                Model.SliceEncoder.HiddenSize);
            string text = string.Join(' ', Enumerable.Range(0, 3 + i).Select(word => $"word {i * word}."));
            return $$"""{"image": "{{i}}.npy", "biomedclip_features": "{{i}}.f.npy", "text": "{{text}}"}""";
        })];
        string manifest = _folder.Write("m.json",
            System.Text.Encoding.UTF8.GetBytes(
            $"{{\"train\": [\n{string.Join(",\n", rows[..4])}\n],\n\"validation\": [\n{string.Join(",\n", rows[2..])}\n]}}"));
        var config = TrainingConfig.For(task)
            with
        {
            Manifest = manifest,
            Weights = weights,
            Batch = 2,
            Accumulation = 2,
            Steps = 8,
            EvalEvery = 3,
            SaveEvery = 5,
            MaxLength = Length,
            LearningRate = 1e-3
        };
        Trainer.Run(_folder.At("whole"), config, PartRun.Host);
        using var stop = new CancellationTokenSource();
        var stopped = new StopAt(5, stop);
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Trainer.Run(_folder.At("parts"), config, PartRun.Host, progress: stopped, cancellation: stop.Token));
        var result = Trainer.Run(_folder.At("parts"), config, PartRun.Host, resume: true);
        Assert.Equal(8, result.Steps);
        Assert.NotNull(result.BestLoss);
        foreach (string file in (string[])["checkpoints/step-00000008.safetensors", "best.safetensors"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"whole/{file}")), File.ReadAllBytes(_folder.At($"parts/{file}")));
    }

    internal sealed class StopAt(long step, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step == step)
                stop.Cancel();
        }
    }

    static ModelConfig Model => SyntheticModel.Config(SyntheticPreset.Tiny);

    static TrainingConfig Training(int stage) => TrainingConfig.For(stage == 1 ? TrainingTask.Stage1 : TrainingTask.Stage2) with
    {
        Batch = Pairs,
        MaxLength = Length,
        Dropout = 0.1,
        Augmentation = "off",
        Dtype = "f32",
    };

    ContrastiveObjective Open(int stage, Func<TrainingConfig, TrainingConfig>? change = null) =>
        new(PartRun.Host, Model, TensorSource.Open(Folder("f32")), (change ?? (training => training))(Training(stage)));

    string Folder(string dtype)
    {
        string folder = _folder.At(dtype);
        if (!Directory.Exists(folder))
            SyntheticModel.Write(new SyntheticModelOptions { Preset = SyntheticPreset.Tiny, Seed = 5, Output = folder, Dtype = dtype });
        return folder;
    }

    static TrainingExample[] Batch()
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Pairs)
            .Select(row => new TrainingExample(row, Values(Model.Vision.Image.Count),
            Values((long)Model.SliceEncoder!.Slices * Model.SliceEncoder.HiddenSize),
            [.. Enumerable.Range(0, Length - 5 * row).Select(_ => random.Next(Model.TextEncoder!.VocabSize))], []))];

        float[] Values(long count) => [.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle())];
    }

    static float[][] Gradients(ContrastiveObjective objective) =>
        [.. objective.Parameters.All.Select(parameter => parameter.Gradient.AsSpan().ToArray())];
}
