// hsenet weights: folders that the other verbs take.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Cli.Tests;

public sealed class WeightsTests
{
    [Theory, InlineData("bf16"), InlineData("int8")]
    public void A_synthetic_model_writes_a_report_of_a_CT(string dtype)
    {
        using var folder = new TemporaryFolder();
        var made = Hsenet.Run("weights", "synth", "--preset", "tiny", "--seed", "3", "--dtype", dtype, "--out", folder.At("model"));
        Assert.True(made.Code == 0, made.Error);
        Assert.Contains(dtype, made.Output, StringComparison.Ordinal);
        var report = Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("model"), "--max-tokens", "3");
        Assert.True(report.Code == 0, report.Error);
        Assert.NotEqual("", report.Output.Trim());
    }

    [Fact]
    public void A_preset_that_there_is_not_is_refused()
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run("weights", "synth", "--preset", "huge", "--out", folder.At("model")).IsRefused("--preset huge", "full or tiny");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_trained_adapter_is_merged_into_a_model_that_writes_reports()
    {
        using var folder = new TemporaryFolder();
        Hsenet.Run("weights", "synth", "--preset", "tiny", "--out", folder.At("model"));
        using (var device = new HostDevice(1))
        using (var objective = new FineTuningObjective(device, ModelConfig.Read(folder.At("model")), TensorSource.Open(folder.At("model")),
            TrainingConfig.For(TrainingTask.Report)))
            AdapterExport.From(objective.Parameters, TrainingConfig.For(TrainingTask.Report)).Write(folder.At("adapter"), "base");
        var merged = Hsenet.Run("weights", "merge", "--weights", folder.At("model"), "--adapter", folder.At("adapter"), "--out",
            folder.At("tuned"));
        Assert.True(merged.Code == 0, merged.Error);
        var report = Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("tuned"), "--max-tokens", "3");
        Assert.True(report.Code == 0, report.Error);
        // A new adapter changes nothing: B is zero.
        Assert.Equal(Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("model"), "--max-tokens", "3").Output, report.Output);
        Hsenet.Run("weights", "merge", "--weights", folder.At("model"), "--adapter", folder.At("model"), "--out", folder.At("none"))
            .IsRefused("have no place in the model", "lora_A and lora_B");
    }
}
