// Models that look at the slices of their volume: of scans and of finished volumes alike, each slice as it is.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class VolumeSlicesTests : IDisposable
{
    static readonly HostDevice Device = new(1);
    static readonly PreprocessingTarget Target = new(3, 4, 4, SliceSide: 4, Slices: 3) { SlicesOfVolume = true };

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Slices_of_a_scan_are_those_of_its_volume()
    {
        short[] voxels = [.. Enumerable.Range(0, 12 * 12 * 8).Select(i => (short)(i * 37 % 1400 - 1000))];
        using var scan = VoxelVolume.FromVoxels<short>(voxels, (12, 12, 8), (1, 1, 2));
        using var study = Preprocessing.Prepare(Device, scan, Target);
        Check(study);
    }

    [Fact]
    public void Slices_of_a_finished_volume_are_made_unless_their_features_are_given()
    {
        NumpyFile.Write(_folder.At("v.npy"), [.. Enumerable.Range(0, 48).Select(i => i / 47f)], 3, 4, 4);
        NumpyFile.Write(_folder.At("f.npy"), new float[3 * 5], 3, 5);
        using VoxelVolume volume = VolumeFile.Read(_folder.At("v.npy")),
            features = VolumeFile.Read(_folder.At("f.npy"), new VolumeReadOptions { TakesMatrices = true });
        using var made = Preprocessing.UseFinished(Device, volume, null, Target);
        Check(made);
        Assert.True(made.SliceFeatures.IsEmpty);
        using var given = Preprocessing.UseFinished(Device, volume, features, Target);
        Assert.True(given.SlicePixels.IsEmpty);
        Assert.Equal(15, given.SliceFeatures.Length);
    }

    static void Check(PreparedStudy study)
    {
        float[] volume = study.Volume.AsSpan().ToArray(), pixels = study.SlicePixels.AsSpan().ToArray();
        Assert.Equal(3 * 3 * 16, pixels.Length);
        for (int i = 0; i < pixels.Length; i++)
        {
            int colour = i / 16 % 3;
            float grey = volume[i / 48 * 16 + i % 16];
            Assert.Equal((grey - SliceColours.Means[colour]) / SliceColours.Deviations[colour], pixels[i], 1e-5f);
        }
        Assert.True(pixels.Distinct().Count() > 48);
    }
}
