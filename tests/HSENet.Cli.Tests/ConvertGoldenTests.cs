// hsenet convert, inspect and kernels.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Cli.Tests;

public sealed class ConvertGoldenTests
{
    internal static string[] Arguments(string output) =>
    [
        "convert", "--clip", GoldenFolder.At("tiny/stage2_clip"), "--llm", GoldenFolder.At("tiny/phi4-mini"), "--adapter",
            GoldenFolder.At("tiny/vlm/pytorch_model.bin"),
        "--slice-encoder", GoldenFolder.At("tiny/biomedclip/open_clip_pytorch_model.bin"), "--text-encoder", GoldenFolder.At("tiny/bert"),
            "--out", output,
        "--packer-window", string.Join(',', GoldenFolder.Json("tiny/setup.json").GetProperty("packer").EnumerateArray()),
    ];

    [Fact]
    public void A_converted_folder_passes_verification()
    {
        using var folder = new TemporaryFolder();
        var converted = Hsenet.Run(Arguments(folder.At("model")));
        Assert.True(converted.Code == 0, converted.Error);
        var inspected = Hsenet.Run("inspect", folder.At("model"), "--verify", "--json");
        Assert.True(inspected.Code == 0, inspected.Error);
        var json = JsonDocument.Parse(inspected.Output).RootElement;
        Assert.Equal(json.GetProperty("tensors").GetArrayLength(), json.GetProperty("verified").GetInt32());
    }

    // A report by one encoder means nothing on weights that were trained with two, and begins with an empty word on some.
    [Theory]
    [InlineData("3d_vit")]
    [InlineData("2e3_vit")]
    [InlineData("dual_vits")]
    public void A_model_with_any_choice_of_encoders_reports(string encoders)
    {
        using var folder = new TemporaryFolder();
        var converted = Hsenet.Run([.. Arguments(folder.At("model")), "--vision", encoders]);
        Assert.True(converted.Code == 0, converted.Error);
        Assert.Equal(encoders, JsonDocument.Parse(File.ReadAllBytes(folder.At("model/config.json")))
            .RootElement.GetProperty("remain_2d3d_ViT_type").GetString());
        Assert.All(Directory.GetFiles(folder.At("model")), file => Assert.False(new FileInfo(file).IsReadOnly, file));
        var report = Hsenet.Run("report", Hsenet.Scan, "--weights", folder.At("model"), "--max-tokens", "4");
        Assert.True(report.Code == 0, report.Error);
        Assert.NotEmpty(report.Output.Trim());
        Assert.False(report.Output.StartsWith(' '), report.Output);
    }

    [Theory]
    [InlineData("--lora-alpha", "Infinity")]
    [InlineData("--lora-alpha", "7,5")]
    [InlineData("--dtype", "f16")]
    [InlineData("--vision", "2d_vit")]
    [InlineData("--clip", "nowhere")]
    public void An_option_that_cannot_be_used_is_refused_and_nothing_is_written(string option, string value) =>
        Refused(option, value, value);

    [Fact]
    public void A_window_that_does_not_divide_the_grid_is_refused_and_nothing_is_written()
    {
        var vision = GoldenFolder.Json("tiny/setup.json").GetProperty("vision");
        int rows = vision.GetProperty("image")[1].GetInt32() / vision.GetProperty("patch")[1].GetInt32();
        Refused("--packer-window", $"1,{rows + 1},1", $"1×{rows + 1}×1");
    }

    static void Refused(string option, string value, string named)
    {
        using var folder = new TemporaryFolder();
        string[] arguments = Arguments(folder.At("model"));
        int given = Array.IndexOf(arguments, option);
        if (given >= 0)
            arguments[given + 1] = value;
        Hsenet.Run(given >= 0 ? arguments : [.. arguments, option, value]).IsRefused(named);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void An_output_folder_that_exists_is_refused_and_kept()
    {
        using var folder = new TemporaryFolder();
        folder.Write("kept", [1]);
        Hsenet.Run(Arguments(folder.Path)).IsRefused(folder.Path, "exists already");
        Assert.Equal(["kept"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_flipped_byte_is_found_by_verification()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Hsenet.Run(Arguments(folder.At("model"))).Code);
        string weights = Path.Combine(folder.At("model"), "model.safetensors");
        using (var stream = File.Open(weights, FileMode.Open))
        {
            stream.Seek(-1, SeekOrigin.End);
            int last = stream.ReadByte();
            stream.Seek(-1, SeekOrigin.End);
            stream.WriteByte((byte)(last ^ 1));
        }
        Hsenet.Run("inspect", folder.At("model"), "--verify", "--json").IsRefused("model.safetensors");
    }

    [Fact]
    public void Facts_of_a_volume_are_printed()
    {
        var outcome = Hsenet.Run("inspect", Hsenet.Scan);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("spacing", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_catalogue_is_listed()
    {
        var outcome = Hsenet.Run("kernels", "--json");
        Assert.Equal(0, outcome.Code);
        Assert.Contains(JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray(), rung =>
            rung.GetProperty("entry").GetString() == "layernorm_v1_naive_f32");
    }
}
