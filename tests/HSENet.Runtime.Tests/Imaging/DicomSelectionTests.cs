// What a folder's volume is made of: relevance before strictness, the choice of series and acquisition, missing slices and wide steps.
using System.IO.Compression;
using HSENet.Tests;
using static HSENet.Runtime.Tests.VoxelValues;

namespace HSENet.Runtime.Tests;

public sealed class DicomSelectionTests
{
    const string Ct = "1.2.840.10008.5.1.4.1.1.2", Capture = "1.2.840.10008.5.1.4.1.1.7";

    static readonly DicomSeed Seed = new() { Class = Ct, Study = "1.1", Rows = 2, Columns = 2, Intercept = 0 };

    static readonly double[] Coronal = [1, 0, 0, 0, 0, -1];

    public static TheoryData<string, byte[]> Others => new()
    {
        { "1 image of another modality than CT",
            (Seed with { Modality = "SEG", BitsAllocated = 1, BitsStored = 1, HighBit = 0, Pixels = [1, 0] })
            .ToBytes() },
        { "1 image of another modality than CT", Seed.At(0) is var seed ? (seed with { Modality = "OT" }).ToBytes()[..^5] : [] },
        { "1 image of another modality than CT", (Seed with { Modality = "OT", Meta = false }).ToBytes() },
        { "1 image of another modality than CT", (Seed with { Modality = "MR", PixelSpacing = "rubbish", Position = [1] }).ToBytes() },
        { "1 DICOM file that is no image", (Seed with { Modality = "RTPLAN", Class = "1.2.840.10008.5.1.4.1.1.481.5" }).ToBytes()[..400] },
        { "1 image in colour", (Seed with { Series = "9", Samples = 3 }).ToBytes() },
        { "1 damaged image of another series", (Seed with { Series = "9" }).At(0).ToBytes()[..^3] },
        { "1 damaged image of another series", (Seed with { Series = "9", BitsStored = 17 }).At(0).ToBytes() },
        { "1 damaged DICOM file (other)", [.. new byte[128], .. "DICM"u8, 2, 0, 0, 0, (byte)'U', (byte)'L', 4, 0, 9] },
        { "1 localizer", (Seed with { Series = "9", ImageType = "DERIVED\\SECONDARY\\LOCALIZER" }).ToBytes() },
        {
            "1 image in other units than Hounsfield's",
            (Seed with { Series = "9", More = [(0x00281054, "LO", DicomSeed.Text("MGML"))] }).ToBytes()
        },
        { "", [1, 2, 3] },
    };

    [Theory, MemberData(nameof(Others))]
    public void What_is_no_slice_of_the_series_is_left_out_and_noted(string said, byte[] other)
    {
        foreach (string? series in (string?[])[null, Seed.Series])
        {
            using VoxelVolume volume = DicomVolume.Read("folder", [DicomSource.FromBytes("other", other), .. Sources(Slices(Seed, 3))],
                new() { SeriesUid = series });
            Assert.Equal(3, volume.Size.Z);
            Assert.Equal(said.Length == 0 ? [] : [said + " left out"], volume.Notes);
        }
    }

    [Fact]
    public void A_damaged_slice_of_the_series_is_an_error()
    {
        DicomSource[] sources = [DicomSource.FromBytes("bad", (Seed.At(7) with { BitsStored = 17 }).ToBytes()),
            .. Sources(Slices(Seed, 3))];
        Assert.Equal("bad", Assert.Throws<HseNetFileException>(() => DicomVolume.Read("folder", sources, new())).File);
    }

    [Fact]
    public void A_missing_slice_is_said_with_what_was_left_out()
    {
        DicomSource[] sources = [DicomSource.FromBytes("bad", new DicomSeed { Modality = "" }.ToBytes()[..140]),
            .. Sources(Seed.At(0), Seed.At(1),
            Seed.At(3))];
        string message = Assert.Throws<HseNetFileException>(() => DicomVolume.Read("folder", sources, new())).Message;
        Assert.Contains("1 slice missing, 2 mm at the widest where slices are 1 mm apart; left out: 1 damaged DICOM file (bad)", message);
    }

    // Best first, with what each has: all are read together in either order.
    static (DicomSeed[] Better, DicomSeed[] Worse)[] Pairs =>
    [
        (Slices(Seed, 3), Slices(Seed with { Orientation = Coronal }, 8, along: 1)),
        (Slices(Seed, 4), Slices(Seed, 3)),
        (Slices(Seed, 4, step: 1), Slices(Seed, 4, step: 2)),
        (Slices(Seed, 3), Slices(Seed with { ImageType = "DERIVED\\SECONDARY\\REFORMATTED" }, 8)),
        (Slices(Seed, 3), Slices(Seed with { ImageType = "DERIVED\\SECONDARY\\AXIAL\\CSA MPR" }, 8)),
        (Slices(Seed, 3), Slices(Seed with { Class = Capture }, 8)),
        (Slices(Seed, 3), Slices(Seed with { ImageType = "DERIVED\\SECONDARY\\SCREEN SAVE" }, 8)),
        (Slices(Seed with { ImageType = "DERIVED\\SECONDARY\\MPR" }, 3), [.. Enumerable.Range(1, 9).Select(i => Seed.At(0) with
            { Instance = $"1.{i}", Number = $"{i}", Time = $"12000{i}" })]),
    ];

    [Fact]
    public void The_better_series_is_taken_and_the_other_is_named()
    {
        foreach (var ((better, worse), uid) in Pairs.SelectMany(pair => (string[])["1", "3"], (pair, uid) => (pair, uid)))
        {
            DicomSeed[] files = [.. better.Select(f => f with { Series = "2" }), .. worse.Select(f => f with { Series = uid })];
            using VoxelVolume volume = Read(new(), files);
            Assert.Equal("2", volume.DicomImages[0].SeriesUid);
            string note = Assert.Single(volume.Notes);
            Assert.StartsWith("one of 2 CT series taken: 2 (", note);
            Assert.Contains($"; the others: {uid} (", note);
            Assert.Equal([("2", true), (uid, false)], volume.DicomSeries.Select(series => (series.Uid, series.IsTaken)));
        }
    }

    [Fact]
    public void Axial_slices_of_a_series_are_taken_before_more_others()
    {
        using VoxelVolume volume = Read(new(), [.. Slices(Seed with { Orientation = Coronal }, 8, along: 1).Select(s => s with
            { Instance = "2" + s.Instance }), .. Slices(Seed, 3)]);
        Assert.Equal(3, volume.Size.Z);
        Assert.Equal(["8 images of another size or orientation left out"], volume.Notes);
    }

    [Fact]
    public void Several_studies_are_told()
    {
        DicomSeed[] files = [.. Slices(Seed with { Study = "1.7", Series = "7" }, 3),
            .. Slices(Seed with { Study = "1.8", Series = "8" }, 4)];
        using VoxelVolume volume = Read(new(), files);
        Assert.Equal("8", volume.DicomImages[0].SeriesUid);
        Assert.Contains("one of 2 CT series of 2 studies taken: study 2: 8 (4 axial slices of 1 mm); the others: study 1: 7 (3 ",
            Assert.Single(volume.Notes));
        Assert.Contains("holds 2 studies: 8 (", Refused(new() { RefusesSeveralStudies = true }, files));
        using VoxelVolume asked = Read(new() { RefusesSeveralStudies = true, SeriesUid = "7" }, files);
        Assert.Equal(3, asked.Size.Z);
    }

    [Fact]
    public void Patients_whose_studies_were_given_one_UID_are_never_mixed()
    {
        (uint, string, byte[])[] Patient(string number) => [(0x00100020, "LO", DicomSeed.Text(number))];
        DicomSeed[] files = [.. Slices(Seed with { More = Patient("Secret1") }, 3),
            .. Slices(Seed with { More = Patient("Secret2") }, 4, first: 3)];
        using VoxelVolume volume = Read(new(), files);
        Assert.Equal(4, volume.Size.Z);
        Assert.DoesNotContain("Secret", Assert.Single(volume.Notes));
        Assert.Equal(2, volume.DicomSeries.Max(series => series.Study));
    }

    [Fact]
    public void Entries_of_a_zip_that_cannot_be_read_or_are_there_twice_do_not_stop()
    {
        using var folder = new TemporaryFolder();
        using (var zip = ZipFile.Open(folder.At("a.zip"), ZipArchiveMode.Create))
            foreach (string name in (string[])["0.dcm", "1.dcm", "2.dcm", "1.dcm", "other.txt"])
            {
                using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(name == "other.txt" ? new byte[500] : Seed.At(name[0] - '0').ToBytes());
            }
        byte[] file = File.ReadAllBytes(folder.At("a.zip"));
        // The method of the last entry: LZMA.
        int directory = file.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        file[directory + 10] = 14;
        using VoxelVolume volume = VolumeFile.Read(folder.Write("a.zip", file));
        Assert.Equal(3, volume.Size.Z);
        Assert.Contains("1 file that cannot be read (", Assert.Single(volume.Notes));
        Assert.Contains("other.txt), 1 copy of an image left out", volume.Notes[0]);
    }

    // Two acquisitions at the same places, told apart by one mark.
    static readonly Dictionary<string, Func<DicomSeed, int, int, DicomSeed>> Marks = new()
    {
        { "acquisition 1", (slice, which, _) => slice with { Acquisition = which + 1 } },
        { "acquisition 7", (slice, which, _) => slice with { Acquisition = 3 * which + 7, Time = "120000" } },
        { "phase 1", (slice, which, _) => slice with { More = [(0x00200100, "IS", DicomSeed.Text($"{which + 1}"))] } },
        { "kind 1", (slice, which, _) => slice with { ImageType = $"ORIGINAL\\PRIMARY\\AXIAL\\{(which == 0 ? "A" : "B")}" } },
        { "reconstruction 1", (slice, which, _) => slice with { More = [(0x00181210, "SH", DicomSeed.Text($"B{3 + which}0f"))] } },
        { "reconstruction 1 ", (slice, which, _) => slice with { More = [(0x00180050, "DS", DicomSeed.Text($"{1 + which}.25"))] } },
        { "round 1  ", (slice, which, i) =>
            slice with { Time = "120000", More = [(0x00080033, "TM", DicomSeed.Text($"12{which}00{i}"))] } },
        { "time 1", (slice, which, _) => slice with { Time = which == 0 ? "120000.5" : "120100" } },
        { "round 1", (slice, which, i) => slice with { Time = $"12{which}00{i}" } },
        { "round 1 ", (slice, which, i) => slice with { Number = $"{1 + i + 20 * which}" } },
    };

    public static TheoryData<string> Named => [.. Marks.Keys];

    [Theory, MemberData(nameof(Named))]
    public void Acquisitions_at_the_same_places_are_never_mixed(string name)
    {
        var mark = Marks[name];
        DicomSeed[] files = [.. Enumerable.Range(0, 10).Select(n => (Slice: n / 2, Which: n % 2)).Select(n =>
            mark(Seed.At(n.Slice, 10 * n.Slice + 1000 * n.Which), n.Which, n.Slice) with { Instance = $"1.{n.Slice}.{n.Which}" })];
        using VoxelVolume volume = Read(new(), files);
        Assert.Equal([0.0, 10, 20, 30, 40], Values(volume).Where((_, i) => i % 4 == 0));
        Assert.StartsWith("2 acquisitions in the series: ", Assert.Single(volume.Notes));
        Assert.EndsWith($"; {name.Trim()} taken", volume.Notes[0]);
        int second = files[1].Acquisition ?? 2;
        using VoxelVolume asked = Read(new() { Acquisition = second }, [.. files.Reverse()]);
        Assert.Equal([1000.0, 1010, 1020, 1030, 1040], Values(asked).Where((_, i) => i % 4 == 0));
        Assert.Contains("holds no acquisition 40; expected one of the 2 of the series: ", Refused(new() { Acquisition = 40 }, files));
    }

    [Fact]
    public void The_acquisition_with_more_slices_is_taken()
    {
        DicomSeed[] files = [.. Slices(Seed with { Acquisition = 1 }, 4),
            .. Slices(Seed with { Acquisition = 2 }, 6).Select(slice => slice with
            { Instance = slice.Instance + ".2", Pixels = [9, 9, 9, 9] })];
        using VoxelVolume volume = Read(new(), files);
        Assert.All(Values(volume), value => Assert.Equal(9, value));
    }

    [Fact]
    public void Acquisitions_between_each_other_or_far_apart_are_two()
    {
        DicomSeed[] between = [.. Slices(Seed with { Acquisition = 1 }, 5), .. Slices(Seed with { Acquisition = 2 }, 4, first: 0.5)];
        DicomSeed[] apart = [.. Slices(Seed with { Acquisition = 1 }, 5), .. Slices(Seed with { Acquisition = 2 }, 4, first: 300)];
        foreach (DicomSeed[] files in (DicomSeed[][])[between, apart])
        {
            using VoxelVolume volume = Read(new(), files);
            Assert.Equal((5, 1.0), (volume.Size.Z, volume.Spacing.Z));
            Assert.Contains("acquisition 1 taken", Assert.Single(volume.Notes));
        }
    }

    [Fact]
    public void Blocks_of_one_scan_are_one_volume()
    {
        // Step and shoot: a number for each slice, or each block of slices.
        foreach (int block in (int[])[1, 4])
        {
            using VoxelVolume volume = Read(new(),
                [.. Enumerable.Range(0, 16).Select(z => Seed.At(z) with { Acquisition = 1 + z / block })]);
            Assert.Equal(16, volume.Size.Z);
            Assert.Empty(volume.Notes);
        }
    }

    [Fact]
    public void Images_that_nothing_tells_apart_are_refused()
    {
        DicomSeed[] files = [.. Slices(Seed, 3),
            .. Slices(Seed, 3).Select(s => s with { Instance = s.Instance + ".2", Pixels = [9, 8, 7, 6] })];
        Assert.Contains("holds 6 different images at 3 places in one series", Refused(new(), files));
        DicomSeed[] copies = [.. Slices(Seed, 3), .. Slices(Seed, 3).Select(s => s with { Instance = s.Instance + ".2" })];
        using VoxelVolume volume = Read(new(), copies);
        Assert.Equal(["3 copies of images left out"], volume.Notes);
    }

    [Fact]
    public void A_wider_step_with_complete_numbers_is_no_gap()
    {
        double[] places = [0, 2.5, 5, 7.5, 15, 22.5];
        foreach (int direction in (int[])[1, -1])
        {
            DicomSeed[] files = [.. places.Select((z, i) => Seed.At(z, (int)(10 * z)) with { Number = $"{20 + direction * i}" })];
            using VoxelVolume volume = Read(new(), files);
            Assert.Equal("6 axial slices of 2.5 to 7.5 mm", Assert.Single(volume.DicomSeries).Description);
            SliceGrid grid = SliceGrid.Of(volume)!;
            Assert.Equal(["uneven slices, 2.5 to 7.5 mm apart: resampled to 2.5 mm"], grid.Notes);
            using VoxelVolume even = SliceResampling.Apply(volume, grid, -1000, new());
            Assert.Equal(Enumerable.Range(0, 10).Select(i => 25.0 * i), Values(even).Where((_, i) => i % 4 == 0));
            // A number is missing where the step is wide.
            files[5] = files[5] with { Number = $"{20 + direction * 7}" };
            Assert.Contains("2 slices missing, 7.5 mm at the widest", Refused(new(), files));
        }
        // Without numbers, nothing says that the series is complete.
        Assert.Contains("missing", Refused(new(), [.. places.Select(z => Seed.At(z))]));
    }

    static DicomSeed[] Slices(DicomSeed seed, int count, double step = 1, double first = 0, int along = 2) =>
        [.. Enumerable.Range(0, count).Select(i => seed.At(first + i * step) with
        {
            Position = [.. seed.Position.Select((value, axis) => axis == along ? first + i * step : value)]
        })];

    static IEnumerable<DicomSource> Sources(params DicomSeed[] files) =>
        files.Select((f, i) => DicomSource.FromBytes($"file{i}", f.ToBytes()));

    static VoxelVolume Read(VolumeReadOptions options, params DicomSeed[] files) => DicomVolume.Read("folder", Sources(files), options);

    static string Refused(VolumeReadOptions options, params DicomSeed[] files) =>
        Assert.Throws<HseNetFileException>(() => Read(options, files)).Message;
}
