// What conversion says about checkpoint sets that do not fit together, and that it leaves nothing behind.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class ConversionGoldenTests
{
    [Fact]
    public void An_output_that_exists_is_refused()
    {
        using var folder = new TemporaryFolder();
        Refused(TinyModel.Options(folder.Path), "exists already");
    }

    [Fact]
    public void A_missing_tensor_is_named_and_nothing_is_left_behind()
    {
        using var folder = new TemporaryFolder();
        string clip = folder.At("clip");
        CopyWithout(GoldenFolder.At("tiny/stage2_clip"), clip, "vision_encoder.blocks.0.norm1.weight");
        string output = folder.At("model");
        Refused(TinyModel.Options(output) with { Clip = clip }, "encoder2.blocks.0.norm1.weight");
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void A_missing_file_is_named_and_nothing_is_left_behind()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("model");
        Refused(TinyModel.Options(output) with { TextEncoder = folder.At("nowhere") }, "nowhere");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_window_that_does_not_divide_the_grid_is_refused()
    {
        using var folder = new TemporaryFolder();
        var window = TinyModel.Config.Vision.Grid with { Width = TinyModel.Config.Vision.Grid.Width + 1 };
        Refused(TinyModel.Options(folder.At("model")) with { PackerWindow = window }, window.ToString());
    }

    [Fact]
    public void A_stage_1_folder_gives_a_model_with_encoder_1_alone()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("model");
        ModelConverter.Convert(TinyModel.Options(output) with { Clip = GoldenFolder.At("tiny/stage1_clip"), SliceEncoder = null });
        var config = ModelConfig.Read(output);
        Assert.Equal(VisionEncoders.Volume, config.Encoders);
        Assert.Equal(TinyModel.Config.VisualTokens / 2, config.VisualTokens);
        using var weights = new WeightStore(PartRun.Host, TensorSource.Open(output));
        _ = new VisionModel(weights, config);
        _ = new LanguageModel(weights, config.LanguageModel);
    }

    [Fact]
    public void Encoder_2_alone_uses_the_first_projector()
    {
        using var folder = new TemporaryFolder();
        string output = folder.At("model");
        ModelConverter.Convert(TinyModel.Options(output) with { Encoders = VisionEncoders.SliceGuided });
        var config = ModelConfig.Read(output);
        using var weights = new WeightStore(PartRun.Host, TensorSource.Open(output));
        _ = new VisionModel(weights, config);
        Assert.True(weights.Has("packer1.proj_mpls.0.weight"));
        Assert.False(weights.Has("encoder1.cls_token"));
    }

    [Fact]
    public void Every_tensor_of_a_converted_folder_has_a_checksum_and_is_used()
    {
        using var source = TensorSource.Open(TinyModel.Folder);
        Assert.Equal(source.Tensors.Count, source.VerifyChecksums());
        using var weights = new WeightStore(PartRun.Host, TensorSource.Open(TinyModel.Folder));
        var config = TinyModel.Config;
        _ = new VisionModel(weights, config);
        _ = new LanguageModel(weights, config.LanguageModel);
        foreach (int stage in config.TextEncoder!.Stages)
        {
            _ = new TextEncoder(weights, $"text_encoder{stage}", config.TextEncoder);
            _ = new ContrastiveHead(weights, stage, config.Vision.HiddenSize);
        }
        Assert.All(weights.Unused, name => Assert.EndsWith("logit_scale", name, StringComparison.Ordinal));
    }

    static void Refused(ConversionOptions options, string reason)
    {
        var error = Assert.ThrowsAny<HseNetException>(() => ModelConverter.Convert(options));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    static void CopyWithout(string from, string to, string tensor)
    {
        Directory.CreateDirectory(to);
        File.Copy(Path.Combine(from, "config.json"), Path.Combine(to, "config.json"));
        using var source = TensorSource.Open(from);
        var kept = source.Tensors.Where(entry => entry.Name != tensor).ToArray();
        using var writer = new SafetensorsWriter(Path.Combine(to, "model.safetensors"),
            kept.Select(entry => new TensorDescription(entry.Name, entry.Type, entry.Shape.ToArray())));
        foreach (var entry in kept)
            writer.Write(entry.Name, entry);
        writer.Commit();
    }
}
