// Every file of golden/data/formats: the good ones hold what is expected, each bad one is refused with one line; and the CTs open.
using System.IO.Compression;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class FormatsGoldenTests
{
    const string Folder = "data/formats";

    static readonly Dictionary<string, GoldenTensor> Expected = GoldenFolder.Tensors($"{Folder}/expected.safetensors");

    public static TheoryData<string> Good => [.. Expected.Keys.Order()];

    // A stream has no image beside it.
    public static TheoryData<string> GoodSingle => [.. Expected.Keys.Where(f => !f.EndsWith(".hdr", StringComparison.Ordinal)).Order()];

    public static TheoryData<string> Bad =>
        [.. Directory.EnumerateFiles(GoldenFolder.At(Folder), "bad_*").Select(f => Path.GetFileName(f)).Order()];

    public static TheoryData<string> Scans =>
        [.. GoldenFolder.Json("preprocess/preprocess.json").EnumerateObject().Select(c => c.Name)
            .Where(c => GoldenFolder.Has($"data/{c}.nii.gz"))];

    [Theory, MemberData(nameof(Good))]
    public void Good_files_hold_what_is_expected(string file)
    {
        using VoxelVolume volume = VolumeFile.Read(GoldenFolder.At($"{Folder}/{file}"));
        AssertHolds(file, volume);
    }

    [Theory, MemberData(nameof(GoodSingle))]
    public void A_stream_that_cannot_seek_gives_the_same(string file)
    {
        using var stream = new ForwardStream(File.ReadAllBytes(GoldenFolder.At($"{Folder}/{file}")));
        using VoxelVolume volume = VolumeFile.Read(stream, file);
        AssertHolds(file, volume);
    }

    [Theory, MemberData(nameof(Bad))]
    public void Bad_files_are_refused_with_one_line(string file)
    {
        string path = GoldenFolder.At($"{Folder}/{file}");
        long before = GC.GetAllocatedBytesForCurrentThread();
        var error = Assert.Throws<HseNetFileException>(() => VolumeFile.Read(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * new FileInfo(path).Length + (1 << 20));
        Assert.StartsWith(path, error.Message);
        Assert.DoesNotContain('\n', error.Message);
        using var stream = new ForwardStream(File.ReadAllBytes(path));
        Assert.Throws<HseNetFileException>(() => VolumeFile.Read(stream, file));
    }

    [Theory]
    [InlineData("bad_empty.nii", "is empty")]
    [InlineData("bad_gzip.nii.gz", "truncated")]
    [InlineData("bad_header.npy", "header")]
    [InlineData("bad_huge_dims.nii", "30000 × 30000 × 30000")]
    [InlineData("bad_magic.nii", "not a NIfTI file")]
    [InlineData("bad_object.npy", "'|O'")]
    [InlineData("bad_truncated.nii", "truncated")]
    public void The_line_says_what_is_wrong(string file, string part) =>
        Assert.Contains(part, Assert.Throws<HseNetFileException>(() => VolumeFile.Read(GoldenFolder.At($"{Folder}/{file}"))).Message);

    [Theory, MemberData(nameof(Scans))]
    public void Scans_have_the_size_and_spacing_of_their_case(string scan)
    {
        var expected = GoldenFolder.Json("preprocess/preprocess.json").GetProperty(scan);
        using VoxelVolume volume = VolumeFile.Read(GoldenFolder.At($"data/{scan}.nii.gz"));
        Assert.Equal(expected.GetProperty("shape_xyz").EnumerateArray().Select(v => v.GetInt32()),
            [volume.Size.X, volume.Size.Y, volume.Size.Z]);
        Assert.Equal(expected.GetProperty("spacing_xyz").EnumerateArray().Select(v => v.GetDouble()),
            [volume.Spacing.X, volume.Spacing.Y, volume.Spacing.Z]);
        Assert.False(volume.IsPreprocessed);
        Assert.NotNull(volume.Orientation);
    }

    [Fact]
    public void Affine_and_quaternion_of_a_scan_say_the_same()
    {
        int compared = 0;
        foreach (string scan in (IEnumerable<string>)Scans)
        {
            using var stream = new GZipStream(File.OpenRead(GoldenFolder.At($"data/{scan}.nii.gz")), CompressionMode.Decompress);
            byte[] header = new byte[348];
            stream.ReadExactly(header);
            if (header[254] == 0)
                continue;
            // The quaternion is there; its code only says that nobody claims it.
            header[252] = 1;
            VolumeOrientation affine = NiftiGeometry.Of(NiftiHeader.Read(new MemoryStream(header), scan, out _), scan).Orientation!;
            header[254] = 0;
            VolumeOrientation quaternion = NiftiGeometry.Of(NiftiHeader.Read(new MemoryStream(header), scan, out _), scan).Orientation!;
            foreach ((PatientVector a, PatientVector q) in new[] { (affine.Origin, quaternion.Origin), (affine.XAxis, quaternion.XAxis),
                (affine.YAxis, quaternion.YAxis), (affine.ZAxis, quaternion.ZAxis) })
            {
                // The header's numbers are float32; a quaternion of them is a few roundings off.
                double allowed = 16 * Math.Pow(2, -24) * Math.Max(1, Math.Max(Math.Abs(a.X), Math.Max(Math.Abs(a.Y), Math.Abs(a.Z))));
                Assert.InRange(Math.Max(Math.Abs(a.X - q.X), Math.Max(Math.Abs(a.Y - q.Y), Math.Abs(a.Z - q.Z))), 0, allowed);
            }
            compared++;
        }
        Assert.True(compared > 0);
    }

    // The golden tensors have the axes of the array that NumPy shows: (x, y, z) for NIfTI, (depth, height, width) for .npy.
    static void AssertHolds(string file, VoxelVolume volume)
    {
        GoldenTensor expected = Expected[file];
        bool isNumpy = file.EndsWith(".npy", StringComparison.Ordinal);
        (int x, int y, int z) = volume.Size;
        Assert.Equal(expected.Shape, isNumpy ? [z, y, x] : [x, y, z]);
        Assert.Equal(isNumpy, volume.IsPreprocessed);
        var actual = new double[volume.Count];
        volume.ToDoubles(0, actual);
        float[] values = expected.Singles();
        for (int i = 0; i < values.Length; i++)
        {
            int place = isNumpy ? i : i % z * y * x + i / z % y * x + i / z / y;
            Assert.Equal(values[i], (float)actual[place]);
        }
        if (GoldenFolder.Json($"{Folder}/spacing.json").TryGetProperty(file, out var spacing))
            Assert.Equal(spacing.EnumerateArray().Select(v => v.GetDouble()), [volume.Spacing.X, volume.Spacing.Y, volume.Spacing.Z]);
        else
            Assert.True(isNumpy);
    }
}

/// <summary>A stream that only goes forward and gives what it has in small pieces, as a network does.</summary>
internal sealed class ForwardStream(byte[] content) : MemoryStream(content)
{
    public override bool CanSeek => false;

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, 37)]);

    public override long Length => throw new NotSupportedException();
}
