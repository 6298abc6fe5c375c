// What a caller may choose about preprocessing, and the sizes that the model wants.
namespace HSENet.Runtime;

/// <summary>Which of the reference's preprocessing scripts is followed.</summary>
public enum PreprocessingPreset
{
    /// <summary>Hounsfield units, resampled to 1.5 × 0.75 × 0.75 mm: what the released models were trained on (CT-RATE,
    /// RadChestCT).</summary>
    Standard,

    /// <summary>The BIMCV-R collection: no resampling; slices scaled by the range of the whole volume and turned the other way.</summary>
    BimcvR,
}

/// <summary>Options of <see cref="Preprocessing"/>.</summary>
public sealed record PreprocessingOptions
{
    /// <summary>Slope and intercept of a collection that keeps its scaling in a table: HU = slope × value + intercept, after the file's
    /// own scaling.</summary>
    public (double Slope, double Intercept)? Rescale { get; init; }

    /// <summary>Whether slices go through JPEG at quality 95, as the reference's files did.</summary>
    public bool SliceJpeg { get; init; }

    /// <summary>Which of the reference's scripts is followed.</summary>
    public PreprocessingPreset Preset { get; init; }

    /// <summary>Whether the scan is brought into the orientation that the model was trained on.</summary>
    public ScanOrientation Orientation { get; init; }

    /// <summary>Where the axes of the scan run, as in <c>LPS</c>, for files that do not say it or say it wrongly
    /// (<see cref="VolumeOrientation.Code"/>); null takes the file's word. A DICOM series keeps its own.</summary>
    public string? StatedOrientation { get; init; }

    /// <summary>Whether a volume is taken that does not look like Hounsfield units.</summary>
    public bool Force { get; init; }
}

/// <summary>The sizes of what a model takes.</summary>
/// <param name="Depth">Slices of the volume.</param>
/// <param name="Height">Rows of the volume.</param>
/// <param name="Width">Columns of the volume.</param>
/// <param name="SliceSide">Rows and columns of a slice image.</param>
/// <param name="Slices">Number of slice images; 0 for a model that looks at no slices.</param>
/// <param name="Own">The model's own preset, if it has one.</param>
sealed record PreprocessingTarget(int Depth, int Height, int Width, int SliceSide = 224, int Slices = 32, OwnPreset? Own = null)
{
    /// <summary>Whether slice images are the slices of the volume instead of the scan's.</summary>
    internal bool SlicesOfVolume { get; init; }

    /// <summary>Slices that are made of the scan.</summary>
    internal int ScanSlices => SlicesOfVolume ? 0 : Slices;

    /// <summary>What the model of this configuration takes.</summary>
    public static PreprocessingTarget Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int[] size = config.Vision.ImgSize;
        return config.SliceEncoder is { } slices
            ? new(size[0], size[1], size[2], slices.ImageSize, slices.Slices, config.Preprocessing)
            {
                SlicesOfVolume = slices.Source == SliceSource.Volume
            }
            : new(size[0], size[1], size[2], Slices: 0, Own: config.Preprocessing);
    }
}
