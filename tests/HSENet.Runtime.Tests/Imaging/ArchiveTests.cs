// Scans in zips and folders: found by content, whatever they are called and however deep they lie.
using System.IO.Compression;
using System.Text;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ArchiveTests : IDisposable
{
    static readonly byte[] Nifti = VolumeSeeds.Nifti(5, 4, 3);
    static readonly byte[] Pointer = Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static (string, byte[])[] Slices(string prefix = "", string series = "1.2.3") =>
        [.. Enumerable.Range(0, 3).Select(z => ($"{prefix}IM{z}", new DicomSeed { Series = series }.At(z).ToBytes()))];

    [Fact]
    public void A_stream_that_must_be_kept_whole_is_refused_by_what_it_is_when_it_goes_on()
    {
        byte[] zip = ArchiveSeeds.Zip(CompressionLevel.NoCompression, ("a.nii", Nifti));
        var little = new VolumeReadOptions { MostKept = zip.Length - 1 };
        string message = Assert.Throws<HseNetFileException>(() => VolumeFile.Read(new MemoryStream(zip), "upload", little)).Message;
        Assert.Equal($"upload: holds more than is kept in memory of a zip or DICOM file that comes as a stream; expected at most "
            + $"{zip.Length - 1} bytes", message);
        VolumeFile.Read(new MemoryStream(zip), "upload", little with { MostKept = zip.Length }).Dispose();
        Assert.Throws<OperationCanceledException>(() => VolumeFile.Read(new MemoryStream(zip), "upload", new VolumeReadOptions
        {
            Cancellation = new CancellationToken(true),
        }));
    }

    public static TheoryData<string> Kinds => ["nifti", "nifti.gz", "pair", "npz", "dicom", "zip in zip", "four deep", "beside others"];

    static byte[] Archive(string kind) => kind switch
    {
        "nifti" => ArchiveSeeds.Zip(("a/scan.nii", Nifti)),
        "nifti.gz" => ArchiveSeeds.Zip(("SCAN.NII.GZ", VolumeSeeds.Gzip(Nifti))),
        "pair" => ArchiveSeeds.Zip(("a.IMG.gz", VolumeSeeds.Gzip(VolumeSeeds.Pair(5, 4, 3).Image)),
            ("A.hdr", VolumeSeeds.Pair(5, 4, 3).Header)),
        "npz" => ArchiveSeeds.Zip(("arr_0.npy", ArchiveSeeds.Npy(3, 4, 5))),
        "dicom" => ArchiveSeeds.Zip(Slices()),
        "zip in zip" => ArchiveSeeds.Zip(("export/study.zip", ArchiveSeeds.Zip(Slices("x/")))),
        "four deep" => ArchiveSeeds.Zip(("1", ArchiveSeeds.Zip(("2", ArchiveSeeds.Zip(("3", ArchiveSeeds.Zip(("4", Nifti)))))))),
        _ => ArchiveSeeds.Zip([("README.html", "<html>"u8.ToArray()), ("__MACOSX/._scan.nii", [0, 5, 0x16, 7, 0, 2, 0, 0]),
            ("Thumbs.db", [0xD0, 0xCF, 0x11, 0xE0]), ("scan.nii", Nifti), ("plan.dcm", new DicomSeed { Modality = "RTPLAN" }.ToBytes())]),
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_scan_is_read_from_a_zip_and_from_a_folder_of_the_same_files(string kind)
    {
        byte[] zip = Archive(kind);
        using VoxelVolume volume = VolumeFile.Read(_folder.Write("scan.zip", zip));
        Assert.Equal(kind is "dicom" or "zip in zip" ? (4, 3, 3) : (5, 4, 3), volume.Size);
        Directory.CreateDirectory(_folder.At("files"));
        ZipFile.ExtractToDirectory(_folder.At("scan.zip"), _folder.At("files"));
        using VoxelVolume again = VolumeFile.Read(_folder.At("files"));
        Assert.Equal(VoxelValues.Values(volume), VoxelValues.Values(again));
    }

    [Fact]
    public void One_of_several_is_named_behind_the_archive()
    {
        string npz = _folder.Write("two.npz",
            ArchiveSeeds.Zip(("image.npy", ArchiveSeeds.Npy(3, 4, 5)), ("mask.npy", ArchiveSeeds.Npy(2, 2, 2))));
        string message = Assert.Throws<HseNetFileException>(() => VolumeFile.Read(npz)).Message;
        Assert.Contains("holds 2 scans or arrays: image.npy, mask.npy; expected one, or the name", message);
        using VoxelVolume mask = VolumeFile.Read(npz + "/mask");
        Assert.Equal((2, 2, 2), mask.Size);
        Assert.Contains("holds no scan 'label'; expected one of what it holds: image.npy, mask.npy",
            Assert.Throws<HseNetFileException>(() => VolumeFile.Read(npz + "/label")).Message);
        string zip = _folder.Write("patients.zip", ArchiveSeeds.Zip([.. Slices("a/"), .. Slices("b/", "9")[..2]]));
        using VoxelVolume study = VolumeFile.Read(zip + "/b");
        Assert.Equal(2, study.Size.Z);
        string nested = _folder.Write("nested.zip", ArchiveSeeds.Zip(("x.zip", ArchiveSeeds.Zip(("a.nii", Nifti), ("b.nii", Nifti)))));
        using VoxelVolume inner = VolumeFile.Read(nested + "/x.zip/b.nii");
        Assert.Equal((5, 4, 3), inner.Size);
        Assert.Contains("no such file", Assert.Throws<HseNetFileException>(() => VolumeFile.Read(_folder.At("none.zip/a"))).Message);
    }

    [Fact]
    public void Arrays_that_are_no_volume_are_left_out_with_a_note()
    {
        using VoxelVolume volume = VolumeFile.Read(_folder.Write("a.npz", ArchiveSeeds.Zip(
            ("affine.npy", ArchiveSeeds.Npy(4, 4)), ("image.npy", ArchiveSeeds.Npy(1, 3, 4, 5)), ("spacing.npy", ArchiveSeeds.Npy(3)))));
        Assert.Equal((5, 4, 3), volume.Size);
        Assert.Equal("image.npy taken, which alone is a volume; the other arrays left out: affine.npy, spacing.npy",
            Assert.Single(volume.Notes));
    }

    [Fact]
    public void A_zip_of_volumes_is_several_studies()
    {
        string zip = _folder.Write("scans.zip", ArchiveSeeds.Zip(("a.nii", Nifti), ("deep/b.nii", Nifti)));
        Assert.Equal([(zip + "/a.nii", "a.nii"), (zip + "/deep/b.nii", "deep/b.nii")],
            DicomStudies.InFile(zip).Select(study => (study.Path, study.Name)));
        // Of two scans in one file each has a key of its own.
        Assert.NotEqual(VolumeCache.Key(zip + "/a.nii"), VolumeCache.Key(zip + "/deep/b.nii"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_stream_may_hold_what_a_file_may(string kind)
    {
        byte[] zip = Archive(kind);
        using VoxelVolume volume = VolumeFile.Read(_folder.Write("scan.zip", zip));
        using VoxelVolume streamed = VolumeFile.Read(new ForwardStream(zip), "scan.zip");
        Assert.Equal(VoxelValues.Values(volume), VoxelValues.Values(streamed));
    }

    [Fact]
    public void A_stream_may_hold_a_dicom_file_of_several_frames()
    {
        byte[] enhanced = DicomMultiFrameTests.Enhanced(DicomTransferSyntax.ExplicitLittleEndian, [0, 1, 2], isOpen: true,
            itemsExplicit: true).ToBytes();
        foreach (byte[] content in (byte[][])[enhanced, VolumeSeeds.Gzip(enhanced)])
        {
            using VoxelVolume volume = VolumeFile.Read(new ForwardStream(content), "scan");
            Assert.Equal(3, volume.Size.Z);
        }
    }

    [Theory]
    [InlineData("NRRD0004\n", "an NRRD volume")]
    [InlineData("ObjectType = Image\n", "a MetaImage header")]
    [InlineData("\u0089PNG\r\n\u001a\n", "a PNG picture")]
    [InlineData("%PDF-1.4\n", "a PDF document")]
    [InlineData("7z\u00bc\u00af", "a 7-Zip archive")]
    public void A_file_of_another_format_is_named(string start, string name)
    {
        string path = _folder.Write("scan.nii", Encoding.Latin1.GetBytes(start.PadRight(300)));
        Assert.Contains($"scan.nii: is {name}; expected NIfTI", Assert.Throws<HseNetFileException>(() => VolumeFile.Read(path)).Message);
    }

    [Theory]
    [InlineData("<html><body>", "1 file of other content (a), among them a web page")]
    [InlineData("something", "1 file of other content (a)")]
    [InlineData("version https://git-lfs.github.com/spec/v1\n", "a: is a Git LFS pointer")]
    public void What_holds_no_scan_says_what_it_holds(string content, string part)
    {
        string zip = _folder.Write("a.zip", ArchiveSeeds.Zip(("a", Encoding.ASCII.GetBytes(content))));
        Assert.Contains(part, Assert.Throws<HseNetFileException>(() => VolumeFile.Read(zip)).Message);
        _folder.Write("folder/a", Encoding.ASCII.GetBytes(content));
        Assert.Contains(part, Assert.Throws<HseNetFileException>(() => VolumeFile.Read(_folder.At("folder"))).Message);
    }

    [Fact]
    public void Pointers_among_slices_are_noted_and_named_where_a_slice_is_missing()
    {
        foreach ((string name, byte[] content) in Slices())
            _folder.Write($"study/{name}", content);
        _folder.Write("study/IM3", Pointer);
        using (VoxelVolume volume = VolumeFile.Read(_folder.At("study")))
            Assert.Contains("1 Git LFS pointer instead of a file (", Assert.Single(volume.Notes));
        _folder.Write("study/IM4", new DicomSeed().At(4).ToBytes());
        Assert.Contains("1 slice missing, 2 mm at the widest where slices are 1 mm apart; left out: 1 Git LFS pointer",
            Assert.Throws<HseNetFileException>(() => VolumeFile.Read(_folder.At("study"))).Message);
        foreach (string file in Directory.GetFiles(_folder.At("study")))
            File.WriteAllBytes(file, Pointer);
        Assert.Contains("is a Git LFS pointer, not the file",
            Assert.Throws<HseNetFileException>(() => VolumeFile.Read(_folder.At("study"))).Message);
    }

    // Slices name one; so does the header of this NIfTI file.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_message_and_no_note_names_the_patient(string kind)
    {
        byte[] named = [.. Nifti];
        foreach (int offset in (int[])[14, 148, 228])
            "Secret^Patient"u8.CopyTo(named.AsSpan(offset));
        byte[] zip = ArchiveSeeds.Zip(CompressionLevel.NoCompression, ("inside", Archive(kind)), ("scan.nii", named));
        for (int damaged = 0; damaged < zip.Length; damaged += 7)
        {
            byte[] copy = [.. zip];
            copy[damaged] ^= 0x55;
            string said;
            try
            {
                using ScanContents contents = ScanContents.OfZip(FileBytes.FromArray("a.zip", copy));
                using VoxelVolume volume = contents.Read(new());
                said = string.Join("\n", volume.Notes);
            }
            catch (HseNetFileException e)
            {
                said = e.ToString();
            }
            Assert.DoesNotContain("Secret", said);
        }
    }

    [Fact]
    public void A_changed_bit_in_a_zip_is_noticed()
    {
        foreach (byte[] scan in (byte[][])[Nifti, ArchiveSeeds.Npy(3, 4, 5)])
        {
            byte[] zip = ArchiveSeeds.Zip(CompressionLevel.NoCompression, ("a", scan));
            zip[zip.AsSpan().IndexOf(scan) + scan.Length - 1] ^= 1;
            Assert.Contains("damaged", Assert.Throws<HseNetFileException>(() => VolumeFile.Read(_folder.Write("a.zip", zip))).Message);
        }
    }

    [Fact]
    public void Archives_that_unpack_without_end_are_not_unpacked()
    {
        byte[] zeros = ArchiveSeeds.Zip(("zeros.zip", [.. "PK\u0003\u0004"u8, .. new byte[4 << 20]]));
        byte[] zip = ArchiveSeeds.Zip(("a.zip", [.. zeros, .. new byte[1 << 20]]), ("b.zip", zeros));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<HseNetFileException>(() => VolumeFile.Read(_folder.Write("bomb.zip", ArchiveSeeds.Zip(("c.zip", zip)))));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Theory]
    [InlineData("SCAN.HDR", "SCAN.IMG")]
    [InlineData("fsl.hdr.gz", "fsl.img.gz")]
    [InlineData("mix.HDR", "mix.img")]
    [InlineData("mix.hdr", "mix.IMG.GZ")]
    [InlineData("Scan.hdr.gz", "sCAN.img")]
    [InlineData("with.dots.hdr", "with.dots.img")]
    public void Either_member_of_a_pair_names_it(string headerName, string imageName)
    {
        var (header, image) = VolumeSeeds.Pair(5, 4, 3);
        string[] paths = [_folder.Write(headerName, Packed(headerName, header)), _folder.Write(imageName, Packed(imageName, image))];
        _folder.Write("other.img", [1, 2, 3]);
        foreach (string path in paths)
        {
            using VoxelVolume volume = VolumeFile.Read(path);
            Assert.Equal((5, 4, 3), volume.Size);
        }
        Assert.All(paths, path => Assert.Equal(2, VolumeCache.State(path).Count())); // a change of either is one of the scan

        static byte[] Packed(string name, byte[] content) =>
            name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? VolumeSeeds.Gzip(content) : content;
    }

    [Fact]
    public void Pairs_whose_names_differ_in_case_alone_are_not_mixed()
    {
        foreach ((string name, short z) in ((string, short)[])[("scan", 3), ("SCAN", 2)])
        {
            var (header, image) = VolumeSeeds.Pair(5, 4, z);
            _folder.Write(name + ".hdr", header);
            _folder.Write(name + ".img", image);
        }
        foreach ((string name, short z) in ((string, short)[])[("scan.hdr", 3), ("scan.img", 3), ("SCAN.hdr", 2), ("SCAN.img", 2)])
        {
            using VoxelVolume volume = VolumeFile.Read(_folder.At(name));
            Assert.Equal(z, volume.Size.Z);
        }
    }
}
