// hsenet weights synth: a folder that the other verbs take.
using HSENet.Tests;

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
}
