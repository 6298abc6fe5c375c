// Puts slices at their true positions: shears a tilted gantry's back and interpolates uneven ones, in double precision on the host.
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

internal static class SliceResampling
{
    /// <summary>
    /// The volume on the grid, as f32 with the file's scaling applied.
    /// Slice i, straightened: S_i(x, y) = the linear interpolation, along x and y, of its values at (Start.X + x − ShiftX[i],
    /// Start.Y + y − ShiftY[i]), defined up to half a voxel beyond its outermost voxels, whose values hold there.
    /// Slice k of the result lies at p = k · Spacing.Z. With Positions[i] ≤ p &lt; Positions[i + 1] and
    /// t = (p − Positions[i]) / (Positions[i + 1] − Positions[i]), voxel (x, y, k) is (1 − t) · S_i(x, y) + t · S_{i+1}(x, y);
    /// where only one of both is defined, that one; where none is, <paramref name="outside"/>. Fractions within 0.001 of 0 or 1 count as
    /// these, so that a slice that lies in the grid is copied. All in double precision, rounded once.
    /// </summary>
    /// <param name="volume">The stored slices.</param>
    /// <param name="grid">Where they lie (<see cref="SliceGrid"/>).</param>
    /// <param name="outside">The value of voxels that no slice reaches, after the file's scaling: that of air.</param>
    /// <param name="loop">On how many threads, and what stops it between slices.</param>
    public static unsafe VoxelVolume Apply(VoxelVolume volume, SliceGrid grid, double outside, ParallelOptions loop)
    {
        var (columns, rows, slices) = grid.Size;
        int area = checked(columns * rows), storedArea = volume.Size.X * volume.Size.Y;
        NativeBuffer voxels = NativeBuffer.OfLength((long)area * slices * sizeof(float));
        try
        {
            Parallel.For(0, slices, loop, () => (Stored: new double[storedArea], Below: new double[area], Above: new double[area]),
                (k, _, work) =>
                {
                    var (i, t) = Between(grid.Positions, k * grid.Spacing.Z);
                    var low = Straighten(i, work.Stored, work.Below);
                    var high = t > 0 ? Straighten(i + 1, work.Stored, work.Above) : default;
                    Blend(work.Below, low, work.Above, high, t, columns, outside,
                        new Span<float>((float*)voxels.Pointer + (long)k * area, area));
                    return work;
                }, static _ => { });
            return new VoxelVolume(volume.Source, DataType.F32, grid.Size, grid.Spacing, voxels)
            {
                Orientation = grid.Orientation,
                Notes = volume.Notes,
                DicomImages = volume.DicomImages,
            };
        }
        catch
        {
            voxels.Dispose();
            throw;
        }

        Inside Straighten(int i, double[] stored, double[] straight)
        {
            volume.ToDoubles((long)i * storedArea, stored);
            var x = new Shifted(grid.Start.X - grid.ShiftX[i], volume.Size.X, columns);
            var y = new Shifted(grid.Start.Y - grid.ShiftY[i], volume.Size.Y, rows);
            for (int row = y.First; row < y.End; row++)
            {
                var (top, bottom) = y.Neighbours(row);
                Span<double> target = straight.AsSpan(row * columns, columns);
                ReadOnlySpan<double> upper = stored.AsSpan(top * volume.Size.X, volume.Size.X),
                    lower = stored.AsSpan(bottom * volume.Size.X, volume.Size.X);
                for (int column = x.First; column < x.End; column++)
                {
                    var (left, right) = x.Neighbours(column);
                    double above = Mix(upper[left], upper[right], x.Fraction), below = Mix(lower[left], lower[right], x.Fraction);
                    target[column] = Mix(above, below, y.Fraction);
                }
            }
            return new Inside(x.First, x.End, y.First, y.End);
        }
    }

    static void Blend(double[] below, Inside low, double[] above, Inside high, double t, int columns, double outside, Span<float> result)
    {
        for (int i = 0; i < result.Length; i++)
        {
            int x = i % columns, y = i / columns;
            result[i] = (float)((low.Holds(x, y), high.Holds(x, y)) switch
            {
                (true, true) => Mix(below[i], above[i], t),
                (true, false) => below[i],
                (false, true) => above[i],
                _ => outside,
            });
        }
    }

    // A factor of exactly 0 leaves no trace of the other value, even if that is not finite.
    static double Mix(double first, double second, double t) => t == 0 ? first : t == 1 ? second : (1 - t) * first + t * second;

    static (int Index, double Fraction) Between(double[] positions, double place)
    {
        int found = Array.BinarySearch(positions, place);
        int i = Math.Clamp(found >= 0 ? found : ~found - 1, 0, positions.Length - 1);
        if (i == positions.Length - 1)
            return (i, 0);
        double fraction = (place - positions[i]) / (positions[i + 1] - positions[i]);
        return fraction > 1 - SliceGrid.Rounding ? (i + 1, 0) : (i, fraction < SliceGrid.Rounding ? 0 : fraction);
    }

    // One axis of a slice in the grid: index + first, interpolated between two neighbours with one fraction everywhere.
    readonly struct Shifted
    {
        readonly int _whole, _stored;

        public double Fraction { get; }

        /// <summary>The first index of the grid that the slice reaches, and the one after the last.</summary>
        public int First { get; }

        public int End { get; }

        public Shifted(double first, int stored, int grid)
        {
            double whole = Math.Floor(first), fraction = first - whole;
            if (fraction > 1 - SliceGrid.Rounding)
                (whole, fraction) = (whole + 1, 0);
            (_whole, _stored, Fraction) = ((int)whole, stored, fraction < SliceGrid.Rounding ? 0 : fraction);
            First = Math.Clamp((int)Math.Ceiling(-0.5 - (_whole + Fraction)), 0, grid);
            End = Math.Clamp((int)Math.Floor(stored - 0.5 - (_whole + Fraction)) + 1, 0, grid);
        }

        public (int Left, int Right) Neighbours(int index) =>
            (Math.Clamp(index + _whole, 0, _stored - 1), Math.Clamp(index + _whole + 1, 0, _stored - 1));
    }

    [StructLayout(LayoutKind.Auto)]
    readonly record struct Inside(int Left, int Right, int Top, int Bottom)
    {
        public bool Holds(int x, int y) => x >= Left && x < Right && y >= Top && y < Bottom;
    }
}
