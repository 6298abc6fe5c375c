// Combines what a collection's table says of a volume with what its file says.
using System.Globalization;

namespace HSENet.Runtime;

static class StudyMetadata
{
    // A header whose distances are others was not written with the geometry of the scan.
    const double SpacingTolerance = 0.01;

    /// <summary>Puts the table's spacing into the volume and gives options in which its scaling follows the file's own.</summary>
    /// <param name="metadata">What the table says.</param>
    /// <param name="volume">The volume.</param>
    /// <param name="options">Options without it.</param>
    /// <param name="notes">Gets what a user should know.</param>
    /// <exception cref="HseNetFileException">The volume is DICOM or finished, or a scaling was given besides.</exception>
    public static CtStudyOptions Apply(VolumeMetadata metadata, VoxelVolume volume, CtStudyOptions options, List<string> notes)
    {
        // The table's columns are named after DICOM's attributes: applied to DICOM they would count twice.
        if (volume.DicomImages.Count > 0)
            throw new HseNetFileException(volume.Source, "is DICOM, which has its own scaling and spacing",
                "a metadata table only with NIfTI volumes");
        if (volume.IsPreprocessed)
            throw new HseNetFileException(volume.Source, "is a finished volume without units and spacing",
                "a metadata table only with scans");
        var (x, y) = metadata.SpacingXY ?? (volume.Spacing.X, volume.Spacing.Y);
        (double, double, double) spacing = (x, y, metadata.SpacingZ ?? volume.Spacing.Z);
        if (volume.Orientation is { } orientation && volume.MatrixSpacing is not null && !Agree(volume.Spacing, spacing))
        {
            notes.Add($"the header's orientation {orientation.Code} is not believed: its distances {Shown(volume.Spacing)} mm contradict "
                + $"the table's {Shown(spacing)} mm");
            (volume.Orientation, volume.SlicePositions) = (null, null);
        }
        volume.Spacing = spacing;
        if (metadata is { Slope: null, Intercept: null })
            return options;
        if (options.Preprocessing.Rescale is not null)
            throw new HseNetFileException(volume.Source, "has a scaling in the metadata table and another one besides", "one of them");
        return options with { Preprocessing = options.Preprocessing with { Rescale = (metadata.Slope ?? 1, metadata.Intercept ?? 0) } };
    }

    static bool Agree((double X, double Y, double Z) a, (double X, double Y, double Z) b) =>
        Near(a.X, b.X) && Near(a.Y, b.Y) && Near(a.Z, b.Z);

    static bool Near(double a, double b) => Math.Abs(a - b) <= SpacingTolerance * b;

    static string Shown((double X, double Y, double Z) spacing) =>
        string.Create(CultureInfo.InvariantCulture, $"{spacing.X:G6} × {spacing.Y:G6} × {spacing.Z:G6}");
}
