// New models: tokenizers learned from texts, starts that training can leave, the same bytes again, and what is refused.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class NewModelTests
{
    internal const string Reports = """
        {"image": "a.npy", "text": "There is a nodule in the left upper lobe. No pleural effusion."}
        {"image": "b.npy", "text": "There is a pleural effusion on the right. No nodule in the left upper lobe (or elsewhere)."}
        {"image": "c.npy", "question": "Is there a nodule?", "answer": "No, there is no nodule."}
        {"image": "d.npy", "abnormality": "effusion", "anatomy": "right pleural space"}

        """;

    internal static string Config(TemporaryFolder folder, string dtype = "f32", int ids = 320, int words = 140)
    {
        string file = folder.At("small.json");
        File.WriteAllText(file, $$"""
            {"dtype": "{{dtype}}", "remain_2d3d_ViT_type": "dual_vits",
             "vision": {"img_size": [4, 16, 16], "patch_size": [2, 8, 8], "hidden_size": 16, "mlp_dim": 32, "num_layers": 1,
               "num_heads": 2},
             "projector": {"kind": "spatial_packer", "window": [1, 2, 2]},
             "slice_encoder": {"image_size": 16, "patch_size": 8, "hidden_size": 16, "mlp_dim": 32, "num_layers": 1, "num_heads": 2,
               "slices": 4},
             "text_encoder": {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
               "vocab_size": {{words}}, "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "stages": [1, 2]},
             "language_model": {"vocab_size": {{ids}}, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
               "num_attention_heads": 2, "num_key_value_heads": 1, "rms_norm_eps": 1e-5, "rope_theta": 10000,
               "partial_rotary_factor": 1, "original_max_position_embeddings": 128, "max_position_embeddings": 128,
               "eos_token_id": [0] } }
            """);
        return file;
    }

    internal static NewModelOptions Options(TemporaryFolder folder, string config)
    {
        string texts = folder.At("reports.jsonl");
        File.WriteAllText(texts, Reports);
        return new NewModelOptions { Config = config, Texts = [texts], Output = folder.At("model") };
    }

    [Theory, InlineData("f32"), InlineData("bf16")]
    public void A_new_model_opens_and_writes_a_report(string dtype)
    {
        using var folder = new TemporaryFolder();
        var config = NewModel.Write(Options(folder, Config(folder, dtype)));
        using var model = HseNetModel.Open(folder.At("model"), PartRun.Host);
        short[] voxels = [.. Enumerable.Range(0, 24 * 24 * 12).Select(i => (short)(i * 37 % 1400 - 1000))];
        using var study = CtStudy.FromVoxels<short>(voxels, (24, 24, 12), (1, 1, 2));
        var report = model.Report(study, new ReportOptions { MaxTokens = 4 }).Complete();
        Assert.All(report.Ids, id => Assert.InRange(id, 0, config.LanguageModel.VocabSize - 1));
    }

    [Fact]
    public void The_same_options_give_the_same_bytes_and_another_seed_other_weights()
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder, Config(folder));
        NewModel.Write(options);
        NewModel.Write(options with { Output = folder.At("again") });
        NewModel.Write(options with { Output = folder.At("other"), Seed = 43 });
        foreach (string file in Directory.EnumerateFiles(folder.At("model")).Select(Path.GetFileName)!)
            Assert.Equal(Bytes("model", file), Bytes("again", file));
        Assert.NotEqual(Bytes("model", "model.safetensors"), Bytes("other", "model.safetensors"));

        byte[] Bytes(string model, string file) => File.ReadAllBytes(Path.Combine(folder.At(model), file));
    }

    [Fact]
    public void What_texts_say_often_is_one_piece_and_every_text_comes_back()
    {
        using var folder = new TemporaryFolder();
        var config = NewModel.Write(Options(folder, Config(folder, ids: 400, words: 220)));
        var decoder = LanguageTokenizer.Open(folder.At("model"));
        Assert.Equal(config.LanguageModel.VocabSize, decoder.Count);
        Assert.Equal([decoder.EndOfText], config.LanguageModel.EosTokenId.AsEnumerable());
        Assert.Single(decoder.Encode(" nodule"));
        foreach (string text in (string[])["No pleural effusion.", "Never seen: Übergröße, 12 mm!\n", ""])
            Assert.Equal(text, decoder.Decode(decoder.Encode(text)));

        var words = TextEncoderTokenizer.Open(folder.At("model"));
        Assert.Equal(config.TextEncoder!.VocabSize, words.Count);
        Assert.Equal(3, words.Encode("Nodule").Length);
        Assert.DoesNotContain(words.Unknown, words.Encode("Words that no text has: zygote, 12.5 mm (xyz)/%"));
    }

    [Fact]
    public void A_vocabulary_ends_where_nothing_repeats()
    {
        using var folder = new TemporaryFolder();
        var config = NewModel.Write(Options(folder, Config(folder, ids: 100_000, words: 100_000)));
        Assert.InRange(config.LanguageModel.VocabSize, NewTokenizers.LeastDecoderIds + 20, 600);
        Assert.InRange(config.TextEncoder!.VocabSize, 120, 600);
    }

    [Theory, InlineData(261), InlineData(262), InlineData(290)]
    public void A_vocabulary_is_no_larger_than_asked(int ids)
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(ids, NewModel.Write(Options(folder, Config(folder, ids: ids))).LanguageModel.VocabSize);
    }

    [Fact]
    public void Positions_are_sines_of_their_place_and_all_of_them_differ()
    {
        float[] table = StartPositions.SinesAndCosines([2, 3, 4], 20);
        Assert.Equal(24, table.Chunk(20).Select(place => string.Join(' ', place)).Distinct().Count());
        // The place (1, 2, 3): the second wave of the second axis, whose sines begin at channel 6.
        Assert.Equal(Math.Sin(2 * Math.Pow(10000, -1 / 3d)), table[23 * 20 + 6 + 1], 5);
        Assert.Equal(Math.Cos(3), table[23 * 20 + 12 + 3], 5);
        Assert.All(Enumerable.Range(0, 24), place => Assert.Equal((0f, 0f), (table[place * 20 + 18], table[place * 20 + 19])));
        Assert.All(StartPositions.SinesAndCosines([2, 2], 8, first: 1)[..8], value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData("\"dtype\": \"f32\"", "\"dtype\": \"int8\"", "dtype is int8")]
    [InlineData("\"vocab_size\": 320", "\"vocab_size\": 260", "language_model.vocab_size is 260")]
    [InlineData("\"vocab_size\": 140", "\"vocab_size\": 50", "text_encoder.vocab_size is 50")]
    [InlineData("\"text_encoder\": {\"hidden_size\": 16", "\"text_encoder\": {\"hidden_size\": 32", "text_encoder.hidden_size is 32")]
    [InlineData("\"eos_token_id\": [0]", "\"eos_token_id\": [0], \"lora\": {\"r\": 2, \"lora_alpha\": 4}", "has adapters")]
    [InlineData("\"num_heads\": 2}", "\"num_heads\": 3}", "3 heads")]
    public void A_configuration_that_cannot_be_trained_is_refused(string text, string instead, string problem)
    {
        using var folder = new TemporaryFolder();
        string config = Config(folder), before = File.ReadAllText(config);
        Assert.Contains(text, before, StringComparison.Ordinal);
        File.WriteAllText(config, before.Replace(text, instead, StringComparison.Ordinal));
        var e = Assert.ThrowsAny<HseNetException>(() => NewModel.Write(Options(folder, config)));
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.At("model")));
    }

    [Fact]
    public void Texts_that_say_nothing_and_an_output_that_exists_are_refused()
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder, Config(folder));
        string silent = folder.At("silent.jsonl");
        File.WriteAllText(silent, """{"image": "a.npy"}""" + "\n");
        Assert.Contains("no text to learn from", Assert.Throws<HseNetFileException>(() =>
            NewModel.Write(options with { Texts = [silent] })).Message, StringComparison.Ordinal);
        NewModel.Write(options);
        Assert.Contains("exists already", Assert.Throws<HseNetFileException>(() => NewModel.Write(options)).Message,
            StringComparison.Ordinal);
    }
}
