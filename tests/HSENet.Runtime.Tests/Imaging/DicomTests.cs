// DICOM beyond the golden series: every encoding, the choice of a series, geometry, damaged files.
using static HSENet.Runtime.Tests.VoxelValues;

namespace HSENet.Runtime.Tests;

public sealed class DicomTests
{
    public static TheoryData<string> Syntaxes =>
    [
        DicomTransferSyntax.ImplicitLittleEndian, DicomTransferSyntax.ExplicitLittleEndian,
            DicomTransferSyntax.DeflatedExplicitLittleEndian,
        DicomTransferSyntax.ExplicitBigEndian, DicomTransferSyntax.RunLength,
    ];

    [Theory, MemberData(nameof(Syntaxes))]
    public void Each_transfer_syntax_gives_the_same_values(string syntax)
    {
        var seed = new DicomSeed { Syntax = syntax, Nested = true, Rows = 30, Columns = 20 };
        using VoxelVolume volume = Read(seed.At(2, 1000), seed.At(0, -300));
        Assert.Equal((20, 30, 2), volume.Size);
        Assert.Equal((0.25, 0.5, 2.0), volume.Spacing);
        Assert.Equal(DataType.I16, volume.Type);
        Assert.Equal(Enumerable.Range(-300, 600).Concat(Enumerable.Range(1000, 600)).Select(v => v - 1024.0), Values(volume));
    }

    [Theory]
    [InlineData(8, false, nameof(DataType.U8))]
    [InlineData(8, true, nameof(DataType.I8))]
    [InlineData(16, false, nameof(DataType.U16))]
    [InlineData(32, false, nameof(DataType.U32))]
    [InlineData(32, true, nameof(DataType.I32))]
    public void Each_pixel_size_is_read_in_both_byte_orders_and_run_lengths(int bits, bool signed, string typeName)
    {
        var type = Enum.Parse<DataType>(typeName);
        foreach (string syntax in (string[])[DicomTransferSyntax.ExplicitLittleEndian, DicomTransferSyntax.ExplicitBigEndian,
            DicomTransferSyntax.RunLength])
        {
            var seed = new DicomSeed
            {
                Syntax = syntax,
                BitsAllocated = bits,
                BitsStored = bits,
                HighBit = bits - 1,
                Signed = signed,
                Intercept = 0
            };
            using VoxelVolume volume = Read(seed.At(0), seed.At(1, signed ? -12 : 12));
            Assert.Equal(type, volume.Type);
            Assert.Equal(Enumerable.Range(0, 12).Concat(Enumerable.Range(signed ? -12 : 12, 12)).Select(v => (double)v), Values(volume));
        }
    }

    [Fact]
    public void Only_the_stored_bits_count()
    {
        // 12 bits; those above hold rubbish.
        int Stored(int value) => value & 0xFFF | 0x5000;
        var seed = new DicomSeed { BitsStored = 12, HighBit = 11, Intercept = 0, Rows = 1, Columns = 2 };
        using VoxelVolume volume = Read(seed.At(0) with { Pixels = [Stored(-5), Stored(2047)] },
            seed.At(1) with { Pixels = [Stored(0), Stored(-2048)] });
        Assert.Equal([-5.0, 2047, 0, -2048], Values(volume));
    }

    [Theory]
    [InlineData(true, -5, 2047)]
    [InlineData(false, 24, 4095)]
    public void A_high_bit_above_the_stored_ones_is_read_as_others_do_or_refused(bool signed, int low, int high)
    {
        foreach (int highBit in (int[])[12, 15])
        {
            var seed = new DicomSeed { BitsStored = 12, HighBit = highBit, Intercept = 0, Rows = 1, Columns = 2, Signed = signed };
            using VoxelVolume volume = Read(seed.At(0) with { Pixels = [low, high] }, seed.At(1) with { Pixels = [0, 1] });
            Assert.Equal([low, high, 0.0, 1], Values(volume));
            Assert.Contains($"end at bit {highBit}", Assert.Single(volume.Notes));
            string message = Refused(new(), seed.At(0) with { Pixels = [1 << 13, 1] }, seed.At(1) with { Pixels = [0, 1] });
            Assert.Contains($"stores 12 bits up to bit {highBit}", message);
        }
    }

    [Fact]
    public void A_scaling_that_differs_between_slices_is_applied_to_each()
    {
        var seed = new DicomSeed { Rows = 1, Columns = 2 };
        using VoxelVolume volume = Read(seed.At(0), seed.At(1) with { Slope = 0.5, Intercept = 10 });
        Assert.Equal((DataType.F32, 1.0, 0.0), (volume.Type, volume.Slope, volume.Intercept));
        Assert.Equal([-1024.0, -1023, 10, 10.5], Values(volume));
    }

    [Fact]
    public void The_largest_ct_series_is_chosen_and_named_unless_one_is_asked_for()
    {
        var small = new DicomSeed { Series = "1.1" };
        var large = new DicomSeed { Series = "2.2" };
        DicomSeed[] files = [small.At(0), large.At(0), small.At(1), large.At(1), large.At(2),
            new DicomSeed { Modality = "MR", Series = "3.3" }];
        files = [.. files.Select(f => f with { Instance = f.Instance + f.Series })];
        using VoxelVolume chosen = Read(files);
        Assert.Equal(3, chosen.Size.Z);
        Assert.Contains(chosen.Notes, n => n.Contains("one of 2 CT series taken: 2.2 (3 axial slices of 1 mm)")
            && n.Contains("1.1 (2 axial slices"));
        Assert.Contains(chosen.Notes, n => n.Contains("1 image of another modality than CT left out"));
        using VoxelVolume asked = Read(new VolumeReadOptions { SeriesUid = "1.1" }, files);
        Assert.Equal(2, asked.Size.Z);
        Assert.Contains("holds no CT series '9.9'; expected one of its 2: 2.2", Refused(new() { SeriesUid = "9.9" }, files));
    }

    [Fact]
    public void Copies_localizers_and_other_orientations_are_left_out()
    {
        var seed = new DicomSeed();
        using VoxelVolume volume = Read(
            seed.At(0), seed.At(1), seed.At(1), seed.At(2), seed.At(2) with { Instance = "other" },
            seed.At(7) with { ImageType = "ORIGINAL\\PRIMARY\\LOCALIZER" }, seed.At(9) with { Orientation = [0, 1, 0, 0, 0, -1] });
        Assert.Equal(3, volume.Size.Z);
        Assert.Equal(["1 localizer, 2 copies of images, 1 image of another size or orientation left out"], volume.Notes);
    }

    [Fact]
    public void Missing_slices_are_refused_unless_allowed_and_then_filled()
    {
        var seed = new DicomSeed { Rows = 1, Columns = 1, Intercept = 0 };
        DicomSeed[] files = [seed.At(0, 10), seed.At(2, 12), seed.At(4, 14), seed.At(10, 20), seed.At(12, 22)];
        string message = Refused(new(), files);
        Assert.Contains("2 slices missing, 6 mm at the widest where slices are 2 mm apart", message);
        using VoxelVolume volume = Read(new VolumeReadOptions { AllowGaps = true }, files);
        Assert.Equal([10.0, 12, 14, 20, 22], Values(volume));
        Assert.Contains("filled by interpolation, 33.3 % of the height", Assert.Single(volume.Notes));
        using VoxelVolume filled = SliceResampling.Apply(volume, SliceGrid.Of(volume)!, -1000, new());
        Assert.Equal([10.0, 12, 14, 16, 18, 20, 22], Values(filled));
        Assert.Equal(2, filled.Spacing.Z);
        Assert.Contains("missing", Refused(new() { AllowGaps = true }, seed.At(0), seed.At(1), seed.At(900000)));
    }

    [Fact]
    public void Uneven_distances_and_tilt_are_known()
    {
        var seed = new DicomSeed();
        using VoxelVolume uneven = Read(seed.At(0), seed.At(1), seed.At(2.2), seed.At(3));
        Assert.Equal([0, 1, 2.2, 3], SliceGrid.Of(uneven)!.Positions.Select(z => Math.Round(z, 9)));
        using VoxelVolume tilted = Read(seed.At(0), seed.At(1) with { Position = [-10, -19, 1] },
            seed.At(2) with { Position = [-10, -18, 2] });
        Assert.Equal(["gantry tilt of 45 degrees: sheared back"], SliceGrid.Of(tilted)!.Notes);
        var coronal = seed with { Orientation = [1, 0, 0, 0, 0, -1] };
        using VoxelVolume turned = Read(coronal.At(0), coronal.At(0) with { Position = [-10, -22, 0], Instance = "b" });
        Assert.Equal(2, turned.Spacing.Z);
        Assert.Null(SliceGrid.Of(turned));
    }

    [Fact]
    public void Spacing_comes_from_positions_without_rounding_noise()
    {
        var seed = new DicomSeed();
        using VoxelVolume volume = Read([.. Enumerable.Range(0, 50).Select(i => seed.At(Math.Round(-100.3 + i * 0.7, 4)))]);
        Assert.Equal(0.7, volume.Spacing.Z);
    }

    [Fact]
    public void A_reader_for_compressed_files_is_used_when_it_is_given()
    {
        var seed = new DicomSeed { Syntax = "1.2.840.10008.1.2.4.80", Intercept = 0 };
        using VoxelVolume volume = Read(new VolumeReadOptions { DicomReader = new SevenReader() }, seed.At(0), seed.At(1));
        Assert.All(Values(volume), v => Assert.Equal(0x0707, v));
        string message = Refused(new(), seed.At(0), seed.At(1));
        Assert.Contains("compressed as JPEG-LS Lossless (1.2.840.10008.1.2.4.80)", message);
        Assert.Contains("-p:UseFoDicom=true", message);
    }

    [Fact]
    public void What_makes_no_volume_says_why()
    {
        var seed = new DicomSeed();
        Assert.Contains("holds no DICOM image", Refused(new()));
        Assert.Contains("a single slice", Refused(new(), seed.At(0)));
        Assert.Contains("2 images of other modalities than CT",
            Refused(new(), seed.At(0) with { Modality = "MR" }, seed.At(1) with { Modality = "MR" }));
        Assert.Contains("1 localizer", Refused(new(), seed with { ImageType = "ORIGINAL\\PRIMARY\\LOCALIZER" }));
        Assert.Contains("1 multi-frame image without the places", Refused(new(), seed with { Frames = 2 }));
        Assert.Contains("1 image without position", Refused(new(), seed with { Position = [] }));
        Assert.Contains("1 image in colour", Refused(new(), seed with { Samples = 3 }));
        Assert.Contains("enough for 3 rows of 400 columns", Refused(new(), seed.At(0) with { Columns = 400 }));
        Assert.Contains("up to bit 15 of 12", Refused(new(), seed with { BitsAllocated = 12 }));
        Assert.Contains("need 48 bytes; expected at most 47", Refused(new() { MaximumBytes = 47 }, seed.At(0), seed.At(1)));
    }

    [Fact]
    public void No_message_and_no_note_names_the_patient()
    {
        byte[] file = new DicomSeed { Nested = true }.ToBytes();
        foreach (string syntax in (IEnumerable<string>)Syntaxes)
        {
            using VoxelVolume volume = Read(new DicomSeed { Syntax = syntax }.At(0), new DicomSeed { Syntax = syntax }.At(1),
                new DicomSeed { Modality = "MR" });
            Assert.DoesNotContain(volume.Notes, n => n.Contains("Secret"));
        }
        for (int length = 132; length < file.Length; length++)
            if (Record.Exception(() => DicomVolume.Read("folder", [DicomSource.FromBytes("a", file[..length])], new())) is { } error)
                Assert.DoesNotContain("Secret", Assert.IsType<HseNetFileException>(error).ToString());
    }

    static VoxelVolume Read(params DicomSeed[] files) => Read(new VolumeReadOptions(), files);

    static VoxelVolume Read(VolumeReadOptions options, params DicomSeed[] files) =>
        DicomVolume.Read("folder", files.Select((f, i) => DicomSource.FromBytes($"file{i}", f.ToBytes())), options);

    static string Refused(VolumeReadOptions options, params DicomSeed[] files) =>
        Assert.Throws<HseNetFileException>(() => Read(options, files)).Message;

    sealed class SevenReader : IDicomReader
    {
        public bool CanDecode(string transferSyntaxUid) => true;

        public void DecodeFrame(ReadOnlyMemory<byte> file, DicomImage image, Span<byte> destination) => destination.Fill(7);
    }
}
