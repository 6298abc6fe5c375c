// Every reader of files against random damage.
using System.IO.Compression;
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
        Mutations.Check([Golden("tiny/phi4-mini/config.json"), Golden("tiny/stage2_clip/config.json")], json =>
    {
        using var folder = new TemporaryFolder();
        var config = CheckpointConfig.Read(folder.Write("config.json", json));
        config.Int("hidden_size");
        config.OptionalFloat("rope_theta");
        config.Section("rope_scaling")?.Floats("long_factor");
    });

    // Old and new forms of rotary positions, and fields that are refused by name.
    [Fact]
    public void Language_model_configurations() => Mutations.Check([.. ((string[])
    [
        """ "rope_theta": 10000.0, "partial_rotary_factor": 0.75, "rope_scaling": {"type": "longrope","""
            + """ "short_factor": [1, 1.5, 2], "long_factor": [1, 2, 4], "factor": 4.0}""",
        """ "rope_parameters": {"rope_type": "longrope", "rope_theta": 1e4, "partial_rotary_factor": 0.75,"""
            + """ "original_max_position_embeddings": 64, "short_factor": [1, 1.5, 2], "long_factor": [1, 2, 4]}""",
        """ "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 1e4}}, "layer_types": ["full_attention"],"""
            + """ "residual_multiplier": 1.0, "num_experts": 0, "attention_multiplier": 0.35355339059""",
    ]).Select(rope => Encoding.UTF8.GetBytes("""{"model_type": "phi3", "hidden_size": 16, "num_attention_heads": 2, "head_dim": 8,"""
        + """ "hidden_act": "silu", "max_position_embeddings": 256, "original_max_position_embeddings": 64, "attention_bias": false, """
        + rope + "}"))], json =>
    {
        using var folder = new TemporaryFolder();
        var config = CheckpointConfig.Read(folder.Write("config.json", json));
        LanguageModelChecks.Check(config);
        var rotary = new RotaryConversion(config);
        Assert.True(rotary.OriginalMaximum > 0 || !config.Has("original_max_position_embeddings"));
    });

    [Fact]
    public void Adapter_configurations() => Mutations.Check([.. ((string[])
    [
        """ "r": 8, "lora_alpha": 16, "use_rslora": true, "target_modules": ["qkv_proj", "o_proj"], "exclude_modules": "x.*","""
            + """ "rank_pattern": {"o_proj": 4}, "alpha_pattern": {"layers\\.1\\..*": 32}, "layers_to_transform": [0, 1]""",
        """ "r": 8, "lora_alpha": 16, "target_modules": "^(?!.*vision).*(?:qkv_proj|o_proj)$", "modules_to_save": ["norm"],"""
            + """ "init_lora_weights": "gaussian", "bias": "none", "use_dora": false, "layer_replication": null,"""
            + """ "layers_to_transform": 1""",
    ]).Select(fields => Encoding.UTF8.GetBytes("""{"peft_type": "LORA", """ + fields + "}"))], json =>
    {
        using var folder = new TemporaryFolder();
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
    public void Added_tokens_in_a_tokenizer_s_configuration() => Mutations.Check([Encoding.UTF8.GetBytes(
        """{"added_tokens_decoder": {"4": {"content": "<|endoftext|>", "lstrip": false, "rstrip": true, "special": true},"""
            + """ "5": {"content": "<|end|>"}}, "eos_token": "<|endoftext|>"}""")], json =>
    {
        using var folder = new TemporaryFolder();
        folder.Write("vocab.json", """{"a": 0, "b": 1, "ab": 2, "c": 3}"""u8.ToArray());
        folder.Write("merges.txt", "a b\n"u8.ToArray());
        folder.Write("tokenizer_config.json", json);
        Assert.NotEmpty(TokenizerFiles.ReadSeparate(folder.Path).Added);
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
    public void Zip_files() => Mutations.Check([.. Zips()], content =>
    {
        ReadArchive(content);
        using FileBytes file = FileBytes.FromArray("archive.zip", content);
        foreach (ZipEntry entry in ZipDirectory.Read(file))
            ZipDirectory.Content(file, entry, 1 << 24);
    });

    // Every kind of scan in an archive; an archive in one; arrays of which one is a volume.
    [Fact]
    public void Archives() => Mutations.Check(
        [ArchiveSeeds.Zip(("scan.nii", VolumeSeeds.Nifti(5, 4, 3)), ("read me.txt", new byte[200])),
            ArchiveSeeds.Zip(("scan.nii.gz", VolumeSeeds.Gzip(VolumeSeeds.Nifti(5, 4, 3)))),
            ArchiveSeeds.Zip(("a.HDR", VolumeSeeds.Pair(5, 4, 3).Header), ("a.img.gz", VolumeSeeds.Gzip(VolumeSeeds.Pair(5, 4, 3).Image))),
            ArchiveSeeds.Zip(("export/study.zip", ArchiveSeeds.Zip([.. Enumerable.Range(0, 3).Select(z =>
                ($"IM{z}", new DicomSeed().At(z).ToBytes()))]))),
            ArchiveSeeds.Zip(("image.npy", ArchiveSeeds.Npy(3, 4, 5)), ("spacing.npy", ArchiveSeeds.Npy(3)))], ReadArchive);

    // Damage to what lies in the archive, whose checksum would otherwise refuse it.
    [Fact]
    public void Scans_in_archives() => Mutations.Check(
        [VolumeSeeds.Nifti(5, 4, 3), ArchiveSeeds.Npy(3, 4, 5), ArchiveSeeds.Zip(("scan.nii", VolumeSeeds.Nifti(5, 4, 3)))],
        file => ReadArchive(ArchiveSeeds.Zip(("a", file), ("read me.txt", new byte[200]))));

    [Fact]
    public void Nifti_pairs()
    {
        var (header, image) = VolumeSeeds.Pair(5, 4, 3);
        byte[] both = [.. header, .. image];
        using var folder = new TemporaryFolder();
        Mutations.Check([both], file =>
        {
            folder.Write("a.hdr", file[..Math.Min(file.Length, header.Length)]);
            folder.Write("a.IMG", file[Math.Min(file.Length, header.Length)..]);
            using VoxelVolume volume = VolumeFile.Read(folder.At("a.IMG"));
            Sum(volume);
        });
    }

    [Fact]
    public void Nifti() => Mutations.Check(
        [VolumeSeeds.Nifti(5, 4, 3), Golden("data/formats/nifti1_big_endian.nii"), Inflated(Golden("data/formats/nifti2_int16.nii.gz"))],
        ReadVolume);

    // Headers that say where a scan lies, and what is done to it then: turned, straightened, filled.
    [Fact]
    public void Placed_scans() => Mutations.Check(
        [Placed([-1, 0, 0, 5, 0, -1, 0.3f, 6, 0, 0, 1, 7]), Placed([0.1f, 0, 2, 5, 1, 0.1f, 0, 6, 0, -1, 0.1f, 7]),
            Placed([1, 0.1f, 0.2f, 0, 0.3f, 1, 0.2f, 0, 0, 0.1f, 1, 0], isFloat: true)],
        file =>
        {
            using VoxelVolume scan = VolumeFile.Read(new MemoryStream(file), "scan");
            var plan = ScanPlan.For(scan, new(), default);
            Assert.InRange(plan.Result.ByteLength, 1, 100 * scan.ByteLength + 4096);
            VoxelVolume placed = plan.Apply(scan, default);
            Sum(placed);
            if (!ReferenceEquals(placed, scan))
                placed.Dispose();
        });

    static byte[] Placed(float[] sform, bool isFloat = false)
    {
        byte[] nifti = VolumeSeeds.Nifti(5, 4, 3);
        nifti[254] = 1;
        VolumeSeeds.Put(nifti, 280, sform);
        if (!isFloat)
            return nifti;
        (nifti[70], nifti[72]) = (16, 32);
        byte[] floats = [.. nifti[..352], .. new byte[60 * sizeof(float)]];
        VolumeSeeds.Put(floats, 352, [.. Enumerable.Range(0, 60).Select(i => i % 5 == 0 ? float.NaN : i)]);
        return floats;
    }

    [Fact]
    public void Nifti_in_gzip() =>
        Mutations.Check([VolumeSeeds.Gzip(VolumeSeeds.Nifti(5, 4, 3)), Golden("data/formats/nifti2_int16.nii.gz")], ReadVolume);

    // Damage under the compression, whose checksum would otherwise refuse it.
    [Fact]
    public void Nifti_under_gzip() => Mutations.Check([VolumeSeeds.Nifti(5, 4, 3)], file => ReadVolume(VolumeSeeds.Gzip(file)));

    [Fact]
    public void Numpy() => Mutations.Check(
        [Golden("data/formats/npy_f4_c.npy"), Golden("data/formats/npy_f8_fortran.npy"), Golden("data/formats/npy_i2_be.npy")], ReadVolume);

    [Theory]
    [InlineData(DicomTransferSyntax.ImplicitLittleEndian)]
    [InlineData(DicomTransferSyntax.ExplicitLittleEndian)]
    [InlineData(DicomTransferSyntax.ExplicitBigEndian)]
    [InlineData(DicomTransferSyntax.DeflatedExplicitLittleEndian)]
    [InlineData(DicomTransferSyntax.RunLength)]
    public void Dicom(string syntax)
    {
        var seed = new DicomSeed { Syntax = syntax, Rows = 9, Columns = 12 };
        byte[] intact = seed.At(1).ToBytes();
        Mutations.Check([seed.At(0).ToBytes(), (seed with { Nested = true }).At(0).ToBytes()], file =>
        {
            using VoxelVolume volume = DicomVolume.Read("folder", [DicomSource.FromBytes("a", file), DicomSource.FromBytes("b", intact)],
                new() { AllowGaps = true });
            Sum(volume);
        });
    }

    [Theory]
    [InlineData(DicomTransferSyntax.ImplicitLittleEndian)]
    [InlineData(DicomTransferSyntax.ExplicitLittleEndian)]
    [InlineData(DicomTransferSyntax.RunLength)]
    public void Dicom_frames(string syntax) => Mutations.Check(
        [DicomMultiFrameTests.Enhanced(syntax, [0, 1, 2, 4], isOpen: true, itemsExplicit: true).ToBytes(),
            DicomMultiFrameTests.Enhanced(syntax, [0, 1, 0, 1], isOpen: false, itemsExplicit: false).ToBytes()],
        file => ReadPlaced([file], allowGaps: true));

    // Encodings that nobody announced, padding, bits elsewhere, marks of acquisitions.
    [Fact]
    public void Dicom_exports()
    {
        var seed = new DicomSeed
        {
            Rows = 5,
            Columns = 7,
            Class = "1.2.840.10008.5.1.4.1.1.2",
            Study = "1.9",
            Time = "120000",
            Acquisition = 0
        };
        DicomSeed implicitly = seed with { Syntax = DicomTransferSyntax.ImplicitLittleEndian };
        byte[] items = DicomSeed.Sequence(0x00091010, "UN", true, true, DicomSeed.Element(0x00080100, "SH", DicomSeed.Text("code"), true));
        Mutations.Check([.. ((DicomSeed[])
        [
            implicitly with { Preamble = false, Meta = false }, seed with { RealSyntax = DicomTransferSyntax.ImplicitLittleEndian },
            implicitly with { RealSyntax = DicomTransferSyntax.ExplicitLittleEndian, Modality = "" },
            seed with { Raw = [(0x00091010, items), (0x001910AA, DicomSeed.Element(0x001910AA, "\0\0", [1, 2], true))] },
            seed with { More = [(0x00280120, "US", seed.Short(3)), (0x00280121, "US", seed.Short(9))], BitsStored = 12, HighBit = 15 },
        ]).Select(s => s.At(1).ToBytes())], file => ReadPlaced(
            [file, .. Enumerable.Range(0, 4).Select(i => (seed with { Acquisition = i % 2 }).At(i / 2 * 2, i).ToBytes())],
                allowGaps: true));
    }

    [Fact]
    public void Dicom_of_other_kinds_never_stops_a_series()
    {
        var seed = new DicomSeed { Class = "1.2.840.10008.5.1.4.1.1.2" };
        byte[][] series = [.. Enumerable.Range(0, 3).Select(z => seed.At(z).ToBytes())];
        long noted = 0;
        Mutations.Check([(seed with { Modality = "MR", Series = "7", Nested = true }).ToBytes()], file =>
        {
            try
            {
                using VoxelVolume volume = DicomVolume.Read("folder",
                    series.Append(file).Select((content, i) => DicomSource.FromBytes($"file{i}", content)), new());
                noted += volume.Notes.Count;
            }
            catch (HseNetFileException e)
            {
                // Only one that became a damaged CT image may.
                Assert.True(DicomFile.Parse(file, "file3").IsCt, e.Message);
                throw;
            }
        }, isSometimesRefused: false);
        Assert.True(noted > 0);
    }

    static void ReadArchive(byte[] zip)
    {
        using ScanContents contents = ScanContents.OfZip(FileBytes.FromArray("archive.zip", zip));
        using VoxelVolume volume = contents.Read(new() { AllowGaps = true });
        Sum(volume);
    }

    static void ReadPlaced(byte[][] files, bool allowGaps)
    {
        using VoxelVolume volume = DicomVolume.Read("folder", files.Select((file, i) => DicomSource.FromBytes($"file{i}", file)),
            new() { AllowGaps = allowGaps });
        Sum(volume);
        if (SliceGrid.Of(volume) is not { } grid)
            return;
        using VoxelVolume even = SliceResampling.Apply(volume, grid, -1000, default);
        Assert.InRange(even.Count, 1, 100 * volume.Count);
    }

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

    internal static void ReadVolume(byte[] file)
    {
        using (VoxelVolume volume = VolumeFile.Read(new MemoryStream(file), "scan"))
            Sum(volume);
        using var stream = new ForwardStream(file);
        using VoxelVolume again = VolumeFile.Read(stream, "scan");
        Sum(again);
    }

    static void Sum(VoxelVolume volume)
    {
        // Compression makes at most a thousand bytes of one.
        Assert.InRange(volume.ByteLength, 1, 4096 * 1100);
        var values = new double[volume.Count];
        volume.ToDoubles(0, values);
        Assert.True(volume.Spacing is { X: > 0, Y: > 0, Z: > 0 });
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

    static IEnumerable<byte[]> Zips()
    {
        foreach (CompressionLevel level in (CompressionLevel[])[CompressionLevel.NoCompression, CompressionLevel.Optimal])
        {
            using var buffer = new MemoryStream();
            using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
                foreach (int z in (int[])[0, 1])
                {
                    using Stream entry = zip.CreateEntry($"series/{z}.dcm", level).Open();
                    entry.Write(new DicomSeed().At(z).ToBytes());
                }
            yield return buffer.ToArray();
        }
    }

    static byte[] Inflated(byte[] gzip)
    {
        using var stream = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
