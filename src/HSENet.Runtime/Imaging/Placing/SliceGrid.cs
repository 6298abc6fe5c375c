// Where the slices of a scan truly lie, and the upright stack of even slices that they are brought to.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>
/// Slices that are unevenly spaced, or shifted against each other by a tilted gantry, and the grid of the volume without that.
/// The grid begins at the first slice's plane. Its slices are as far apart as most stored ones; where a tenth or more of them are much
/// closer (1.5 times), as far as these. In the plane it holds every stored slice whole.
/// </summary>
internal sealed record SliceGrid
{
    const double SmallestTilt = 0.1, Jitter = 0.02, Drift = 0.1; // degrees, mm, mm
    const double MuchCloser = 1.5;
    const int MostPerSlice = 4;
    // Fractions of a voxel below this are the rounding of decimal numbers.
    internal const double Rounding = 1e-3;

    /// <summary>Millimetres from the first slice along the normal, ascending.</summary>
    public required double[] Positions { get; init; }

    /// <summary>How far each slice is shifted against the first along the volume's x axis, in voxels.</summary>
    public required double[] ShiftX { get; init; }

    /// <summary>The same along y.</summary>
    public required double[] ShiftY { get; init; }

    /// <summary>Index of the grid's first column and row in the first slice; never above 0.</summary>
    public (int X, int Y) Start { get; private init; }

    /// <summary>Voxels of the grid.</summary>
    public (int X, int Y, int Z) Size { get; private init; }

    /// <summary>Their distance in mm.</summary>
    public (double X, double Y, double Z) Spacing { get; private init; }

    /// <summary>Where the grid lies.</summary>
    public required VolumeOrientation Orientation { get; init; }

    /// <summary>What is done to the slices, one line each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>
    /// The grid of a volume whose slices say where they lie (<see cref="VoxelVolume.SlicePositions"/>); null if they are even and upright,
    /// or say nothing. Even: no distance differs from the median by more than 1 % of it (at least 0.02 mm, which decimals round to, at most
    /// 0.1 mm), and no slice is 0.1 mm from its place. Upright: first and last are not shifted by more than 0.1 degrees.
    /// </summary>
    /// <exception cref="HseNetFileException">The slices lie beside each other or at one place.</exception>
    public static SliceGrid? Of(VoxelVolume volume) => Of(volume.Source, ScanGeometry.Of(volume));

    /// <summary>The same of a geometry, before there are voxels of it.</summary>
    public static SliceGrid? Of(string source, ScanGeometry volume)
    {
        if (volume.SlicePositions is not { } places || volume.Orientation is not { } orientation || volume.Size.Z < 2)
            return null;
        double[] Along(PatientVector axis) => [.. places.Select(place => place.Minus(places[0]).Dot(axis))];
        double[] positions = Along(orientation.ZAxis), x = Along(orientation.XAxis), y = Along(orientation.YAxis);
        double[] gaps = [.. positions.Zip(positions.Skip(1), (low, high) => high - low)];
        if (places.Count != volume.Size.Z)
            throw new ArgumentException($"{source}: {places.Count} positions of {volume.Size.Z} slices");
        // As in a header whose origin is so far away that a step from there is lost in its rounding.
        if (!(gaps.Min() > 0) || !double.IsFinite(positions[^1]))
            throw new HseNetFileException(source, "has slices at places that do not ascend", "slices one above the other");

        var notes = new List<string>();
        double spacing = Step(positions, gaps, notes) is { } step ? step : volume.Spacing.Z;
        bool tilted = IsTilted(positions[^1], x, y, notes);
        if (notes.Count == 0)
            return null;
        double[] none = new double[places.Count];
        (x, y) = tilted ? (Voxels(x, volume.Spacing.X), Voxels(y, volume.Spacing.Y)) : (none, none);
        var (startX, sizeX) = Extent(source, x, volume.Size.X);
        var (startY, sizeY) = Extent(source, y, volume.Size.Y);
        return new SliceGrid
        {
            Positions = positions,
            ShiftX = x,
            ShiftY = y,
            Start = (startX, startY),
            Size = (sizeX, sizeY, (int)Math.Round(positions[^1] / spacing) + 1),
            Spacing = volume.Spacing with { Z = spacing },
            Orientation = orientation with
            {
                Origin = orientation.Origin.Moved(startX * volume.Spacing.X, orientation.XAxis)
                    .Moved(startY * volume.Spacing.Y, orientation.YAxis),
            },
            Notes = notes,
        };
    }

    // The distance of the grid's slices; null if the stored ones are even.
    static double? Step(double[] positions, double[] gaps, List<string> notes)
    {
        double[] sorted = [.. gaps.Order()];
        double median = sorted[(sorted.Length - 1) / 2], mean = positions[^1] / gaps.Length;
        double allowed = Math.Clamp(0.01 * median, Jitter, Drift) + 1e-9;
        if (median - sorted[0] <= allowed && sorted[^1] - median <= allowed
            && !positions.Where((position, i) => Math.Abs(position - i * mean) > Drift).Any())
            return null;
        double close = sorted[(sorted.Length - 1) / 10];
        double step = Math.Max(close * MuchCloser < median ? close : median, positions[^1] / ((double)MostPerSlice * positions.Length));
        step = Math.Round(positions[^1] / Math.Max(1, Math.Round(positions[^1] / step)), 6);
        notes.Add($"uneven slices, {Text(sorted[0])} to {Text(sorted[^1])} mm apart: resampled to {Text(step)} mm");
        return step;
    }

    static bool IsTilted(double height, double[] x, double[] y, List<string> notes)
    {
        double widest = x.Zip(y, double.Hypot).Max(), least = Math.Tan(SmallestTilt * Math.PI / 180) * height;
        if (widest <= Math.Max(least, Rounding))
            return false;
        double tilt = Math.Atan2(double.Hypot(x[^1], y[^1]), height) * 180 / Math.PI;
        notes.Add(tilt > SmallestTilt ? string.Create(CultureInfo.InvariantCulture, $"gantry tilt of {tilt:0.#} degrees: sheared back")
            : $"slices shifted against each other by up to {Text(widest)} mm: moved back");
        return true;
    }

    static double[] Voxels(double[] millimetres, double spacing) => [.. millimetres.Select(shift => shift / spacing)];

    static (int Start, int Size) Extent(string source, double[] shifts, int size)
    {
        double first = Math.Floor(shifts.Min() + Rounding), last = Math.Ceiling(shifts.Max() - Rounding);
        if (!(last - first <= 2.0 * size))
            throw new HseNetFileException(source, "has slices that lie beside each other", "slices one above the other");
        return ((int)Math.Min(0, first), size + (int)(Math.Max(0, last) - Math.Min(0, first)));
    }

    static string Text(double millimetres) => millimetres.ToString("0.###", CultureInfo.InvariantCulture);
}
