// Every reader of scans, and what is done to them then, against random damage.
using System.IO.Compression;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class ScanFileMutationTests
{
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
        Mutations.CheckInFolder([both], (folder, file) =>
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
            VoxelVolume placed = plan.Apply(scan, new());
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
        byte[][] others = [.. Enumerable.Range(0, 4).Select(i => (seed with { Acquisition = i % 2 }).At(i / 2 * 2, i).ToBytes())];
        byte[] items = DicomSeed.Sequence(0x00091010, "UN", true, true, DicomSeed.Element(0x00080100, "SH", DicomSeed.Text("code"), true));
        Mutations.Check([.. ((DicomSeed[])
        [
            implicitly with { Preamble = false, Meta = false }, seed with { RealSyntax = DicomTransferSyntax.ImplicitLittleEndian },
            implicitly with { RealSyntax = DicomTransferSyntax.ExplicitLittleEndian, Modality = "" },
            seed with { Raw = [(0x00091010, items), (0x001910AA, DicomSeed.Element(0x001910AA, "\0\0", [1, 2], true))] },
            seed with { More = [(0x00280120, "US", seed.Short(3)), (0x00280121, "US", seed.Short(9))], BitsStored = 12, HighBit = 15 },
        ]).Select(s => s.At(1).ToBytes())], file => ReadPlaced([file, .. others], allowGaps: true));
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
        using VoxelVolume even = SliceResampling.Apply(volume, grid, -1000, new());
        Assert.InRange(even.Count, 1, 100 * volume.Count);
    }

    static byte[] Golden(string file) => File.ReadAllBytes(GoldenFolder.At(file));

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
