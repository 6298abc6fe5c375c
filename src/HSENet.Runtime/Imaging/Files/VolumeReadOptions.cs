// How a volume is read from files.
namespace HSENet.Runtime;

/// <summary>How volumes are read.</summary>
public sealed record VolumeReadOptions
{
    /// <summary>The most memory that the voxels of a volume may take, in bytes; a larger one is refused before anything is
    /// allocated.</summary>
    public long MaximumBytes { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>SeriesInstanceUID of the DICOM series to read; null for the best CT series: axial before others, then of more slices, then
    /// of thinner ones; reformatted images and screenshots last.</summary>
    public string? SeriesUid { get; init; }

    /// <summary>Which acquisition of a series that holds several: its AcquisitionNumber, or its place among them from 1 if these tell
    /// nothing apart; null for the one with most slices.</summary>
    public int? Acquisition { get; init; }

    /// <summary>Whether a DICOM series with missing slices is read all the same; each gap is filled by interpolation.</summary>
    public bool AllowGaps { get; init; }

    /// <summary>Bytes of a zip or DICOM file in a stream that are kept in memory at most.</summary>
    internal int MostKept { get; init; } = 1 << 30;

    /// <summary>Stops reading between two pieces of the file.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Reads the pixels of compressed DICOM files; null if there is no such reader.</summary>
    public IDicomReader? DicomReader { get; init; }

    /// <summary>Which of several studies (<see cref="DicomImage.StudyKey"/>); null for any.</summary>
    internal string? StudyKey { get; init; }

    /// <summary>Whether a folder of several studies is refused instead of the best being taken: what is said of one must not be of
    /// another.</summary>
    internal bool RefusesSeveralStudies { get; init; }

    /// <summary>Whether a .npy file may hold a matrix: slice features do, a volume never.</summary>
    internal bool TakesMatrices { get; init; }
}
