// The distribution of a scan's values against counting them one by one.
namespace HSENet.Runtime.Tests;

public sealed class HounsfieldStatisticsTests
{
    static HounsfieldStatistics Of(float[] voxels, double slope = 1, double intercept = 0, bool sampled = false)
    {
        using VoxelVolume scan = VoxelVolume.FromVoxels<float>(voxels, (voxels.Length, 1, 1), (1, 1, 1));
        return HounsfieldStatistics.Of(scan, slope, intercept, sampled, new());
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(-2, 100)]
    public void Shares_and_ends_are_those_of_the_values(double slope, double intercept)
    {
        var random = new Random(3);
        float[] voxels = [.. Enumerable.Range(0, 30_000).Select(_ => (float)(random.Next(-9000, 9000) / 2.0))];
        double[] values = [.. voxels.Select(voxel => slope * voxel + intercept)];
        HounsfieldStatistics statistics = Of(voxels, slope, intercept);
        Assert.Equal((values.Min(), values.Max()), (statistics.Minimum, statistics.Maximum));
        Assert.Empty(statistics.Padding);
        Assert.Equal(values.Min(), statistics.LowestValue);
        foreach ((int from, int to) in ((int, int)[])[(-200, 200), (-1000, -1000), (3000, 4095), (int.MinValue, -1300)])
            Assert.Equal(values.Count(value => Math.Floor(value) >= from && Math.Floor(value) <= to) / (double)values.Length,
                statistics.Share(from, to), 1e-12);
    }

    [Fact]
    public void What_is_no_number_is_counted_apart()
    {
        HounsfieldStatistics statistics = Of([float.NaN, 1, float.PositiveInfinity, float.NaN, float.NegativeInfinity, -3]);
        Assert.Equal((2, 2), (statistics.Missing, statistics.Infinite));
        Assert.Equal((-3.0, 1.0), (statistics.Minimum, statistics.Maximum));
        Assert.Equal(0.5, statistics.Share(1, 1));
        HounsfieldStatistics none = Of([float.NaN]);
        Assert.Null(none.LowestValue);
        Assert.Equal(0, none.Share(int.MinValue, int.MaxValue));
    }

    // A value far below air that stands alone was written by a program; air, noise around it, and rare values were measured.
    [Theory]
    [InlineData(-2000, 100, true)]
    [InlineData(-3024, 10, true)]
    [InlineData(-32768, 100, true)]
    [InlineData(-3024, 9, false)]
    [InlineData(-1000, 100, false)]
    [InlineData(-1100, 100, false)]
    public void Padding_is_found_by_standing_alone(int value, int padded, bool isPadding)
    {
        HounsfieldStatistics statistics = Of([.. Enumerable.Repeat((float)value, padded), .. Enumerable.Range(0, 1000 - padded)
            .Select(i => i % 2 == 0 ? -1000f : i % 300)]);
        Assert.Equal(isPadding ? [value] : [], statistics.Padding);
        Assert.Equal(isPadding ? -1000 : value, statistics.LowestValue);
        Assert.Equal(isPadding || value == -1000 ? 0 : padded / 1000.0, statistics.Share(int.MinValue, -1001), 1e-12);
        Assert.True(statistics.Share(int.MinValue, value < -4096 ? -4096 : value, padding: true) >= padded / 1000.0);
    }

    [Theory]
    [InlineData(-1500)]
    [InlineData(-9000)] // below what is counted value by value
    public void Noise_below_air_is_no_padding(float from) =>
        Assert.Empty(Of([.. Enumerable.Range(0, 1000).Select(i => from + i % 20), .. Enumerable.Repeat(40f, 1000)]).Padding);

    [Fact]
    public void A_sample_of_a_large_scan_has_nearly_its_shares()
    {
        float[] voxels = [.. Enumerable.Range(0, 5_000_000).Select(i => i % 512 < 200 ? -1000f : i % 7)];
        HounsfieldStatistics all = Of(voxels), some = Of(voxels, sampled: true);
        Assert.Equal(all.Share(0, 10), some.Share(0, 10), 1e-2);
        Assert.Equal((all.Minimum, all.Maximum), (some.Minimum, some.Maximum));
    }
}
