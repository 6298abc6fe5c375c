// The elements that are read of a DICOM file; no others are looked at. A patient's number tells patients apart and goes nowhere.
namespace HSENet.Runtime;

internal static class DicomTags
{
    public const uint MetaClassUid = 0x00020002, MetaTransferSyntax = 0x00020010, ImageType = 0x00080008, ClassUid = 0x00080016,
        InstanceUid = 0x00080018, AcquisitionTime = 0x00080032, ContentTime = 0x00080033, Modality = 0x00080060, FrameType = 0x00089007,
        PatientId = 0x00100020, Thickness = 0x00180050, Voltage = 0x00180060, Kernel = 0x00181210, FrameAcquisitionTime = 0x00189074,
            StudyUid = 0x0020000D, SeriesUid = 0x0020000E,
        AcquisitionNumber = 0x00200012, InstanceNumber = 0x00200013, Position = 0x00200032, Orientation = 0x00200037,
        TemporalPosition = 0x00200100, StackId = 0x00209056, TemporalIndex = 0x00209128, FrameAcquisitionNumber = 0x00209156,
        FirstFrame = 0x00209228, CardiacPhase = 0x00209241, SamplesPerPixel = 0x00280002, Frames = 0x00280008, Rows = 0x00280010,
        Columns = 0x00280011, PixelSpacing = 0x00280030, BitsAllocated = 0x00280100, BitsStored = 0x00280101, HighBit = 0x00280102,
        Representation = 0x00280103, Padding = 0x00280120, PaddingLimit = 0x00280121, Intercept = 0x00281052, Slope = 0x00281053,
            Unit = 0x00281054,
        SharedGroups = 0x52009229, FrameGroups = 0x52009230, PixelData = 0x7FE00010;

    /// <summary>Texts of the data set or of a frame's groups.</summary>
    public static readonly HashSet<uint> Texts =
    [
        MetaClassUid, MetaTransferSyntax, ImageType, ClassUid, InstanceUid, AcquisitionTime, ContentTime, Modality, FrameType, PatientId,
            Thickness, Voltage,
            Kernel,
        FrameAcquisitionTime, StudyUid, SeriesUid, AcquisitionNumber, InstanceNumber, Position, Orientation, TemporalPosition, StackId,
            Frames,
        PixelSpacing, Intercept, Slope, Unit,
    ];

    /// <summary>Binary numbers.</summary>
    public static readonly HashSet<uint> Numbers =
    [
        TemporalIndex, FrameAcquisitionNumber, FirstFrame, CardiacPhase, SamplesPerPixel, Rows, Columns, BitsAllocated, BitsStored, HighBit,
        Representation, Padding, PaddingLimit,
    ];

    /// <summary>The sequences of a frame's groups that hold some of these: CT frame type, reconstruction, cardiac phase, frame content,
    /// position, orientation, temporal position, pixel measures, rescaling.</summary>
    public static readonly HashSet<uint> FrameSequences =
        [0x00189329, 0x00189314, 0x00189118, 0x00209111, 0x00209113, 0x00209116, 0x00209310, 0x00289110, 0x00289145];
}
