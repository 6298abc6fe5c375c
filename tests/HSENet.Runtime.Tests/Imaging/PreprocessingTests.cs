// What preprocessing refuses, and what the golden files cannot show: unequal spacings, every voxel type, windows, finished volumes.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class PreprocessingTests
{
    static readonly HostDevice Device = new(2);
    static readonly PreprocessingTarget Target = new(8, 12, 16, SliceSide: 20, Slices: 6);

    [Fact]
    public void A_volume_without_air_is_refused_unless_forced()
    {
        short[] voxels = Voxels(10, 12, 9, (x, y, z) => (short)(x * y + z - 400));
        var failure = Assert.Throws<HseNetFileException>(() => Prepare(voxels, 10, 12, 9));
        Assert.Equal("voxels in memory: is not in Hounsfield units: its lowest value is -400, no voxel is below -500; expected a CT in "
            + "Hounsfield units, or PreprocessingOptions.Rescale if the collection keeps its scaling in a table, or "
                + "PreprocessingOptions.Force", failure.Message);
        using var forced = Prepare(voxels, 10, 12, 9, new() { Force = true });
        using var rescaled = Prepare(voxels, 10, 12, 9, new() { Rescale = (1, -600) });
        Assert.Equal("standard-3", rescaled.Preprocessing);
    }

    [Fact]
    public void A_single_slice_is_refused()
    {
        var failure = Assert.Throws<HseNetFileException>(() => Prepare(Voxels(10, 12, 1, (x, y, _) => (short)(x * y - 1000)), 10, 12, 1));
        Assert.Equal("voxels in memory: has a single slice; expected a volume of at least two slices", failure.Message);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_volume_without_a_number_is_refused_even_when_forced(bool force)
    {
        float[] voxels = new float[10 * 12 * 9];
        voxels.AsSpan().Fill(float.NaN);
        var failure = Assert.Throws<HseNetFileException>(() => Prepare(voxels, 10, 12, 9, new() { Force = force }));
        Assert.Equal("voxels in memory: has no voxel that is a number; expected a CT volume", failure.Message);
    }

    [Theory, InlineData(float.NaN, false), InlineData(float.NaN, true), InlineData(float.PositiveInfinity, false),
        InlineData(float.NegativeInfinity, true)]
    public void Values_that_are_not_finite_are_refused_even_when_forced(float value, bool force)
    {
        float[] voxels = Array.ConvertAll(Voxels(10, 12, 9, (x, y, z) => (short)(x * y + z - 1000)), v => (float)v);
        voxels[voxels.Length / 2 + 5] = value; // not at the edge of a row
        var failure = Assert.Throws<HseNetFileException>(() => Prepare(voxels, 10, 12, 9, new() { Force = force }));
        Assert.Equal("voxels in memory: holds 1 voxels that are not finite (NaN or infinite); expected finite values in Hounsfield "
            + "units, NaN only at "
            + "the edges of slices",
            failure.Message);
    }

    [Fact]
    public void A_constant_volume_is_refused()
    {
        Assert.Contains("is constant: every voxel is -1000",
            Assert.Throws<HseNetFileException>(() => Prepare(Voxels(10, 12, 9, (_, _, _) => -1000), 10, 12, 9)).Message);
        // Not constant, but all of it outside the window of the volume.
        Assert.Contains("is constant between -1000 and 200",
            Assert.Throws<HseNetFileException>(() => Prepare(Voxels(10, 12, 9, (x, _, _) => (short)(-1001 - x)), 10, 12, 9)).Message);
    }

    [Fact]
    public void A_volume_smaller_than_a_voxel_of_the_model_is_refused() =>
        Assert.Contains("smaller than a voxel",
            Assert.Throws<HseNetFileException>(() => Prepare(Voxels(10, 12, 9, Lungs), 10, 12, 9, spacing: (0.01, 1, 1))).Message);

    [Fact]
    public void Slices_like_a_ribbon_are_refused() =>
        Assert.EndsWith("has slices of 97 × 1 after resampling; expected sides of at most 1 to 64",
            Assert.Throws<HseNetFileException>(() => Prepare(Voxels(73, 1, 9, Lungs), 73, 1, 9)).Message);

    [Fact]
    public void A_model_without_slices_gets_none()
    {
        using var study = Prepare(Voxels(10, 12, 9, Lungs), 10, 12, 9, target: Target with { Slices = 0 });
        Assert.True(study.SlicePixels.IsEmpty);
        Assert.Null(study.SliceIndices);
    }

    [Theory, InlineData(PreprocessingPreset.Standard), InlineData(PreprocessingPreset.BimcvR)]
    public void A_model_without_a_slice_encoder_has_no_slices_made(PreprocessingPreset preset)
    {
        var config = TinyModel.Config;
        using var study = CtStudy.FromVoxels<short>(Voxels(10, 12, 9, Lungs), (10, 12, 9), (0.75, 0.75, 1.5),
            options: new CtStudyOptions { Preprocessing = new() { Preset = preset } });
        Assert.Contains("SlicePixels", Operations(config));
        Assert.DoesNotContain(Operations(config with { SliceEncoder = null }),
            operation => operation.StartsWith("Slice", StringComparison.Ordinal));

        IEnumerable<string> Operations(ModelConfig config) =>
            LaunchLog.Of(Device, () => study.Prepare(Device, config, default).Dispose()).Operations;
    }

    [Fact]
    public void Unusable_rescaling_is_refused() =>
        Assert.Contains("the rescaling 0,5 is not usable",
            Assert.Throws<HseNetException>(() => Prepare(Voxels(10, 12, 9, Lungs), 10, 12, 9, new() { Rescale = (0, 5) })).Message);

    [Fact]
    public void A_number_that_is_no_preset_is_refused()
    {
        foreach (var (name, options) in new (string, PreprocessingOptions)[]
        {
            ("PreprocessingOptions.Preset 9", new() { Preset = (PreprocessingPreset)9 }),
            ("PreprocessingOptions.Orientation 9", new() { Orientation = (ScanOrientation)9 }),
        })
            Assert.StartsWith(name, Assert.Throws<HseNetException>(() => Prepare(Voxels(10, 12, 9, Lungs), 10, 12, 9, options)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Each_axis_has_its_own_spacing()
    {
        using var study = Prepare(Voxels(20, 30, 10, Lungs), 20, 30, 10, spacing: (1.5, 0.5, 3));
        Assert.Equal(new VoxelSize(20, 40, 20), study.Resampled);
    }

    [Fact]
    public void Turning_the_scan_turns_the_volume()
    {
        // The same patient with x and y exchanged, spacings too.
        using var study = Prepare(Voxels(14, 10, 9, Lungs), 14, 10, 9, spacing: (0.9, 0.7, 2));
        using var turned = Prepare(Voxels(10, 14, 9, (x, y, z) => Lungs(y, x, z)), 10, 14, 9, spacing: (0.7, 0.9, 2),
            target: Target with { Height = Target.Width, Width = Target.Height });
        float[] volume = Download(study.Volume), other = Download(turned.Volume);
        double worst = 0;
        for (int d = 0; d < 8; d++)
            for (int h = 0; h < 12; h++)
                for (int w = 0; w < 16; w++)
                    worst = Math.Max(worst, Math.Abs(volume[(d * 12 + h) * 16 + w] - other[(d * 16 + w) * 12 + h]));
        Assert.InRange(worst, 0, 1e-6); // rounding to f32 happens twice, in another order of axes
        Assert.InRange(volume.Max() - volume.Min(), 0.5, 1);
    }

    [Fact]
    public void Every_voxel_type_gives_the_same()
    {
        short[] voxels = Voxels(10, 12, 9, Lungs);
        using var expected = Prepare(voxels, 10, 12, 9);
        Assert.All(new[]
        {
            Prepare(Array.ConvertAll(voxels, v => (int)v), 10, 12, 9), Prepare(Array.ConvertAll(voxels, v => (long)v), 10, 12, 9),
            Prepare(Array.ConvertAll(voxels, v => (float)v), 10, 12, 9), Prepare(Array.ConvertAll(voxels, v => (double)v), 10, 12, 9),
            Prepare(Array.ConvertAll(voxels, v => (Half)v), 10, 12, 9),
            Prepare(Array.ConvertAll(voxels, v => (ushort)(v + 1024)), 10, 12, 9, new() { Rescale = (1, -1024) }),
            Prepare(Array.ConvertAll(voxels, v => (ulong)(v + 1024)), 10, 12, 9, new() { Rescale = (1, -1024) }),
            Prepare(Array.ConvertAll(voxels, v => (uint)(v + 1024)), 10, 12, 9, new() { Rescale = (1, -1024) }),
        }, study =>
        {
            Assert.Equal(Download(expected.Volume), Download(study.Volume));
            Assert.Equal(Download(expected.SlicePixels), Download(study.SlicePixels));
            study.Dispose();
        });
    }

    [Fact]
    public void Slices_show_bone_that_the_volume_cuts_off()
    {
        // Beyond 200 HU the volume is flat; slices reach to 1000.
        using var study = Prepare(Voxels(12, 12, 8, (x, y, _) => (short)(x < 3 ? -1000 : y < 6 ? 300 : 900)), 12, 12, 8,
            spacing: (0.75, 0.75, 1.5));
        float[] row = Download(study.Volume)[^16..], slice = Download(study.SlicePixels);
        Assert.All(row, v => Assert.Equal(1, v, 1e-6f)); // the last x, all y
        Assert.NotEqual(slice[0], slice[19 * 20], 1f); // turned clockwise: the last x in the first column, y downwards
    }

    [Fact]
    public void The_result_does_not_depend_on_the_number_of_threads()
    {
        short[] voxels = Voxels(20, 18, 9, Lungs);
        using var study = Prepare(voxels, 20, 18, 9);
        using var single = new HostDevice(1);
        using var scan = VoxelVolume.FromVoxels<short>(voxels, (20, 18, 9), (1, 1, 2));
        using var other = Preprocessing.Prepare(single, scan, Target);
        Assert.Equal(Download(study.SlicePixels), Download(other.SlicePixels));
        Assert.Equal(Download(study.Volume), Download(other.Volume));
    }

    [Fact]
    public void Gpu_kernels_in_the_emulator_give_the_same()
    {
        short[] voxels = Voxels(13, 11, 5, Lungs);
        using var study = Prepare(voxels, 13, 11, 5, new() { SliceJpeg = true });
        using var emulator = new EmulatorDevice();
        using var scan = VoxelVolume.FromVoxels<short>(voxels, (13, 11, 5), (1, 1, 2));
        using var other = Preprocessing.Prepare(emulator, scan, Target, new() { SliceJpeg = true });
        Assert.Equal(study.CropEnd, other.CropEnd);
        Assert.Equal(Download(study.SlicePixels), Download(emulator, other.SlicePixels));
        Assert.Equal(Download(study.Volume), Download(emulator, other.Volume));
    }

    [Fact]
    public void It_can_be_cancelled()
    {
        using var scan = VoxelVolume.FromVoxels<short>(Voxels(20, 18, 9, Lungs), (20, 18, 9), (1, 1, 2));
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Preprocessing.Prepare(Device, scan, Target, null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void The_name_says_what_was_chosen()
    {
        using var study = Prepare(Voxels(20, 18, 9, Lungs), 20, 18, 9, new() { Preset = PreprocessingPreset.BimcvR, SliceJpeg = true });
        Assert.Equal("bimcv_r-3+jpeg", study.Preprocessing);
        Assert.Equal([0, 1, 3, 4, 6, 8], study.SliceIndices);
    }

    static short Lungs(int x, int y, int z) => (short)((x * 37 + y * 91 + z * 53) % 700 - (y % 3 == 0 ? 1000 : 300));

    static short[] Voxels(int columns, int rows, int slices, Func<int, int, int, short> value)
    {
        var voxels = new short[columns * rows * slices];
        for (int z = 0, i = 0; z < slices; z++)
            for (int y = 0; y < rows; y++)
                for (int x = 0; x < columns; x++, i++)
                    voxels[i] = value(x, y, z);
        return voxels;
    }

    static PreparedStudy Prepare<T>(T[] voxels, int columns, int rows, int slices, PreprocessingOptions? options = null,
        (double, double, double)? spacing = null, PreprocessingTarget? target = null) where T : unmanaged
    {
        using var scan = VoxelVolume.FromVoxels<T>(voxels, (columns, rows, slices), spacing ?? (1, 1, 2));
        return Preprocessing.Prepare(Device, scan, target ?? Target, options);
    }

    static float[] Download(View<float> view) => Download(Device, view);

    static float[] Download(Device device, View<float> view)
    {
        var values = new float[view.Length];
        device.Download(view, values);
        return values;
    }
}
