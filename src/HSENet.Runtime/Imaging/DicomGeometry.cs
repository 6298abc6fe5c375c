// Puts the slices of a series in order and measures them: spacing from positions, duplicates, gaps, tilt.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>
/// The slices of a volume from the first to the last along the normal of their planes. Where slices are missing, the nearest one stands in
/// their
/// place, so that the geometry stays right.
/// </summary>
internal sealed record DicomGeometry(IReadOnlyList<DicomImage> Slices, double Spacing, VolumeOrientation Orientation,
    IReadOnlyList<string> Notes)
{
    // Two slices nearer than this, in mm, lie at the same place.
    const double SamePlace = 0.01;

    /// <summary>Orders images of equal size and orientation.</summary>
    /// <exception cref="HseNetFileException">Fewer than two slices, or missing ones that are not allowed.</exception>
    public static DicomGeometry Arrange(string place, IReadOnlyList<DicomImage> images, bool allowGaps)
    {
        var notes = new List<string>();
        PatientVector normal = Cross(images[0].RowDirection, images[0].ColumnDirection);
        DicomImage[] sorted = [.. images.OrderBy(i => Dot(i.Position, normal)).ThenBy(i => i.InstanceNumber)
            .ThenBy(i => i.File, StringComparer.Ordinal)];
        var slices = new List<DicomImage>();
        foreach (DicomImage image in sorted)
            if (slices.Count == 0 || Dot(image.Position, normal) - Dot(slices[^1].Position, normal) >= SamePlace)
                slices.Add(image);
        if (slices.Count < sorted.Length)
            notes.Add($"{Counted(sorted.Length - slices.Count, "image")} at the place of another one dropped");
        if (slices.Count < 2)
            throw new HseNetFileException(place, "holds a single slice", "a volume: give the folder with all slices of the series");

        double[] positions = [.. slices.Select(s => Dot(s.Position, normal))];
        double[] gaps = [.. Enumerable.Range(1, slices.Count - 1).Select(i => positions[i] - positions[i - 1])];
        double median = gaps.Order().ElementAt((gaps.Length - 1) / 2);
        double[] whole = [.. gaps.Where(g => g < 1.5 * median)];
        if (whole.Max() - whole.Min() > Math.Max(SamePlace, 0.02 * median))
            notes.Add($"uneven slices: their distances vary from {Millimetres(whole.Min())} to {Millimetres(whole.Max())} mm");
        if (whole.Length < gaps.Length)
            slices = FillGaps(place, slices, gaps, median, allowGaps, notes);

        // Decimal positions carry rounding noise, and sizes after resampling depend on the last bit of a spacing.
        double spacing = Math.Round((positions[^1] - positions[0]) / (slices.Count - 1), 6);
        NoteTilt(slices, normal, notes);
        return new DicomGeometry(slices, spacing,
            new VolumeOrientation(slices[0].Position, images[0].RowDirection, images[0].ColumnDirection, normal), notes);
    }

    static List<DicomImage> FillGaps(string place, List<DicomImage> slices, double[] gaps, double median, bool allowGaps,
        List<string> notes)
    {
        double missing = gaps.Sum(g => Math.Round(g / median) - 1);
        string said = $"{Counted(missing, "slice")} missing, {Millimetres(gaps.Max())} mm at the widest where slices are "
            + $"{Millimetres(median)} mm apart";
        if (!allowGaps || missing > slices.Count)
            throw new HseNetFileException(place, said,
                allowGaps ? "gaps of no more slices than there are" : "a complete series; gaps can be allowed");
        notes.Add($"{said}: filled with the nearest slices");
        var filled = new List<DicomImage> { slices[0] };
        for (int i = 0; i < gaps.Length; i++)
        {
            int steps = (int)Math.Round(gaps[i] / median);
            for (int step = 1; step < steps; step++)
                filled.Add(2 * step <= steps ? slices[i] : slices[i + 1]);
            filled.Add(slices[i + 1]);
        }
        return filled;
    }

    static void NoteTilt(List<DicomImage> slices, PatientVector normal, List<string> notes)
    {
        PatientVector first = slices[0].Position, last = slices[^1].Position;
        var way = new PatientVector(last.X - first.X, last.Y - first.Y, last.Z - first.Z);
        PatientVector aside = Cross(way, normal);
        double tilt = Math.Atan2(Math.Sqrt(Dot(aside, aside)), Math.Abs(Dot(way, normal))) * 180 / Math.PI;
        if (tilt > 0.1)
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"gantry tilt of {tilt:0.#} degrees: each slice is shifted against the one before"));
        if (Math.Abs(normal.Z) < 0.9)
            notes.Add("the slices are not axial");
    }

    /// <summary>Whether the position is within a kilometre, which NaN is not, and the two directions are unit vectors at a right
    /// angle.</summary>
    public static bool IsPlaced(DicomImage image) =>
        Dot(image.Position, image.Position) < 1e12
        && Math.Abs(Dot(image.RowDirection, image.RowDirection) - 1) < 1e-2
            && Math.Abs(Dot(image.ColumnDirection, image.ColumnDirection) - 1) < 1e-2
        && Math.Abs(Dot(image.RowDirection, image.ColumnDirection)) < 1e-2;

    /// <summary>Whether two images can be slices of one volume.</summary>
    public static bool Fit(DicomImage a, DicomImage b) =>
        (a.Rows, a.Columns) == (b.Rows, b.Columns) && Near(a.PixelSpacing.Row, b.PixelSpacing.Row)
            && Near(a.PixelSpacing.Column, b.PixelSpacing.Column)
        && Dot(a.RowDirection, b.RowDirection) > 0.9999 && Dot(a.ColumnDirection, b.ColumnDirection) > 0.9999;

    internal static string Counted(double count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    static bool Near(double a, double b) => Math.Abs(a - b) <= 1e-3 * Math.Abs(b);

    static string Millimetres(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    static double Dot(PatientVector a, PatientVector b) => a.X * b.X + a.Y * b.Y + a.Z * b.Z;

    static PatientVector Cross(PatientVector a, PatientVector b) =>
        new(a.Y * b.Z - a.Z * b.Y, a.Z * b.X - a.X * b.Z, a.X * b.Y - a.Y * b.X);
}
