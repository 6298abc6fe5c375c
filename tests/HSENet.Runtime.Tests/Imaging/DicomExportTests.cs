// DICOM files as exports have them: encodings that were not announced, what is missing or empty, padding, numbers that are none.
using static HSENet.Runtime.Tests.VoxelValues;

namespace HSENet.Runtime.Tests;

public sealed class DicomExportTests
{
    const string Implicit = DicomTransferSyntax.ImplicitLittleEndian, Explicit = DicomTransferSyntax.ExplicitLittleEndian,
        BigEndian = DicomTransferSyntax.ExplicitBigEndian;

    static readonly double[] Expected = [.. Enumerable.Range(0, 12).Concat(Enumerable.Range(50, 12)).Select(v => v - 1024.0)];

    [Theory]
    [InlineData(Implicit, true)]
    [InlineData(Explicit, true)]
    [InlineData(BigEndian, false)]
    [InlineData(Implicit, false)]
    [InlineData(Explicit, false)]
    public void A_file_without_preamble_is_read(string syntax, bool meta) =>
        AssertRead(new DicomSeed { Syntax = syntax, Preamble = false, Meta = meta, Nested = true });

    [Fact]
    public void A_file_that_begins_with_DICM_is_read() => AssertRead(new DicomSeed(), file => file[128..]);

    [Theory]
    [InlineData(Explicit, Implicit)]
    [InlineData(Implicit, Explicit)]
    [InlineData(Explicit, BigEndian)]
    [InlineData(BigEndian, Explicit)]
    [InlineData(DicomTransferSyntax.DeflatedExplicitLittleEndian, Implicit)]
    public void The_data_set_says_how_it_is_encoded(string announced, string real) =>
        AssertRead(new DicomSeed { Syntax = announced, RealSyntax = real, Nested = real != BigEndian });

    [Theory]
    [InlineData(Explicit)]
    [InlineData(Implicit)]
    public void A_missing_transfer_syntax_is_seen_from_the_data(string real) =>
        AssertRead(new DicomSeed { RealSyntax = real, Meta = false });

    [Fact]
    public void Compressed_pixels_without_a_transfer_syntax_are_refused() =>
        Assert.Contains("does not name the compression", Refused(new DicomSeed { Syntax = DicomTransferSyntax.RunLength, Meta = false }));

    public static TheoryData<bool, bool, bool, string> Sequences => new()
    {
        // The data set is explicit, the items are, the lengths are open, the representation of the sequence.
        { true, false, true, "SQ" },
        { true, false, false, "SQ" },
        { false, true, true, "SQ" },
        { false, true, false, "SQ" },
        { true, true, true, "UN" },
        { true, false, true, "UN" },
        { true, true, false, "UN" },
    };

    [Theory, MemberData(nameof(Sequences))]
    public void Items_are_encoded_as_they_are(bool isExplicit, bool itemsExplicit, bool isOpen, string representation)
    {
        byte[] inner = DicomSeed.Sequence(0x00081199, itemsExplicit, isOpen,
            [.. DicomSeed.Element(0x00081150, "UI", DicomSeed.Text("1.2.3"), itemsExplicit),
                .. DicomSeed.Element(0x00081155, "UI", DicomSeed.Text("1.2.3.4"), itemsExplicit)]);
        byte[] item = [.. DicomSeed.Element(0x00080100, "SH", DicomSeed.Text("code"), itemsExplicit), .. inner];
        AssertRead(new DicomSeed
        {
            Syntax = isExplicit ? Explicit : Implicit,
            Raw = [(0x00091010, DicomSeed.Sequence(0x00091010, representation, isExplicit, isOpen, item, [], item))],
        });
    }

    [Theory]
    [InlineData("\0\0")]
    [InlineData("??")]
    [InlineData("  ")]
    [InlineData("--")]
    [InlineData("ZZ")]
    public void An_unknown_representation_of_a_private_element_does_not_stop(string representation)
    {
        foreach (int length in (int[])[0, 2, 10])
            AssertRead(new DicomSeed
            {
                Raw =
                [
                    (0x00190010, DicomSeed.Element(0x00190010, "LO", DicomSeed.Text("MAKER"), true)),
                    (0x001910AA, DicomSeed.Element(0x001910AA, representation, new byte[length], true)),
                    (0x001910AB, DicomSeed.Element(0x001910AB, representation, new byte[length], true)),
                ],
            });
    }

    [Fact]
    public void A_new_representation_has_a_long_length() => AssertRead(new DicomSeed
    {
        Raw = [(0x00191001, [0x19, 0, 1, 0x10, (byte)'Q', (byte)'Q', 0, 0, 6, 0, 0, 0, 1, 2, 3, 4, 5, 6])],
    });

    [Fact]
    public void An_implicit_private_element_among_explicit_ones_does_not_stop() => AssertRead(new DicomSeed
    {
        Raw = [(0x00191001, DicomSeed.Element(0x00191001, "", new byte[300], isExplicit: false))],
    });

    [Fact]
    public void What_no_reading_fits_names_the_element()
    {
        string message = Refused(new DicomSeed { Class = Ct, Raw = [(0x00191001, [0x19, 0, 1, 0x10, 1, 2, 3, 4, 5, 6, 7, 8])] });
        Assert.Contains("the private element (0019,1001) has no valid value representation", message);
    }

    const string Ct = "1.2.840.10008.5.1.4.1.1.2";

    [Theory]
    [InlineData(Ct)]
    [InlineData(Ct + ".1")]
    [InlineData(Ct + ".2")]
    public void A_CT_class_serves_where_the_modality_is_empty(string uid)
    {
        AssertRead(new DicomSeed { Modality = "", Class = uid });
        Assert.Contains("2 images of other modalities", Refused(new DicomSeed { Modality = "", Class = "1.2.840.10008.5.1.4.1.1.4" }));
    }

    [Fact]
    public void Equal_instance_UIDs_at_different_places_are_different_images()
    {
        var seed = new DicomSeed { Instance = "1.1" };
        using VoxelVolume volume = Read(seed.At(0) with { Instance = "1.1" }, seed.At(1, 50) with { Instance = "1.1" });
        Assert.Equal(Expected, Values(volume));
        Assert.Empty(volume.Notes);
    }

    [Theory]
    [InlineData("A12")]
    [InlineData("")]
    [InlineData("12\\13")]
    [InlineData("99999999999999")]
    public void Instance_numbers_that_are_no_numbers_do_not_stop(string number) => AssertRead(new DicomSeed { Number = number });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void No_frames_are_one(int frames) => AssertRead(new DicomSeed { More = [(0x00280008, "IS", DicomSeed.Text($"{frames}"))] });

    [Fact]
    public void A_decimal_comma_is_a_point()
    {
        using VoxelVolume volume = Read(new DicomSeed { PixelSpacing = "0,5\\0,25" }.At(0),
            new DicomSeed { PixelSpacing = "0,5\\0,25" }.At(1));
        Assert.Equal((0.25, 0.5), (volume.Spacing.X, volume.Spacing.Y));
    }

    [Theory]
    [InlineData(true, -2000, null)]
    [InlineData(true, -2000, -1900)]
    [InlineData(true, -1900, -2000)]
    [InlineData(false, 63536, null)]
    [InlineData(true, 3000, 3100)]
    public void Padding_is_air(bool signed, int padding, int? limit)
    {
        var seed = new DicomSeed { Signed = signed, Intercept = signed ? 0 : -1024, Rows = 1, Columns = 3 };
        (uint, string, byte[])[] more = [(0x00280120, "US", seed.Short(padding)),
            .. limit is { } value ? [(0x00280121u, "US", seed.Short(value))] : ((uint, string, byte[])[])[]];
        int other = limit ?? padding, inside = (padding + other) / 2;
        using VoxelVolume volume = Read(seed.At(0) with { Pixels = [padding, other, 40], More = more },
            seed.At(1) with { Pixels = [inside, 100, -500], More = more });
        Assert.Equal(DataTypeOf(signed), volume.Type);
        double intercept = seed.Intercept;
        Assert.Equal([-1000.0, -1000, 40 + intercept, -1000, 100 + intercept, signed ? -500 : ushort.MaxValue - 499 + intercept],
            Values(volume));
        Assert.Equal(["3 padding values taken as air"], volume.Notes);

        static DataType DataTypeOf(bool signed) => signed ? DataType.I16 : DataType.U16;
    }

    [Fact]
    public void Padding_that_is_air_stays_and_air_that_does_not_fit_makes_floats()
    {
        var seed = new DicomSeed { Signed = false, Rows = 1, Columns = 2, More = [(0x00280120, "US", new DicomSeed().Short(0))] };
        using VoxelVolume air = Read(seed.At(0) with { Pixels = [0, 9] }, seed.At(1) with { Pixels = [3, 0] });
        Assert.Equal([-1024.0, -1015, -1021, -1024], Values(air));
        Assert.Empty(air.Notes);
        seed = seed with { Intercept = 0 };
        using VoxelVolume floats = Read(seed.At(0) with { Pixels = [0, 9] }, seed.At(1) with { Pixels = [3, 0] });
        Assert.Equal(DataType.F32, floats.Type);
        Assert.Equal([-1000.0, 9, 3, -1000], Values(floats));
    }

    [Fact]
    public void Damage_at_any_place_is_an_error_or_the_whole_image()
    {
        byte[] file = new DicomSeed { Nested = true, Class = Ct, Study = "1.1" }.At(0).ToBytes();
        byte[][] others = [.. Enumerable.Range(1, 3).Select(z => new DicomSeed { Class = Ct, Study = "1.1" }.At(z).ToBytes())];
        for (int length = 0; length < file.Length; length++)
        {
            DicomSource[] sources = [.. others.Prepend(file[..length]).Select((f, i) => DicomSource.FromBytes($"file{i}", f))];
            try
            {
                // Where nothing is known of it yet, a note tells of it.
                using VoxelVolume volume = DicomVolume.Read("folder", sources, new());
                Assert.True(length < DicomFile.PreambleLength || volume.Notes.Any(n => n.Contains("file0")), $"{length}");
            }
            catch (HseNetFileException e)
            {
                Assert.Equal("file0", e.File);
            }
        }
    }

    static void AssertRead(DicomSeed seed, Func<byte[], byte[]>? change = null)
    {
        DicomSeed[] seeds = [seed.At(0), seed.At(1, 50)];
        using VoxelVolume volume = DicomVolume.Read("folder",
            seeds.Select((s, i) => DicomSource.FromBytes($"file{i}", (change ?? (file => file))(s.ToBytes()))), new());
        Assert.Equal(Expected, Values(volume));
        Assert.Empty(volume.Notes);
    }

    static string Refused(DicomSeed seed) => Assert.Throws<HseNetFileException>(() => Read(seed.At(0), seed.At(1))).Message;

    static VoxelVolume Read(params DicomSeed[] files) =>
        DicomVolume.Read("folder", files.Select((f, i) => DicomSource.FromBytes($"file{i}", f.ToBytes())), new());
}
