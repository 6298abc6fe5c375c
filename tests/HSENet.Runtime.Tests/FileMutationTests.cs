// Every reader of weights, configurations and tables against random damage.
using System.Text;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class FileMutationTests
{
    [Fact]
    public void Safetensors() => Mutations.Check([Golden("checkpoints/expected.safetensors"), Golden("checkpoints/plain.safetensors")],
        file => ReadTensors("weights.safetensors", file));

    [Fact]
    public void Pytorch_zip_files() =>
        Mutations.Check([Golden("checkpoints/torch_nested.bin"), Golden("checkpoints/torch_parameters.bin"), .. Written()], file =>
        ReadTensors("weights.bin", file));

    [Fact]
    public void Pytorch_legacy_files() =>
        Mutations.Check([Golden("checkpoints/torch_legacy.bin")], file => ReadTensors("weights.bin", file));

    // Damage to the pickle alone, so that the zip around it never hides it.
    [Fact]
    public void Pickles() => Mutations.Check([.. Written().Select(PickleOf)], pickle =>
    {
        using FileBytes file = FileBytes.FromArray("data.pkl", pickle);
        new PickleMachine(new PickleReader(file, 0, file.Length)).Run();
    });

    [Fact]
    public void Shard_indices() =>
        Mutations.Check([Encoding.UTF8.GetBytes(
        """{"metadata": {"total_size": 32}, "weight_map": {"w": "model-1.safetensors", "v": "model-2.safetensors"}}""")], json =>
    {
        using FileBytes file = FileBytes.FromArray("index.json", json);
        Assert.All(WeightFolder.ReadIndex(file).Values, shard => Assert.Equal(shard, Path.GetFileName(shard)));
    });

    // Read from what conversion writes; a damaged file that is still valid must still make sense to the memory plan.
    [Fact]
    public void Model_configurations() => Mutations.Check([File.ReadAllBytes(Path.Combine(TinyModel.Folder, "config.json"))], json =>
    {
        var config = ModelConfig.Parse(json, "config.json");
        InferencePlan.For(config, config.VisualTokens + 8, config.VisualTokens + 16);
    });

    [Fact]
    public void Checkpoint_configurations() =>
        Mutations.CheckInFolder([Golden("tiny/phi4-mini/config.json"), Golden("tiny/stage2_clip/config.json")], (folder, json) =>
    {
        var config = CheckpointConfig.Read(folder.Write("config.json", json));
        config.Int("hidden_size");
        config.OptionalFloat("rope_theta");
        config.Section("rope_scaling")?.Floats("long_factor");
    });

    // Old and new forms of rotary positions, and fields that are refused by name.
    [Fact]
    public void Language_model_configurations() => Mutations.CheckInFolder([.. ((string[])
    [
        """ "rope_theta": 10000.0, "partial_rotary_factor": 0.75, "rope_scaling": {"type": "longrope","""
            + """ "short_factor": [1, 1.5, 2], "long_factor": [1, 2, 4], "factor": 4.0}""",
        """ "rope_parameters": {"rope_type": "longrope", "rope_theta": 1e4, "partial_rotary_factor": 0.75,"""
            + """ "original_max_position_embeddings": 64, "short_factor": [1, 1.5, 2], "long_factor": [1, 2, 4]}""",
        """ "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 1e4}}, "layer_types": ["full_attention"],"""
            + """ "residual_multiplier": 1.0, "num_experts": 0, "attention_multiplier": 0.35355339059""",
    ]).Select(rope => Encoding.UTF8.GetBytes("""{"model_type": "phi3", "hidden_size": 16, "num_attention_heads": 2, "head_dim": 8,"""
        + """ "hidden_act": "silu", "max_position_embeddings": 256, "original_max_position_embeddings": 64, "attention_bias": false, """
        + rope + "}"))], (folder, json) =>
    {
        var config = CheckpointConfig.Read(folder.Write("config.json", json));
        LanguageModelChecks.Check(config);
        var rotary = new RotaryConversion(config);
        Assert.True(rotary.OriginalMaximum > 0 || !config.Has("original_max_position_embeddings"));
    });

    [Fact]
    public void Adapter_configurations() => Mutations.CheckInFolder([.. ((string[])
    [
        """ "r": 8, "lora_alpha": 16, "use_rslora": true, "target_modules": ["qkv_proj", "o_proj"], "exclude_modules": "x.*","""
            + """ "rank_pattern": {"o_proj": 4}, "alpha_pattern": {"layers\\.1\\..*": 32}, "layers_to_transform": [0, 1]""",
        """ "r": 8, "lora_alpha": 16, "target_modules": "^(?!.*vision).*(?:qkv_proj|o_proj)$", "modules_to_save": ["norm"],"""
            + """ "init_lora_weights": "gaussian", "bias": "none", "use_dora": false, "layer_replication": null,"""
            + """ "layers_to_transform": 1""",
    ]).Select(fields => Encoding.UTF8.GetBytes("""{"peft_type": "LORA", """ + fields + "}"))], (folder, json) =>
    {
        folder.Write("adapter_config.json", json);
        var config = AdapterConfig.Beside(folder.Path)!;
        foreach (string module in (string[])["layers.0.self_attn.o_proj", "layers.1.mlp.down_proj"])
        {
            config.Targets(module, 1);
            Assert.True(config.Scale(module, config.Rank(module) ?? 4, null) is > 0 and < double.PositiveInfinity
                || config.Rank(module) is < 1);
        }
    });

    [Fact]
    public void Added_tokens_in_a_tokenizer_s_configuration() => Mutations.CheckInFolder([Encoding.UTF8.GetBytes(
        """{"added_tokens_decoder": {"4": {"content": "<|endoftext|>", "lstrip": false, "rstrip": true, "special": true},"""
            + """ "5": {"content": "<|end|>"}}, "eos_token": "<|endoftext|>"}""")], (folder, json) =>
    {
        folder.Write("tokenizer_config.json", json);
        Assert.NotEmpty(TokenizerFiles.ReadSeparate(folder.Path).Added);
    }, folder =>
    {
        folder.Write("vocab.json", """{"a": 0, "b": 1, "ab": 2, "c": 3}"""u8.ToArray());
        folder.Write("merges.txt", "a b\n"u8.ToArray());
    });

    [Fact]
    public void Names_in_adapters() => Mutations.Check([Encoding.UTF8.GetBytes(
        "base_model.model.model.layers.0.self_attn.o_proj.lora_A.default.weight\n"
            + "module._orig_mod.model.norm.modules_to_save.default.weight\n"
            + "base_model.model.model.mm_projector2.proj_mpls.0.bias\nlm_head.original_module.weight")], names =>
    {
        foreach (string name in Encoding.Latin1.GetString(names).Split('\n'))
            if (AdapterName.Parse(name) is { OwnName: { } own })
                Assert.Matches("^(language_model\\.|packer[12]\\.)", own);
    }, isSometimesRefused: false);

    [Fact]
    public void Metadata_tables() => Mutations.Check(
        [Encoding.UTF8.GetBytes("VolumeName,Note,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing\n"
            + "a.nii.gz,\"x,\"\"y\"\"\",1,-1024,\"[0.7, 0.7]\",1.5\nb.nii.gz,,1,0,0.5,2\n")],
        csv => MetadataTable.Read(new StreamReader(new MemoryStream(csv)), "metadata.csv").Get("a.nii.gz"));

    [Fact]
    public void Manifests() => Mutations.Check([.. ((string[])
    [
        """
        {"image": "a.npy", "biomedclip_features": "a.slices.npy", "text": "Clear lungs.", "XYSpacing": [0.7, 0.7], "ZSpacing": 1.5}
        {"image": "b.nii.gz", "text": "An \u00e9ffusion.", "RescaleSlope": 1, "RescaleIntercept": -1024}
        """,
        """{"train": [{"image": "a", "text": "x"}, {"image": "b", "text": "y"}], "note": {"n": [1, 2]},"""
            + """ "validation": [{"image": "c", "text": "z"}]}""",
        """[{"image": "a", "text": "x"}, {"image": "b", "text": "y"}]""",
    ]).Select(Encoding.UTF8.GetBytes)], json =>
    {
        using FileBytes file = FileBytes.FromArray("manifest.json", json);
        Assert.NotEmpty(Manifest.Read(file, RowContent.Report, skipBad: false, _ => { }).Train);
        Manifest.Read(file, RowContent.Report, skipBad: true, _ => { });
    });

    // Items with and without text in a chunk that is not full; all of them are compared with their checksums.
    [Fact]
    public void Indexes()
    {
        const int channels = 4;
        using var folder = new TemporaryFolder();
        string written = folder.At("written.index");
        using (var index = VolumeIndex.OpenOrCreate(written, new IndexLayout.Header(Kernels.WeightType.F32, channels, "w", "standard-3"),
            appends: true))
            for (int i = 0; i < 20; i++)
                index.Add(new IndexedItem($"{i}", i % 2 == 0 ? null : "clear") { Key = "k" }, VolumeIndexTests.Vector(i, channels));
        Mutations.Check([File.ReadAllBytes(written)], bytes =>
        {
            using var index = VolumeIndex.Read(FileBytes.FromArray("chest.index", bytes));
            index.Verify();
        });
    }

    static byte[] Golden(string file) => File.ReadAllBytes(GoldenFolder.At(file));

    internal static void ReadTensors(string name, byte[] content)
    {
        using FileBytes file = FileBytes.FromArray(name, content);
        using TensorSource source = TensorSource.Read(file);
        foreach (TensorEntry tensor in source.Tensors)
        {
            tensor.ToSingles();
            tensor.ComputeChecksum();
        }
    }

    static IEnumerable<byte[]> Written()
    {
        using var folder = new TemporaryFolder();
        TorchWriter.Save(folder.At("adapter.bin"),
            [new("a.lora_A", DataType.BF16, [2, 3], new byte[12]), new("b", DataType.F32, [2], new byte[8])]);
        return [File.ReadAllBytes(folder.At("adapter.bin"))];
    }

    static byte[] PickleOf(byte[] checkpoint)
    {
        using FileBytes file = FileBytes.FromArray("weights.bin", checkpoint);
        return ZipDirectory.Content(file, ZipDirectory.Read(file).Single(e => e.Name.EndsWith("data.pkl", StringComparison.Ordinal)), 4096);
    }
}
