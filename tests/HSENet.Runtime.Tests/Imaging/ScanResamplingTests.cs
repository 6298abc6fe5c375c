// Slabs: however few slices fit, the resampled scan is the same.
using HSENet.Kernels;

namespace HSENet.Runtime.Tests;

public sealed class ScanResamplingTests
{
    static readonly HostDevice Device = new(2);

    [Theory]
    [InlineData(40, 0.6)] // 40 slices become 16
    [InlineData(9, 4.0)] // 9 become 24
    [InlineData(17, 1.5)] // as many as before
    [InlineData(2, 1.6)]
    public void The_size_of_a_slab_does_not_show(int slices, double spacing)
    {
        var voxels = new short[11 * 7 * slices];
        var random = new Random(1);
        foreach (ref short voxel in voxels.AsSpan())
            voxel = (short)random.Next(-1100, 1100);
        using var scan = VoxelVolume.FromVoxels<short>(voxels, (11, 7, slices), (0.9, 1.1, spacing));
        var geometry = new PreprocessingGeometry(scan.Source, ScanGeometry.Of(scan), PreprocessingPreset.Standard, 4);
        double[] expected = Resample(scan, geometry, 1 << 20);
        foreach (int fitting in new[] { 1, 3, 4, 7 })
            Assert.Equal(expected, Resample(scan, geometry, fitting * 11 * 7 * sizeof(double)));
    }

    static double[] Resample(VoxelVolume scan, PreprocessingGeometry geometry, long slabBytes)
    {
        var values = new double[geometry.Resampled.Count];
        using var memory = Device.Allocate(values.Length * sizeof(double), "resampled");
        memory.View<double>(0, values.Length).AsSpan().Fill(double.NaN);
        using var resampling = new ScanResampling(Device, scan, geometry, (1, 0), default, slabBytes);
        resampling.All(HounsfieldWindow.Slices, memory.Bytes, FloatType.F64);
        Device.Download(memory.View<double>(0, values.Length), values);
        Assert.DoesNotContain(values, double.IsNaN);
        return values;
    }
}
