// Both contrastive stages of the small model against the reference's runs: losses, first gradients, gradient norms, final weights.
using System.Globalization;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class ContrastiveTrainingGoldenTests
{
    const double GradientTolerance = 1e-4;

    /// <summary>Stage, checkpointing, and where it runs: on the emulator with the long checks alone.</summary>
    public static TheoryData<int, bool, string> Ways
    {
        get
        {
            var ways = new TheoryData<int, bool, string>();
            foreach (int stage in (int[])[1, 2])
            {
                ways.Add(stage, true, "host");
                ways.Add(stage, false, "host");
                if (GoldenFolder.LongChecks)
                    ways.Add(stage, true, "emulator");
            }
            return ways;
        }
    }

    [Theory, MemberData(nameof(Ways))]
    public void First_loss_and_gradients_agree(int stage, bool checkpointing, string where)
    {
        using Device device = where == "host" ? new HostDevice() : new EmulatorDevice();
        Golden.On(where);
        using var objective = Open(device, stage, checkpointing);
        var loss = objective.AddGradients(Batch(), default, 1);
        Assert.InRange(loss.Loss / GoldenTraining.FirstLoss($"stage{stage}"), 1 - 1e-5, 1 + 1e-5);
        Equal($"stage{stage}_first_grads", stage, objective, parameter => parameter.Gradient, GradientTolerance);
        Assert.True(where == "emulator" || loss == objective.Loss(Batch(), default), "the loss alone is another one");
    }

    [Fact]
    public void The_loss_of_stage_2_holds_less_and_less_to_stage_1()
    {
        const string prefix = "stage2_loss_step";
        using var objective = Open(PartRun.Host, 2, checkpointing: true);
        var golden = GoldenFolder.Tensors("tiny/golden/clip.safetensors")
            .Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(golden);
        foreach (var (name, loss) in golden)
            Assert.InRange(objective.Loss(Batch(), new StepContext(long.Parse(name[prefix.Length..], CultureInfo.InvariantCulture), 0))
                .Loss / loss.Doubles()[0], 1 - 1e-5, 1 + 1e-5);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Half_the_share_is_half_the_gradient(int stage)
    {
        using var objective = Open(PartRun.Host, stage, checkpointing: true);
        objective.AddGradients(Batch(), default, 0.25);
        objective.AddGradients(Batch(), default, 0.75);
        Equal($"stage{stage}_first_grads", stage, objective, parameter => parameter.Gradient, GradientTolerance);
    }

    // In stage 2 the two losses pull against each other, and what f32 rounds is more of the small gradient that is left.
    [Theory, InlineData(1, 1e-3, 1e-4), InlineData(2, 5e-3, 1e-3)]
    public void Curve_and_final_weights_agree(int stage, double normTolerance, double weightTolerance)
    {
        using var objective = Open(PartRun.Host, stage, checkpointing: true);
        Train(objective, $"stage{stage}", 1e-3, normTolerance);
        Equal($"stage{stage}_final_weights", stage, objective, parameter => parameter.Values, weightTolerance);
    }

    // The run whose matrices alone are rounded, before each step, as ours are.
    [GoldenTheory("tiny/golden/train/losses.json", "bf16"), InlineData(1), InlineData(2)]
    public void Curve_agrees_in_bf16(int stage)
    {
        using var folder = new TemporaryFolder();
        ModelConverter.Convert(TinyModel.Options(folder.At("bf16")) with { Dtype = "bf16" });
        using var objective = Open(PartRun.Host, stage, checkpointing: true, folder.At("bf16"), "bf16");
        Train(objective, $"bf16/matrices/stage{stage}", GoldenTraining.Bf16Loss, GoldenTraining.Bf16Norm);
    }

    [Theory, InlineData(1), InlineData(2)]
    public void Dropout_follows_seed_step_and_row_and_is_off_in_the_loss(int stage)
    {
        using var objective = Open(PartRun.Host, stage, checkpointing: true, dropout: 0.1);
        var batch = Batch();
        // The relation loss alone changes from step to step; beyond its last one it is 0.
        double Trained(long step, long seed, int row) =>
            objective.AddGradients([batch[0] with { Row = row }, batch[1]], new StepContext(6000 + step, seed), 1).Loss;
        Assert.Equal(Trained(1, 2, 3), Trained(1, 2, 3));
        Assert.Equal(4, new[] { Trained(1, 2, 3), Trained(2, 2, 3), Trained(1, 3, 3), Trained(1, 2, 4) }.Distinct().Count());
        Assert.Equal(objective.Loss(batch, new StepContext(6001, 2)), objective.Loss(batch, new StepContext(6002, 3)));
    }

    [Theory, InlineData(1, 0), InlineData(1, 0.1), InlineData(2, 0), InlineData(2, 0.1)]
    public void Gradients_are_the_slope_of_the_loss_along_them(int stage, double dropout)
    {
        using var objective = Open(PartRun.Host, stage, checkpointing: true, dropout: dropout);
        var step = new StepContext(5, 11);
        objective.AddGradients(Batch(), step, 1);
        float[][] gradient = [.. objective.Parameters.All.Select(parameter => parameter.Gradient.AsSpan().ToArray())],
            before = [.. objective.Parameters.All.Select(parameter => parameter.Values.AsSpan().ToArray())];
        double slope = gradient.Sum(part => part.Sum(value => (double)value * value)), length = 1e-2 / Math.Sqrt(slope);
        double measured = (Loss(length) - Loss(-length)) / (2 * length);
        // A central difference over a path of 1e-2: what it leaves out is of the second order in it, the losses' rounding far below.
        Assert.InRange(measured / slope, 0.99, 1.01);

        double Loss(double along)
        {
            for (int i = 0; i < before.Length; i++)
                for (int j = 0; j < before[i].Length; j++)
                    objective.Parameters.All[i].Values[j] = (float)(before[i][j] + along * gradient[i][j]);
            return objective.AddGradients(Batch(), step, 1).Loss;
        }
    }

    static void Train(ContrastiveObjective objective, string run, double tolerance, double normTolerance) =>
        GoldenTraining.Follow(objective, run, Batch(), weightDecay: 0.1, tolerance, normTolerance);

    static ContrastiveObjective Open(Device device, int stage, bool checkpointing, string? folder = null, string dtype = "f32",
        double dropout = 0)
    {
        folder ??= TinyModel.Folder;
        var batch = GoldenFolder.Tensors("tiny/golden/clip.safetensors")["input_ids"];
        return new ContrastiveObjective(device, ModelConfig.Read(folder), TensorSource.Open(folder),
            TrainingConfig.For(stage == 1 ? TrainingTask.Stage1 : TrainingTask.Stage2) with
            {
                Batch = batch.Shape[0],
                MaxLength = batch.Shape[1],
                Dropout = dropout,
                FrozenDropout = false,
                Augmentation = "off",
                Dtype = dtype,
                Checkpointing = checkpointing,
            });
    }

    // Padding is cut off: no query sees it.
    static TrainingExample[] Batch()
    {
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        var texts = GoldenFolder.Tensors("tiny/golden/clip.safetensors");
        float[] volumes = inputs["volume"].Singles(), features = inputs["slice_features"].Singles();
        double[] ids = texts["input_ids"].Doubles(), mask = texts["attention_mask"].Doubles();
        int rows = texts["input_ids"].Shape[0], length = texts["input_ids"].Shape[1];
        return [.. Enumerable.Range(0, rows)
            .Select(row => new TrainingExample(row, GoldenTraining.Part(volumes, row, rows), GoldenTraining.Part(features, row, rows),
            [.. Enumerable.Range(row * length, length).Where(i => mask[i] != 0).Select(i => (int)ids[i])], []))];
    }

    static void Equal(string file, int stage, ContrastiveObjective objective, Func<Parameter, View<float>> part, double tolerance) =>
        GoldenTraining.Equal(file, objective,
        parameter => ContrastiveTensors.Names(parameter.Name, stage)
            .First(name => name != parameter.Name && !name.StartsWith(CheckpointSet.Stage1Prefix, StringComparison.Ordinal)),
        part, tolerance);
}
