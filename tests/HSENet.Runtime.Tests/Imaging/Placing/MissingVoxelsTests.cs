// Voxels without a value: air at the ends of rows, refused inside.
using System.Numerics;

namespace HSENet.Runtime.Tests;

public sealed class MissingVoxelsTests
{
    const double Nan = double.NaN;

    // Rows of four: at both ends, nowhere, one that is all missing, one that is missing inside, at the start, at the end.
    static readonly double[] Rows = [Nan, 1, 2, Nan, 3, 4, 5, 6, Nan, Nan, Nan, Nan, 7, Nan, 8, 9, Nan, Nan, 10, 11, 12, 13, 14, Nan];

    [Fact]
    public void Runs_at_the_ends_of_rows_count_and_are_filled()
    {
        Check<double>();
        Check<float>();
        Check<Half>();

        static void Check<T>() where T : unmanaged, INumberBase<T>
        {
            using VoxelVolume scan = VoxelVolume.FromVoxels<T>([.. Rows.Select(T.CreateTruncating)], (4, 3, 2), (1, 1, 1), 2, -7);
            Assert.Equal(9, MissingVoxels.CountAtEdges(scan, default));
            using VoxelVolume filled = MissingVoxels.Filled(scan, -496.5, new());
            double[] values = VoxelValues.Values(filled);
            for (int i = 0; i < Rows.Length; i++)
                Assert.Equal(i == 13 ? Nan : double.IsNaN(Rows[i]) ? -1000 : 2 * Rows[i] - 7, values[i]);
            Assert.Equal(10, VoxelValues.Values(scan).Count(double.IsNaN));
            Assert.Equal((scan.Type, scan.Size, scan.Spacing), (filled.Type, filled.Size, filled.Spacing));
        }
    }

    [Fact]
    public void Whole_numbers_are_never_missing()
    {
        using VoxelVolume scan = VoxelVolume.FromVoxels<short>(new short[24], (4, 3, 2), (1, 1, 1));
        Assert.Equal(0, MissingVoxels.CountAtEdges(scan, default));
    }

    [Fact]
    public void Filling_can_be_cancelled()
    {
        using VoxelVolume scan = VoxelVolume.FromVoxels<double>(Rows, (4, 3, 2), (1, 1, 1));
        Assert.ThrowsAny<OperationCanceledException>(() => MissingVoxels.CountAtEdges(scan, new CancellationToken(true)));
        Assert.ThrowsAny<OperationCanceledException>(() => MissingVoxels.Filled(scan, 0, new() { CancellationToken = new(true) }));
    }
}
