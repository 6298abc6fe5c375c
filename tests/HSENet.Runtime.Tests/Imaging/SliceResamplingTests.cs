// Slices at uneven places and under a tilted gantry against a field whose value is known everywhere.
using static HSENet.Runtime.Tests.VoxelValues;

namespace HSENet.Runtime.Tests;

public sealed class SliceResamplingTests
{
    const double Outside = -1000;

    static readonly (double X, double Y) Spacing = (0.5, 0.8);

    // Linear along every axis, so that linear interpolation gives it back exactly.
    static double Field(double x, double y, double z) => 3 * x - 2 * y + 5 * z - 40;

    [Fact]
    public void Even_upright_slices_are_left_alone()
    {
        Assert.Null(Grid([0, 1.5, 3, 4.5]));
        // Decimals of 0.01 mm.
        Assert.Null(Grid([0, 0.63, 1.25, 1.88, 2.5]));
        using var silent = VoxelVolume.FromVoxels<short>(new short[8], (2, 2, 2), (1, 1, 1));
        Assert.Null(SliceGrid.Of(silent));
    }

    public static TheoryData<double, int, string, double[]> Uneven => new()
    {
        { 2.5, 10, "2.5", [0, 2.5, 5, 7.5, 15, 22.5] },
        { 1, 6, "1", [0, 1, 2.2, 3, 4, 5] },
        { 2, 7, "2", [0, 2, 4, 10, 12] },
        { 1, 4, "1", [0, 1, 2.25, 3] },
    };

    [Theory, MemberData(nameof(Uneven))]
    public void Uneven_slices_are_brought_to_their_true_places(double spacing, int slices, string said, double[] z)
    {
        using VoxelVolume stored = Stored(z, 0, 0);
        SliceGrid grid = SliceGrid.Of(stored)!;
        Assert.Equal(spacing, grid.Spacing.Z);
        Assert.Contains($"resampled to {said} mm", Assert.Single(grid.Notes));
        using VoxelVolume even = SliceResampling.Apply(stored, grid, Outside, new());
        Assert.Equal((stored.Size.X, stored.Size.Y, slices), even.Size);
        AssertIsField(even, _ => true);
        Assert.Null(SliceGrid.Of(even));
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(0, -20)]
    [InlineData(15, 0)]
    [InlineData(-7, 25)]
    public void A_tilted_gantry_is_sheared_back_and_nothing_is_lost(double alongX, double alongY)
    {
        double[] z = [0, 1.5, 3, 4.5, 6];
        double byX = Math.Tan(alongX * Math.PI / 180), byY = Math.Tan(alongY * Math.PI / 180);
        using VoxelVolume stored = Stored(z, byX, byY);
        SliceGrid grid = SliceGrid.Of(stored)!;
        Assert.StartsWith("gantry tilt of ", Assert.Single(grid.Notes));
        using VoxelVolume upright = SliceResampling.Apply(stored, grid, Outside, new());
        Assert.Equal(z.Length, upright.Size.Z);
        // What a slice reaches is the field there; its outermost voxels hold for half a voxel more.
        AssertIsField(upright, place =>
        {
            double x = place.X - byX * place.Z, y = place.Y - byY * place.Z;
            return x >= -1e-9 && x <= (stored.Size.X - 1) * Spacing.X + 1e-9 && y >= -1e-9 && y <= (stored.Size.Y - 1) * Spacing.Y + 1e-9;
        });
        // Every stored corner lies in the result.
        VolumeOrientation o = upright.Orientation!;
        foreach (PatientVector first in stored.SlicePositions!)
        {
            Assert.True(first.X >= o.Origin.X - 1e-3 && first.Y >= o.Origin.Y - 1e-3);
            Assert.True(first.X + (stored.Size.X - 1) * Spacing.X <= o.Origin.X + (upright.Size.X - 1) * Spacing.X + 1e-3);
            Assert.True(first.Y + (stored.Size.Y - 1) * Spacing.Y <= o.Origin.Y + (upright.Size.Y - 1) * Spacing.Y + 1e-3);
        }
        Assert.Contains(Outside, Values(upright));
    }

    [Fact]
    public void Tilted_and_uneven_slices_are_both()
    {
        using VoxelVolume stored = Stored([0, 1, 2, 5, 6], 0, 0.5);
        SliceGrid grid = SliceGrid.Of(stored)!;
        Assert.Equal(2, grid.Notes.Count);
        using VoxelVolume volume = SliceResampling.Apply(stored, grid, Outside, new());
        Assert.Equal(7, volume.Size.Z);
        AssertIsField(volume, place => place.Y - 0.5 * place.Z is >= 1.5 and <= 2.5);
    }

    [Fact]
    public void Slices_beside_each_other_are_refused()
    {
        using VoxelVolume stored = Stored([0, 1], 0, 100);
        Assert.Contains("lie beside each other", Assert.Throws<HseNetFileException>(() => SliceGrid.Of(stored)).Message);
    }

    [Fact]
    public void A_value_that_is_not_finite_stays_in_its_slice()
    {
        using VoxelVolume stored = Stored([0, 1, 2, 4], 0, 0, (x, y, z) => z == 2 ? double.NaN : 1);
        using VoxelVolume even = SliceResampling.Apply(stored, SliceGrid.Of(stored)!, Outside, new());
        Assert.Equal([false, false, true, true, false],
            Values(even).Chunk(even.Size.X * even.Size.Y).Select(slice => slice.Any(double.IsNaN)));
    }

    static SliceGrid? Grid(double[] z)
    {
        using VoxelVolume stored = Stored(z, 0, 0);
        return SliceGrid.Of(stored);
    }

    static unsafe VoxelVolume Stored(double[] z, double byX, double byY, Func<double, double, double, double>? field = null)
    {
        field ??= Field;
        var (columns, rows) = (7, 6);
        NativeBuffer voxels = NativeBuffer.OfLength((long)columns * rows * z.Length * sizeof(double));
        var values = new Span<double>(voxels.Pointer, columns * rows * z.Length);
        for (int i = 0; i < values.Length; i++)
        {
            double place = z[i / (columns * rows)];
            values[i] = field(i % columns * Spacing.X + byX * place, i / columns % rows * Spacing.Y + byY * place, place);
        }
        var axes = new VolumeOrientation(default, new(1, 0, 0), new(0, 1, 0), new(0, 0, 1));
        return new VoxelVolume("scan", DataType.F64, (columns, rows, z.Length), (Spacing.X, Spacing.Y, z[^1] / (z.Length - 1)), voxels)
        {
            Orientation = axes,
            SlicePositions = [.. z.Select(place => new PatientVector(byX * place, byY * place, place))],
        };
    }

    static void AssertIsField(VoxelVolume volume, Func<PatientVector, bool> isInside)
    {
        double[] values = Values(volume);
        PatientVector origin = volume.Orientation!.Origin;
        int seen = 0;
        for (int i = 0; i < values.Length; i++)
        {
            var place = new PatientVector(origin.X + i % volume.Size.X * Spacing.X,
                origin.Y + i / volume.Size.X % volume.Size.Y * Spacing.Y,
                i / (volume.Size.X * volume.Size.Y) * volume.Spacing.Z);
            if (!isInside(place))
                continue;
            seen++;
            Assert.Equal(Field(place.X, place.Y, place.Z), values[i], 1e-4);
        }
        Assert.True(seen > values.Length / 8);
    }
}
