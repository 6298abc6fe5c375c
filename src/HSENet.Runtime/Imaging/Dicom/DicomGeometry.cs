// Measures the slices of a series: spacing from positions, and whether some are missing.
using System.Globalization;

namespace HSENet.Runtime;

/// <summary>
/// Spacing and orientation of slices that are in order. The spacing is the average; uneven and shifted slices are put at their places later
/// (<see cref="SliceGrid"/>).
/// </summary>
internal sealed record DicomGeometry(double Spacing, VolumeOrientation Orientation, IReadOnlyList<PatientVector> Positions,
    IReadOnlyList<string> Notes)
{
    const double WideGap = 1.5; // of the median

    /// <summary>Measures the slices of a stack.</summary>
    /// <param name="place">The folder or file in messages.</param>
    /// <param name="stack">The slices.</param>
    /// <param name="allowGaps">Whether slices may be missing.</param>
    /// <param name="leftOut">What was left out of the folder, for the error: a missing slice may be among it.</param>
    /// <exception cref="HseNetFileException">Fewer than two slices, or missing ones that are not allowed.</exception>
    public static DicomGeometry Of(string place, DicomStack stack, bool allowGaps, string leftOut = "")
    {
        IReadOnlyList<DicomImage> slices = stack.Images;
        if (slices.Count < 2)
            throw new HseNetFileException(place, "holds a single slice", "a volume: give the folder with all slices of the series");
        double[] positions = [.. slices.Select(slice => DicomStack.Along(slice, stack.Normal))];
        double[] gaps = [.. positions.Skip(1).Zip(positions, (high, low) => high - low)];
        double median = gaps.Order().ElementAt((gaps.Length - 1) / 2);
        double missing = 0, height = 0, widest = 0;
        int[]? steps = StepsOfNumbers(slices);
        int usual = steps is null ? 0 : steps.Order().ElementAt((steps.Length - 1) / 2);
        for (int i = 0; i < gaps.Length; i++)
        {
            // Where the numbers go on as everywhere, the scan has a wider step.
            if (gaps[i] < WideGap * median || steps?[i] <= usual)
                continue;
            missing += steps is null ? Math.Round(gaps[i] / median) - 1 : Math.Max(1, Math.Round(steps[i] / (double)usual) - 1);
            height += gaps[i] - median;
            widest = Math.Max(widest, gaps[i]);
        }
        var notes = new List<string>();
        if (missing > 0)
        {
            string said = $"{Counted(missing, "slice")} missing, {Millimetres(widest)} mm at the widest where slices are "
                + $"{Millimetres(median)} mm apart";
            if (!allowGaps || missing > slices.Count)
                throw new HseNetFileException(place, $"{said}{(leftOut.Length > 0 ? $"; left out: {leftOut}" : "")}",
                    allowGaps ? "gaps of no more slices than there are" : "a complete series; gaps can be allowed");
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{said}: filled by interpolation, {100 * height / (positions[^1] - positions[0]):0.#} % of the height"));
        }
        // Decimal positions carry rounding noise, and sizes after resampling depend on the last bit of a spacing.
        double spacing = Math.Round((positions[^1] - positions[0]) / gaps.Length, 6);
        return new DicomGeometry(spacing,
            new VolumeOrientation(slices[0].Position, slices[0].RowDirection, slices[0].ColumnDirection, stack.Normal),
            [.. slices.Select(slice => slice.Position)], notes);
    }

    // How the instance numbers go on from slice to slice; null if they do not go one way.
    static int[]? StepsOfNumbers(IReadOnlyList<DicomImage> slices)
    {
        int[] steps = [.. slices.Skip(1).Zip(slices, (next, slice) => next.InstanceNumber - slice.InstanceNumber)];
        if (slices.Any(slice => slice.InstanceNumber == 0) && slices.Count(slice => slice.InstanceNumber == 0) > 1)
            return null;
        return steps.All(step => step > 0) ? steps : steps.All(step => step < 0) ? [.. steps.Select(step => -step)] : null;
    }

    /// <summary>Whether the position is within a kilometre, which NaN is not, and the two directions are unit vectors at a right
    /// angle.</summary>
    public static bool IsPlaced(DicomImage image) =>
        image.Position.Dot(image.Position) < 1e12
        && Math.Abs(image.RowDirection.Dot(image.RowDirection) - 1) < 1e-2
        && Math.Abs(image.ColumnDirection.Dot(image.ColumnDirection) - 1) < 1e-2
        && Math.Abs(image.RowDirection.Dot(image.ColumnDirection)) < 1e-2;

    /// <summary>Whether two images can be slices of one volume.</summary>
    public static bool Fit(DicomImage a, DicomImage b) =>
        (a.Rows, a.Columns) == (b.Rows, b.Columns) && Near(a.PixelSpacing.Row, b.PixelSpacing.Row)
            && Near(a.PixelSpacing.Column, b.PixelSpacing.Column)
        && a.RowDirection.Dot(b.RowDirection) > 0.9999 && a.ColumnDirection.Dot(b.ColumnDirection) > 0.9999;

    internal static string Counted(double count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    static bool Near(double a, double b) => Math.Abs(a - b) <= 1e-3 * Math.Abs(b);

    static string Millimetres(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
