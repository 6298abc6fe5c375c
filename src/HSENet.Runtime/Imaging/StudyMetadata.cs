// Combines what a collection's table says of a volume with what its file says.
namespace HSENet.Runtime;

static class StudyMetadata
{
    /// <summary>Puts the table's spacing into the volume and gives options in which its scaling follows the file's own.</summary>
    /// <exception cref="HseNetFileException">The volume is DICOM or finished, or a scaling was given besides.</exception>
    public static CtStudyOptions Apply(VolumeMetadata metadata, VoxelVolume volume, CtStudyOptions options)
    {
        // The table's columns are named after DICOM's attributes: applied to DICOM they would count twice.
        if (volume.DicomImages.Count > 0)
            throw new HseNetFileException(volume.Source, "is DICOM, which has its own scaling and spacing",
                "a metadata table only with NIfTI volumes");
        if (volume.IsPreprocessed)
            throw new HseNetFileException(volume.Source, "is a finished volume without units and spacing",
                "a metadata table only with scans");
        var (x, y) = metadata.SpacingXY ?? (volume.Spacing.X, volume.Spacing.Y);
        volume.Spacing = (x, y, metadata.SpacingZ ?? volume.Spacing.Z);
        if (metadata is { Slope: null, Intercept: null })
            return options;
        if (options.Preprocessing.Rescale is not null)
            throw new HseNetFileException(volume.Source, "has a scaling in the metadata table and another one besides", "one of them");
        return options with { Preprocessing = options.Preprocessing with { Rescale = (metadata.Slope ?? 1, metadata.Intercept ?? 0) } };
    }
}
