// NIfTI and NumPy beyond the golden files: orientation, limits, headers that lie, writing.
using System.Buffers.Binary;
using System.Text;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class VolumeFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Written_arrays_are_read_back()
    {
        float[] values = [.. Enumerable.Range(0, 24).Select(i => i * 0.5f)];
        NumpyFile.Write(_folder.At("v.npy"), values, 1, 2, 3, 4);
        Assert.Equal(0, (new FileInfo(_folder.At("v.npy")).Length - 24 * 4) % 64);
        using VoxelVolume volume = VolumeFile.Read(_folder.At("v.npy"));
        Assert.Equal((4, 3, 2), volume.Size);
        var actual = new double[24];
        volume.ToDoubles(0, actual);
        Assert.Equal(values.Select(v => (double)v), actual);
        Assert.Single(Directory.EnumerateFiles(_folder.Path));
        Assert.Throws<ArgumentException>(() => NumpyFile.Write(_folder.At("w.npy"), values, 5, 5));
    }

    [Fact]
    public void Voxels_in_memory_become_a_volume()
    {
        using VoxelVolume volume = VoxelVolume.FromVoxels<short>([0, 1, 2, 3], (2, 2, 1), (0.5, 0.5, 2), 2, -1000);
        var actual = new double[2];
        volume.ToDoubles(2, actual);
        Assert.Equal([-996.0, -994.0], actual);
        Assert.Throws<ArgumentOutOfRangeException>(() => volume.ToDoubles(3, actual));
        Assert.Throws<ArgumentException>(() => VoxelVolume.FromVoxels<short>([1], (2, 1, 1), (1, 1, 1)));
        Assert.Throws<ArgumentException>(() => VoxelVolume.FromVoxels<short>([1], (1, 1, 1), (0, 1, 1)));
        Assert.Throws<ArgumentException>(() => VoxelVolume.FromVoxels<char>("x", (1, 1, 1), (1, 1, 1)));
        volume.Dispose();
        Assert.Throws<ObjectDisposedException>(() => volume.ToDoubles(0, actual));
    }

    [Fact]
    public void The_range_of_a_volume_is_that_of_its_finite_values()
    {
        Check<short>(short.MinValue, short.MaxValue);
        Check<ushort>(0, ushort.MaxValue);
        Check<byte>(3, 250);
        Check<sbyte>(-128, 127);
        Check<int>(int.MinValue, int.MaxValue);
        Check<ulong>(5, 1UL << 52);
        Check<Half>(-100, 1000);
        Check<float>(-1e30, 1e30);
        Check<double>(-1e300, 1e300);
        using VoxelVolume gaps = VoxelVolume.FromVoxels<float>([float.NaN, 3, float.PositiveInfinity, -2], (2, 2, 1), (1, 1, 1), -2, 1);
        Assert.Equal((-5, 5), gaps.Range());
        using VoxelVolume none = VoxelVolume.FromVoxels<float>([float.NaN], (1, 1, 1), (1, 1, 1));
        Assert.Null(none.Range());

        // The extremes at every place, among values between them.
        static void Check<T>(double low, double high) where T : unmanaged, System.Numerics.INumberBase<T>
        {
            var voxels = new T[131];
            for (int place = 0; place < voxels.Length; place += 13)
            {
                Array.Fill(voxels, T.CreateTruncating(7));
                (voxels[place], voxels[^(1 + place / 2)]) = (T.CreateTruncating(low), T.CreateTruncating(high));
                using VoxelVolume volume = VoxelVolume.FromVoxels<T>(voxels, (131, 1, 1), (1, 1, 1));
                double[] values = VoxelValues.Values(volume);
                Assert.Equal((values.Min(), values.Max()), volume.Range());
            }
        }
    }

    [Fact]
    public void Orientation_comes_from_the_affine_and_else_from_the_quaternion()
    {
        byte[] nifti = Nifti(2, 2, 2);
        Assert.Null(Read(nifti).Orientation);
        Put16(nifti, 252, 1); // qform: no rotation, offset 10, 20, 30
        Put(nifti, 268, 10f, 20f, 30f);
        var identity = new VolumeOrientation(new(-10, -20, 30), new(-1, 0, 0), new(0, -1, 0), new(0, 0, 1));
        Assert.Equal(identity, Flat(Read(nifti).Orientation!));
        Put16(nifti, 254, 1); // sform: x to the left and y to the back, z 3 mm apart
        Put(nifti, 280, -2f, 0f, 0f, 5f, 0f, -2f, 0f, 6f, 0f, 0f, 3f, 7f);
        Assert.Equal(new VolumeOrientation(new(-5, -6, 7), new(1, 0, 0), new(0, 1, 0), new(0, 0, 1)), Flat(Read(nifti).Orientation!));
        Put(nifti, 280, float.NaN);
        Assert.Equal(identity, Flat(Read(nifti).Orientation!)); // the qform again, with a note
        Assert.Contains("is no orientation", Assert.Single(Read(nifti).Notes));

        // Zeros may be negative, which records take for a difference.
        static VolumeOrientation Flat(VolumeOrientation o) => new(Plus(o.Origin), Plus(o.XAxis), Plus(o.YAxis), Plus(o.ZAxis));
        static PatientVector Plus(PatientVector v) => new(v.X + 0.0, v.Y + 0.0, v.Z + 0.0);
    }

    [Theory]
    [InlineData(0f, 7f, 1.0, 0.0)]
    [InlineData(float.NaN, 7f, 1.0, 0.0)]
    [InlineData(0.5f, -1024f, 0.5, -1024.0)]
    public void Scaling_of_zero_or_nan_is_none(float slope, float intercept, double expectedSlope, double expectedIntercept)
    {
        byte[] nifti = Nifti(2, 2, 2);
        Put(nifti, 112, slope, intercept);
        VoxelVolume volume = Read(nifti);
        Assert.Equal((expectedSlope, expectedIntercept), (volume.Slope, volume.Intercept));
    }

    [Theory]
    [InlineData(-1, 2, 2, "at least 1")]
    [InlineData(0, 2, 2, "at least 1")]
    [InlineData(32767, 32767, 32767, "truncated")]
    public void Sizes_are_checked_before_memory_is_taken(short x, short y, short z, string part)
    {
        byte[] nifti = Nifti(2, 2, 2);
        Put16(nifti, 42, x);
        Put16(nifti, 44, y);
        Put16(nifti, 46, z);
        var huge = new VolumeReadOptions { MaximumBytes = long.MaxValue };
        Assert.Contains(part, Assert.Throws<HseNetFileException>(() => VolumeFile.Read(new MemoryStream(nifti), "scan", huge)).Message);
        // Compressed, nothing tells the size beforehand: memory grows with the data only.
        Assert.Contains(part, Assert.Throws<HseNetFileException>(() => VolumeFile.Read(new MemoryStream(Gzip(nifti)), "scan", huge))
            .Message);
    }

    [Fact]
    public void A_volume_above_the_memory_limit_is_refused_with_its_size()
    {
        string message = Assert.Throws<HseNetFileException>(() =>
            VolumeFile.Read(new MemoryStream(Nifti(4, 4, 4)), "scan", new() { MaximumBytes = 127 })).Message;
        Assert.Contains("4 × 4 × 4 voxels of I16 need 128 bytes; expected at most 127", message);
    }

    [Fact]
    public void Sizes_whose_product_overflows_are_refused()
    {
        byte[] nifti = new byte[600];
        BinaryPrimitives.WriteInt32LittleEndian(nifti, 540);
        "n+2\0\r\n\x1a\n"u8.CopyTo(nifti.AsSpan(4));
        Put16(nifti, 12, 64);
        foreach ((int i, long value) in new[] { (0, 3L), (1, int.MaxValue), (2, int.MaxValue), (3, int.MaxValue) })
            BinaryPrimitives.WriteInt64LittleEndian(nifti.AsSpan(16 + 8 * i), value);
        for (int i = 0; i < 8; i++)
            BinaryPrimitives.WriteDoubleLittleEndian(nifti.AsSpan(104 + 8 * i), 1);
        Assert.Contains("overflows", Refused(nifti));
    }

    [Theory]
    [InlineData(40, 2, "has 2 dimensions")]
    [InlineData(40, 8, "has 8 dimensions")]
    [InlineData(70, 128, "NIfTI type 128")]
    [InlineData(80, 0, "mm apart", 80)]
    public void Headers_that_lie_are_refused(int offset, short value, string part, int zeroSpacing = 0)
    {
        byte[] nifti = Nifti(2, 2, 2);
        Put16(nifti, offset, value);
        if (zeroSpacing > 0)
            Put(nifti, zeroSpacing, 0f);
        Assert.Contains(part, Refused(nifti));
    }

    [Fact]
    public void Several_frames_are_refused()
    {
        byte[] nifti = Nifti(2, 2, 2);
        Put16(nifti, 40, 4);
        Put16(nifti, 48, 5);
        Assert.Contains("has 5 frames", Refused(nifti));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(-352f)]
    [InlineData(1e30f)]
    [InlineData(352.5f)]
    [InlineData(10f)]
    public void An_impossible_voxel_offset_is_refused(float offset)
    {
        byte[] nifti = Nifti(2, 2, 2);
        Put(nifti, 108, offset);
        Assert.Contains("voxels begin at byte", Refused(nifti));
    }

    [Fact]
    public void A_changed_bit_in_compressed_data_is_noticed()
    {
        byte[] gzip = Gzip(Nifti(8, 8, 8));
        gzip[^5] ^= 1; // the stored checksum
        Assert.Contains("damaged", Refused(gzip));
    }

    [Fact]
    public void An_older_header_is_named()
    {
        byte[] analyze = Nifti(2, 2, 2);
        analyze.AsSpan(344, 4).Clear();
        Assert.Contains("is an Analyze 7.5 header, which does not say where left and right are", Refused(analyze));
    }

    [Fact]
    public void A_pair_without_its_image_names_the_image()
    {
        byte[] header = VolumeSeeds.Pair(2, 2, 2).Header;
        string path = _folder.Write("scan.hdr", header);
        Assert.EndsWith("scan.img", Assert.Throws<HseNetFileException>(() => VolumeFile.Read(path)).File);
        _folder.Write("scan.img.gz", Gzip([.. Enumerable.Range(0, 16).Select(i => (byte)i)]));
        using VoxelVolume volume = VolumeFile.Read(path);
        Assert.Equal((2, 2, 2), volume.Size);
        Assert.Contains("is the header of a pair", Refused(header));
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3, 4, 5), }", "shape (1, 2, 3, 4, 5)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2, 2), }", "shape (2, 2, 2, 2)")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 1, 1), }", "damaged at character")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1, 1), }", "damaged at character")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2), 'x': 1}", "damaged at character")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 2, 2), }", "damaged at character")]
    [InlineData("{'descr': '<U4', 'fortran_order': False, 'shape': (2, 2, 2), }", "'<U4'")]
    [InlineData("{'descr': '<f4', 'shape': (2, 2, 2), }", "damaged at character")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2), }", "truncated")]
    [InlineData("{'descr': '<f4", "damaged at character")]
    public void Npy_headers_that_lie_are_refused(string header, string part) =>
        Assert.Contains(part, Refused([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header)]));

    [Fact]
    public void No_message_names_the_patient()
    {
        byte[] nifti = Nifti(2, 2, 2);
        foreach (int offset in (int[])[4, 14, 148, 228, 328]) // data_type, db_name, descrip, aux_file, intent_name
            "Secret^Name"u8[..10].CopyTo(nifti.AsSpan(offset));
        for (int i = 0; i < nifti.Length; i++)
        {
            byte[] damaged = [.. nifti];
            damaged[i] ^= 0xFF;
            if (Record.Exception(() => Read(damaged).Dispose()) is { } error)
                Assert.DoesNotContain("Secret", Assert.IsType<HseNetFileException>(error).ToString());
            Assert.DoesNotContain("Secret", Refused(nifti[..i]));
        }
    }

    [Fact]
    public void Reading_can_be_cancelled()
    {
        var cancelled = new VolumeReadOptions { Cancellation = new CancellationToken(true) };
        Assert.Throws<OperationCanceledException>(() => VolumeFile.Read(new MemoryStream(Nifti(2, 2, 2)), "scan", cancelled));
        _folder.Write("a.dcm", new DicomSeed().At(0).ToBytes());
        Assert.Throws<OperationCanceledException>(() => VolumeFile.Read(_folder.Path, cancelled));
    }

    [Fact]
    public void Missing_files_and_folders_are_named()
    {
        Assert.Contains("no such file", Assert.Throws<HseNetFileException>(() => VolumeFile.Read(_folder.At("none.nii"))).Message);
        Assert.Contains("no known format", Refused(Encoding.ASCII.GetBytes("PatientName=Nobody")));
    }

    static VoxelVolume Read(byte[] content) => VolumeFile.Read(new MemoryStream(content), "scan");

    static string Refused(byte[] content) => Assert.Throws<HseNetFileException>(() => Read(content)).Message;

    static byte[] Nifti(short x, short y, short z) => VolumeSeeds.Nifti(x, y, z);

    static byte[] Gzip(byte[] content) => VolumeSeeds.Gzip(content);

    static void Put16(byte[] bytes, int offset, short value) => BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(offset), value);

    static void Put(byte[] bytes, int offset, params float[] values) => VolumeSeeds.Put(bytes, offset, values);
}
