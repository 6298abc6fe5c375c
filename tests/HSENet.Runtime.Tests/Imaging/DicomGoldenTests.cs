// The series of golden/data/dicom: each transfer syntax that can be read gives the same Hounsfield units, another one a helpful line.
using System.IO.Compression;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class DicomGoldenTests
{
    const string Folder = "data/dicom";

    static readonly GoldenTensor Expected = GoldenFolder.Tensors($"{Folder}/expected.safetensors")["hu_zyx"];

    static IEnumerable<string> Folders => Directory.EnumerateDirectories(GoldenFolder.At(Folder)).Select(f => Path.GetFileName(f)).Order();

    // JPEG 2000 is stored without expected values, because it needs a decoder of its own.
    public static TheoryData<string> Readable => [.. Folders.Where(f => f != "jpeg2000")];

    [Theory, MemberData(nameof(Readable))]
    public void A_folder_in_any_order_gives_the_expected_volume(string syntax)
    {
        using VoxelVolume volume = VolumeFile.Read(GoldenFolder.At($"{Folder}/{syntax}"));
        AssertExpected(volume);
        Assert.Empty(volume.Notes);
    }

    [Theory, MemberData(nameof(Readable))]
    public void The_slices_are_ordered_as_expected(string syntax)
    {
        DicomStack stack = DicomStack.Of(Directory.EnumerateFiles(GoldenFolder.At($"{Folder}/{syntax}"))
            .Select(f => DicomFile.Parse(File.ReadAllBytes(f), f).Images[0]), "");
        Assert.Equal(GoldenFolder.Json($"{Folder}/expected.json").GetProperty("files_by_z").EnumerateArray().Select(f => f.GetString()),
            stack.Images.Select(s => Path.GetFileName(s.File)));
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void A_zip_gives_the_same(CompressionLevel level)
    {
        using var folder = new TemporaryFolder();
        ZipFile.CreateFromDirectory(GoldenFolder.At($"{Folder}/explicit"), folder.At("series.zip"), level, includeBaseDirectory: true);
        using VoxelVolume volume = VolumeFile.Read(folder.At("series.zip"));
        AssertExpected(volume);
    }

    [Fact]
    public void A_pile_of_files_gives_the_same()
    {
        string[] files = Directory.GetFiles(GoldenFolder.At($"{Folder}/explicit"));
        using VoxelVolume volume = DicomVolume.Read("pile",
            files.Reverse().Append(GoldenFolder.At("tiny/setup.json")).Select(DicomSource.FromFile), new());
        AssertExpected(volume);
    }

    [Fact]
    public void A_compressed_series_names_its_syntax_and_the_switch()
    {
        string folder = GoldenFolder.At($"{Folder}/jpeg2000");
        string message = Assert.Throws<HseNetFileException>(() => VolumeFile.Read(folder)).Message;
        Assert.StartsWith(folder, message);
        Assert.Contains("JPEG 2000", message);
        Assert.Contains("1.2.840.10008.1.2.4.9", message);
        Assert.Contains("-p:UseFoDicom=true", message);
    }

    static void AssertExpected(VoxelVolume volume)
    {
        var facts = GoldenFolder.Json($"{Folder}/expected.json");
        IEnumerable<double> Numbers(string name) => [.. facts.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
        Assert.Equal((Expected.Shape[0], Expected.Shape[1], Expected.Shape[2]), (volume.Size.Z, volume.Size.Y, volume.Size.X));
        Assert.Equal(Numbers("spacing_xyz"), [volume.Spacing.X, volume.Spacing.Y, volume.Spacing.Z]);
        VolumeOrientation o = volume.Orientation!;
        Assert.Equal(Numbers("origin"), [o.Origin.X, o.Origin.Y, o.Origin.Z]);
        Assert.Equal(Numbers("direction"),
            [o.XAxis.X, o.YAxis.X, o.ZAxis.X, o.XAxis.Y, o.YAxis.Y, o.ZAxis.Y, o.XAxis.Z, o.YAxis.Z, o.ZAxis.Z]);
        var hounsfield = new double[volume.Count];
        volume.ToDoubles(0, hounsfield);
        Assert.Equal(Expected.Doubles(), hounsfield);
    }
}
