// Fine-tuning of the small model against the reference's run: losses, first gradients, gradient norms, final weights.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class FineTuningGoldenTests
{
    const double GradientTolerance = 1e-4;

    [Fact]
    public void First_loss_and_gradients_agree()
    {
        using var objective = Open(PartRun.Host, TinyModel.Folder, "f32", checkpointing: true);
        var loss = objective.AddGradients(Batch(), default, 1);
        Assert.InRange(loss.Loss / GoldenTraining.FirstLoss("vlm"), 1 - 1e-5, 1 + 1e-5);
        Assert.Equal(loss, objective.Loss(Batch(), default));
        Equal("vlm_first_grads", objective, parameter => parameter.Gradient, GradientTolerance);
    }

    [Fact]
    public void Accumulated_gradients_are_those_of_the_mean_over_all_label_tokens()
    {
        using var objective = Open(PartRun.Host, TinyModel.Folder, "f32", checkpointing: false);
        var batch = Batch();
        double weight = batch.Sum(example => example.Weight);
        double loss = batch.Sum(example =>
            objective.AddGradients([example], default, example.Weight / weight).Loss * example.Weight / weight);
        Assert.InRange(loss / GoldenTraining.FirstLoss("vlm"), 1 - 1e-5, 1 + 1e-5);
        Equal("vlm_first_grads", objective, parameter => parameter.Gradient, GradientTolerance);
    }

    [Fact]
    public void Curve_and_final_weights_agree()
    {
        using var objective = Open(PartRun.Host, TinyModel.Folder, "f32", checkpointing: true);
        Train(objective, "vlm", 1e-3, 1e-3);
        Equal("vlm_final_weights", objective, parameter => parameter.Values, GradientTolerance);
    }

    [GoldenTheory("tiny/golden/train/losses.json", "bf16"), InlineData(true), InlineData(false)]
    public void Curve_agrees_in_bf16(bool checkpointing)
    {
        using var folder = new TemporaryFolder();
        ModelConverter.Convert(TinyModel.Options(folder.At("bf16")) with { Dtype = "bf16" });
        using var objective = Open(PartRun.Host, folder.At("bf16"), "bf16", checkpointing);
        Train(objective, "bf16/matrices/vlm", GoldenTraining.Bf16Loss, GoldenTraining.Bf16Norm);
    }

    [Fact]
    public void Gradients_agree_on_the_emulator_and_in_the_long_run_the_curve()
    {
        using var host = Open(PartRun.Host, TinyModel.Folder, "f32", checkpointing: false);
        using var device = new EmulatorDevice();
        using var objective = Open(device, TinyModel.Folder, "f32", checkpointing: false);
        if (GoldenFolder.LongChecks)
        {
            Train(objective, "vlm", 1e-3, 1e-3, limit: TimeSpan.FromMinutes(5));
            return;
        }
        // The study with the shortest text: seconds, instruction by instruction.
        var study = Batch().MinBy(example => example.Ids.Length)!;
        double expected = host.AddGradients([study], default, 1).Loss, actual = objective.AddGradients([study], default, 1).Loss;
        Assert.InRange(actual / expected, 1 - 1e-5, 1 + 1e-5);
        foreach (var (parameter, onHost) in objective.Parameters.All.Zip(host.Parameters.All)
            .Where(pair => !GoldenTraining.HasNoGradient(pair.First)))
            Golden.Equal(parameter.Name, GoldenTraining.Read(objective, parameter.Gradient), onHost.Gradient.AsSpan(), GradientTolerance);
    }

    static void Train(FineTuningObjective objective, string run, double tolerance, double normTolerance, TimeSpan? limit = null) =>
        GoldenTraining.Follow(objective, run, Batch(), weightDecay: 0, tolerance, normTolerance, limit);

    static FineTuningObjective Open(Device device, string folder, string dtype, bool checkpointing)
    {
        Golden.On(device.Kind == DeviceKind.Host ? "host" : "emulator");
        var config = ModelConfig.Read(folder);
        return new FineTuningObjective(device, config, TensorSource.Open(folder), TrainingConfig.For(TrainingTask.Report) with
        {
            LoraR = config.LanguageModel.Lora!.R,
            LoraAlpha = config.LanguageModel.Lora.LoraAlpha,
            LoraDropout = 0,
            Dropout = 0,
            FrozenDropout = false,
            Augmentation = "off",
            MaxLength = GoldenTraining.Curves.GetProperty("max_length").GetInt32(),
            Dtype = dtype,
            Checkpointing = checkpointing,
        });
    }

    // Right padding is cut off: behind a causal mask nothing sees it.
    static TrainingExample[] Batch()
    {
        var inputs = GoldenFolder.Tensors("tiny/golden/inputs.safetensors");
        var batch = GoldenFolder.Tensors("tiny/golden/train/vlm_batch.safetensors");
        float[] volumes = inputs["volume"].Singles(), features = inputs["slice_features"].Singles();
        int[] ids = Integers(batch["input_ids"]), labels = Integers(batch["labels"]), mask = Integers(batch["attention_mask"]);
        int rows = batch["input_ids"].Shape[0], length = batch["input_ids"].Shape[1];
        return [.. Enumerable.Range(0, rows).Select(row =>
        {
            int first = row * length, count = 1 + Array.FindLastIndex(labels, first + length - 1, length, label => label >= 0) - first;
            count = Math.Max(count, mask[first..(first + length)].Sum());
            return new TrainingExample(row, GoldenTraining.Part(volumes, row, rows), GoldenTraining.Part(features, row, rows),
                ids[first..(first + count)], labels[first..(first + count)]);
        })];

        static int[] Integers(GoldenTensor tensor) => [.. tensor.Doubles().Select(value => (int)value)];
    }

    static void Equal(string file, FineTuningObjective objective, Func<Parameter, View<float>> part, double tolerance) =>
        GoldenTraining.Equal(file, objective, parameter => AdapterExport.ReferenceName(parameter.Name, named: true), part, tolerance);
}
