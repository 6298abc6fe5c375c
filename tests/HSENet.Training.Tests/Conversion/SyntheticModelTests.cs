// Folders of synthetic weights: complete, readable, and the same again.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class SyntheticModelTests
{
    static SyntheticModelOptions Tiny(string output, string dtype = "bf16") =>
        new() { Preset = SyntheticPreset.Tiny, Seed = 7, Output = output, Dtype = dtype };

    [Theory, InlineData("f32"), InlineData("bf16"), InlineData("int8")]
    public void A_folder_opens_and_writes_a_report(string dtype)
    {
        using var folder = new TemporaryFolder();
        var config = SyntheticModel.Write(Tiny(folder.At("model"), dtype));
        using var model = HseNetModel.Open(folder.At("model"), PartRun.Host);
        var random = new Random(1);
        short[] voxels = [.. Enumerable.Range(0, 24 * 24 * 12).Select(_ => (short)random.Next(-1000, 400))];
        using var study = CtStudy.FromVoxels<short>(voxels, (24, 24, 12), (1, 1, 2));
        var report = model.Report(study, new ReportOptions { MaxTokens = 4 }).Complete();
        Assert.InRange(report.Ids.Count, 1, 4);
        Assert.All(report.Ids, id => Assert.InRange(id, 0, config.LanguageModel.VocabSize - 1));
    }

    [Fact]
    public void Every_tensor_is_bound_and_none_is_missing()
    {
        using var folder = new TemporaryFolder();
        var config = SyntheticModel.Write(Tiny(folder.At("model")));
        using var source = TensorSource.Open(folder.At("model"));
        Assert.Equal(source.Tensors.Count, source.VerifyChecksums());
        using var weights = new WeightStore(PartRun.Host, TensorSource.Open(folder.At("model")));
        _ = new VisionModel(weights, config);
        _ = new LanguageModel(weights, config.LanguageModel);
        foreach (int stage in config.TextEncoder!.Stages)
        {
            _ = new TextEncoder(weights, $"text_encoder{stage}", config.TextEncoder);
            _ = new ContrastiveHead(weights, stage, config.TextEncoder.HiddenSize);
        }
        Assert.All(weights.Unused, name => Assert.EndsWith("logit_scale", name, StringComparison.Ordinal));
        Assert.Equal(config.TextEncoder.VocabSize, TextEncoderTokenizer.Open(folder.At("model")).Count);
    }

    [Fact]
    public void The_released_sizes_have_a_tokenizer_that_fits_and_3_8_billion_decoder_weights()
    {
        using var folder = new TemporaryFolder();
        var config = SyntheticModel.Config(SyntheticPreset.Full);
        SyntheticTokenizer.Write(folder.Path, config);
        var tokenizer = LanguageTokenizer.Open(folder.Path);
        Assert.Equal(config.LanguageModel.VocabSize, tokenizer.Count);
        Assert.Equal(200029, tokenizer.ImagePatch);
        Assert.Equal(199999, tokenizer.EndOfText);
        Assert.Equal("CT: Lunge\u00e4", tokenizer.Decode(tokenizer.Encode("CT: Lunge\u00e4")));
        long weights = ModelTensors.LanguageModel(config.LanguageModel)
            .Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));
        // Phi-4-mini: 3.836e9 with the whole table; this one is 31 rows shorter.
        Assert.Equal(3_836_021_760 - 31 * 3072, weights);
    }

    [Fact]
    public void The_same_seed_gives_the_same_folder_and_another_one_other_weights()
    {
        using var folder = new TemporaryFolder();
        SyntheticModel.Write(Tiny(folder.At("a")));
        SyntheticModel.Write(Tiny(folder.At("b")));
        SyntheticModel.Write(Tiny(folder.At("c")) with { Seed = 8 });
        string Hash(string name)
        {
            using var model = HseNetModel.Open(folder.At(name), PartRun.Host);
            return model.WeightsHash;
        }
        Assert.Equal(Hash("a"), Hash("b"));
        Assert.NotEqual(Hash("a"), Hash("c"));
    }

    [Fact]
    public void An_output_that_exists_is_refused_and_cancelling_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("exists already", Assert.Throws<HseNetFileException>(() => SyntheticModel.Write(Tiny(folder.Path))).Message,
            StringComparison.Ordinal);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => SyntheticModel.Write(Tiny(folder.At("model")), null, cancelled.Token));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }
}
