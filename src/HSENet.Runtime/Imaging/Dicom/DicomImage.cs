// What a DICOM file says about its image, and the seam for readers of compressed pixels.
namespace HSENet.Runtime;

/// <summary>
/// The attributes of a DICOM image, or of a frame of one, that a volume needs. Nothing that identifies a patient is kept: no name, no date,
/// no institution; of a number that tells patients apart, a hash that only this run of the program knows.
/// </summary>
public sealed record DicomImage
{
    /// <summary>The file's name in messages.</summary>
    public required string File { get; init; }

    /// <summary>UID of the encoding of the pixels.</summary>
    public required string TransferSyntax { get; init; }

    /// <summary>SOPInstanceUID; equal for copies of one image.</summary>
    public required string InstanceUid { get; init; }

    /// <summary>SOPClassUID: the kind of image.</summary>
    public string ClassUid { get; init; } = "";

    /// <summary>StudyInstanceUID.</summary>
    public string StudyUid { get; init; } = "";

    /// <summary>SeriesInstanceUID.</summary>
    public required string SeriesUid { get; init; }

    /// <summary>Modality, such as <c>CT</c>.</summary>
    public required string Modality { get; init; }

    /// <summary>InstanceNumber, or that of the frame; 0 if there is none.</summary>
    public int InstanceNumber { get; init; }

    /// <summary>Number of frames in the file.</summary>
    public int Frames { get; init; } = 1;

    /// <summary>Which of them this is, counted from 0.</summary>
    public int Frame { get; init; }

    /// <summary>Number of rows of pixels.</summary>
    public int Rows { get; init; }

    /// <summary>Number of columns of pixels.</summary>
    public int Columns { get; init; }

    /// <summary>Bits of memory of a pixel: 8, 16 or 32.</summary>
    public int BitsAllocated { get; init; }

    /// <summary>Bits of these that hold the value.</summary>
    public int BitsStored { get; init; }

    /// <summary>The highest of these, counted from 0.</summary>
    public int HighBit { get; init; }

    /// <summary>Whether the value is in two's complement.</summary>
    public bool IsSigned { get; init; }

    /// <summary>Hounsfield units = slope × value + intercept.</summary>
    public double RescaleSlope { get; init; } = 1;

    /// <summary>See <see cref="RescaleSlope"/>.</summary>
    public double RescaleIntercept { get; init; }

    /// <summary>Distance in mm of rows (first) and of columns.</summary>
    public (double Row, double Column) PixelSpacing { get; init; }

    /// <summary>Centre of the first pixel.</summary>
    public PatientVector Position { get; init; }

    /// <summary>Direction in which the column index grows.</summary>
    public PatientVector RowDirection { get; init; }

    /// <summary>Direction in which the row index grows.</summary>
    public PatientVector ColumnDirection { get; init; }

    /// <summary>Whether a file of several frames says where each lies.</summary>
    internal bool FramesArePlaced { get; init; } = true;

    /// <summary>ImageType, or a frame's FrameType, in capitals.</summary>
    internal string ImageType { get; init; } = "";

    /// <summary>Equal for the images of one study of one patient, within a run of the program; names neither.</summary>
    internal string StudyKey { get; init; } = "";

    /// <summary>AcquisitionNumber, if there is one.</summary>
    internal int? AcquisitionNumber { get; init; }

    /// <summary>When it was acquired; tells acquisitions apart and appears in no message.</summary>
    internal string AcquisitionTime { get; init; } = "";

    /// <summary>When it was made of that; the same holds.</summary>
    internal string ContentTime { get; init; } = "";

    /// <summary>Temporal position, cardiac phase and stack.</summary>
    internal string Phase { get; init; } = "";

    /// <summary>RescaleType: what the rescaled values are, if it is said; US is unspecified.</summary>
    internal string Unit { get; init; } = "";

    /// <summary>Convolution kernel, slice thickness and voltage.</summary>
    internal string Reconstruction { get; init; } = "";

    /// <summary>PixelPaddingValue, or the range to its limit: stored values that are no measurement.</summary>
    internal (int Low, int High)? Padding { get; init; }

    /// <summary>Bytes of the file's pixel data, all frames and compressed as they are.</summary>
    internal int PixelBytes { get; init; }

    /// <summary>Type of a value.</summary>
    internal DataType Type => (BitsAllocated, IsSigned) switch
    {
        (8, false) => DataType.U8,
        (8, true) => DataType.I8,
        (16, false) => DataType.U16,
        (16, true) => DataType.I16,
        (32, false) => DataType.U32,
        _ => DataType.I32,
    };

    /// <summary>Bytes of one frame: rows × columns × bytes of a pixel.</summary>
    public long FrameBytes => (long)Rows * Columns * (BitsAllocated / 8);
}

/// <summary>
/// Gets the pixels out of DICOM files. The library has one for uncompressed and run-length encoded files; one on fo-dicom serves the other
/// transfer syntaxes when the program is built with it (<see cref="VolumeReadOptions.DicomReader"/>).
/// </summary>
public interface IDicomReader
{
    /// <summary>Whether frames of this transfer syntax can be decoded.</summary>
    bool CanDecode(string transferSyntaxUid);

    /// <summary>Decodes one frame of a file.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="image">The attributes of the frame, <see cref="DicomImage.Frame"/> among them.</param>
    /// <param name="destination">Gets <see cref="DicomImage.FrameBytes"/> bytes: row by row, little-endian, in the allocated width.</param>
    /// <exception cref="HseNetFileException">The pixels are damaged.</exception>
    void DecodeFrame(ReadOnlyMemory<byte> file, DicomImage image, Span<byte> destination);
}
