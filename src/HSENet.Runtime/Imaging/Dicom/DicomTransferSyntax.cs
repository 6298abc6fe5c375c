// The encodings of DICOM files by their UIDs.
namespace HSENet.Runtime;

internal static class DicomTransferSyntax
{
    public const string ImplicitLittleEndian = "1.2.840.10008.1.2";
    public const string ExplicitLittleEndian = "1.2.840.10008.1.2.1";
    public const string DeflatedExplicitLittleEndian = "1.2.840.10008.1.2.1.99";
    public const string ExplicitBigEndian = "1.2.840.10008.1.2.2";
    public const string RunLength = "1.2.840.10008.1.2.5";

    static readonly Dictionary<string, string> Names = new()
    {
        [ImplicitLittleEndian] = "Implicit VR Little Endian",
        [ExplicitLittleEndian] = "Explicit VR Little Endian",
        [DeflatedExplicitLittleEndian] = "Deflated Explicit VR Little Endian",
        [ExplicitBigEndian] = "Explicit VR Big Endian",
        [RunLength] = "RLE Lossless",
        ["1.2.840.10008.1.2.4.50"] = "JPEG Baseline (Process 1)",
        ["1.2.840.10008.1.2.4.51"] = "JPEG Extended (Process 2 and 4)",
        ["1.2.840.10008.1.2.4.57"] = "JPEG Lossless (Process 14)",
        ["1.2.840.10008.1.2.4.70"] = "JPEG Lossless (Process 14, Selection Value 1)",
        ["1.2.840.10008.1.2.4.80"] = "JPEG-LS Lossless",
        ["1.2.840.10008.1.2.4.81"] = "JPEG-LS Near-Lossless",
        ["1.2.840.10008.1.2.4.90"] = "JPEG 2000 Lossless",
        ["1.2.840.10008.1.2.4.91"] = "JPEG 2000",
        ["1.2.840.10008.1.2.4.110"] = "JPEG XL Lossless",
        ["1.2.840.10008.1.2.4.112"] = "JPEG XL",
        ["1.2.840.10008.1.2.4.201"] = "High-Throughput JPEG 2000 Lossless",
        ["1.2.840.10008.1.2.4.202"] = "High-Throughput JPEG 2000 with RPCL Lossless",
        ["1.2.840.10008.1.2.4.203"] = "High-Throughput JPEG 2000",
    };

    /// <summary>Name and UID for messages.</summary>
    public static string Describe(string uid) =>
        Names.TryGetValue(uid, out string? name) ? $"{name} ({uid})" : $"{HseNetFileException.Quote(uid)}";
}
