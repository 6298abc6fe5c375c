// NumPy files that hold a finished volume go to the model as they are.
using HSENet.Kernels;

namespace HSENet.Runtime.Tests;

public sealed class FinishedVolumeTests : IDisposable
{
    static readonly HostDevice Device = new(1);
    static readonly PreprocessingTarget Target = new(2, 3, 4, SliceSide: 20, Slices: 6);

    readonly string _folder = Directory.CreateTempSubdirectory("hsenet-finished").FullName;

    [Fact]
    public void A_finished_volume_is_taken_unchanged()
    {
        float[] values = [.. Enumerable.Range(0, 24).Select(i => i / 23f)];
        using VoxelVolume volume = Write("volume.npy", values, 1, 2, 3, 4), features = Write("features.npy", new float[6 * 5], 1, 6, 5);
        using var study = Preprocessing.UseFinished(Device, volume, features, Target);
        Assert.Equal(values, study.Volume.AsSpan().ToArray());
        Assert.Equal(30, study.SliceFeatures.Length);
        Assert.True(study.SlicePixels.IsEmpty);
        Assert.Equal("finished", study.Preprocessing);
    }

    [Fact]
    public void Another_size_is_refused()
    {
        using VoxelVolume volume = Write("volume.npy", new float[24], 2, 4, 3);
        var failure = Assert.Throws<HseNetFileException>(() => Preprocessing.UseFinished(Device, volume, null, Target));
        Assert.EndsWith("volume.npy: is a volume of 2 × 4 × 3; expected the model's 2 × 3 × 4", failure.Message);
    }

    [Fact]
    public void Slice_features_of_another_size_are_refused()
    {
        using VoxelVolume volume = Write("volume.npy", new float[24], 2, 3, 4), features = Write("features.npy", new float[6 * 5], 1, 5, 6);
        var failure = Assert.Throws<HseNetFileException>(() => Preprocessing.UseFinished(Device, volume, features, Target));
        Assert.EndsWith("features.npy: is an array of 1 × 5 × 6; expected slice features of 1 × 6 × channels", failure.Message);
    }

    [Fact]
    public void Values_that_are_not_finite_are_refused()
    {
        float[] values = new float[24];
        values[5] = float.NaN;
        using VoxelVolume volume = Write("volume.npy", values, 2, 3, 4);
        Assert.Contains("not finite", Assert.Throws<HseNetFileException>(() => Preprocessing.UseFinished(Device, volume, null, Target))
            .Message);
    }

    [Theory]
    [InlineData(-0.01f)]
    [InlineData(1.01f)]
    [InlineData(-1000f)]
    public void Values_outside_0_to_1_are_refused_unless_forced(float value)
    {
        float[] values = new float[24];
        values[5] = value;
        using VoxelVolume volume = Write("volume.npy", values, 2, 3, 4);
        Assert.Contains("from 0 to 1",
            Assert.Throws<HseNetFileException>(() => Preprocessing.UseFinished(Device, volume, null, Target)).Message);
        using var study = Preprocessing.UseFinished(Device, volume, null, Target, force: true);
        Assert.Equal(values, study.Volume.AsSpan().ToArray());
    }

    [Fact]
    public void A_finished_volume_is_not_preprocessed_again()
    {
        using VoxelVolume volume = Write("volume.npy", new float[24], 2, 3, 4);
        Assert.Contains("is a finished volume",
            Assert.Throws<HseNetFileException>(() => Preprocessing.Prepare(Device, volume, Target)).Message);
    }

    VoxelVolume Write(string name, float[] values, params long[] shape)
    {
        string path = Path.Combine(_folder, name);
        NumpyFile.Write(path, values, shape);
        return VolumeFile.Read(path);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
