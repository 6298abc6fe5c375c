// Reads one DICOM file: meta information, the attributes that a volume needs, and where the pixels lie.
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace HSENet.Runtime;

/// <summary>A parsed DICOM image. <see cref="Pixels"/> begins with the value of the pixel data, fragments included if it is
/// encapsulated.</summary>
internal sealed record DicomFile(DicomImage Image, ReadOnlyMemory<byte> Pixels, bool IsEncapsulated, bool IsBigEndian, bool IsWords)
{
    /// <summary>Bytes before the first element: 128 of any content and the letters DICM.</summary>
    public const int PreambleLength = 132;

    // A single image is far smaller; the bound keeps a few bytes of deflated zeros from filling the memory.
    const int MaximumInflated = 1 << 26;

    const uint MetaTransferSyntax = 0x00020010, ImageType = 0x00080008, ClassUid = 0x00080016, InstanceUid = 0x00080018,
        Modality = 0x00080060, StudyUid = 0x0020000D, SeriesUid = 0x0020000E,
        InstanceNumber = 0x00200013, Position = 0x00200032, Orientation = 0x00200037, SamplesPerPixel = 0x00280002, Frames = 0x00280008,
        Rows = 0x00280010, Columns = 0x00280011, PixelSpacing = 0x00280030, BitsAllocated = 0x00280100, BitsStored = 0x00280101,
            HighBit = 0x00280102,
        Representation = 0x00280103, Intercept = 0x00281052, Slope = 0x00281053, PixelData = 0x7FE00010;

    static readonly HashSet<uint> Wanted =
    [
        MetaTransferSyntax, ImageType, ClassUid, InstanceUid, Modality, StudyUid, SeriesUid, InstanceNumber, Position, Orientation,
            SamplesPerPixel,
        Frames, Rows, Columns, PixelSpacing, BitsAllocated, BitsStored, HighBit, Representation, Intercept, Slope,
    ];

    /// <summary>Whether a file that begins with these bytes is DICOM.</summary>
    public static bool IsClaimed(ReadOnlySpan<byte> start) => start.Length >= PreambleLength && start[128..132].SequenceEqual("DICM"u8);

    /// <summary>Reads an image; null if the file is DICOM but holds none with one sample per pixel, as a DICOMDIR, a report or a
    /// screenshot.</summary>
    /// <exception cref="HseNetFileException">It is not DICOM, or damaged, or an attribute is missing or impossible.</exception>
    public static DicomFile? Parse(ReadOnlyMemory<byte> bytes, string name)
    {
        if (!IsClaimed(bytes.Span))
            throw new HseNetFileException(name, "is not a DICOM file", "the letters DICM at byte 128");
        var values = new Values(name);
        var meta = new DicomElements(bytes, name, isExplicit: true, isBigEndian: false) { Position = PreambleLength };
        while (meta.PeekTag() >> 16 == 2)
            values.Take(meta, meta.Next());
        string syntax = values.Text(MetaTransferSyntax)
            ?? throw new HseNetFileException(name, "does not name its transfer syntax", "the element (0002,0010)");

        ReadOnlyMemory<byte> content = bytes[meta.Position..];
        if (syntax == DicomTransferSyntax.DeflatedExplicitLittleEndian)
            content = Inflate(content, name);
        bool bigEndian = syntax == DicomTransferSyntax.ExplicitBigEndian;
        var elements = new DicomElements(content, name, syntax != DicomTransferSyntax.ImplicitLittleEndian, bigEndian);
        while (!elements.IsAtEnd)
        {
            DicomElement element = elements.Next();
            if (element.Tag == PixelData)
                return values.IsColour ? null : new DicomFile(values.Image(syntax),
                    content.Slice(element.Offset, element.Length == DicomElement.UndefinedLength ? content.Length - element.Offset
                    : (int)element.Length),
                    element.Length == DicomElement.UndefinedLength, bigEndian, element.Representation == "OW");
            values.Take(elements, element);
        }
        return null;
    }

    static byte[] Inflate(ReadOnlyMemory<byte> content, string name)
    {
        using var compressed = new MemoryStream(content.ToArray());
        using var inflated = new DeflateStream(compressed, CompressionMode.Decompress);
        return GrowingRead.ToEnd(inflated, MaximumInflated, name);
    }

    // The raw values of the wanted elements, interpreted when all are known.
    sealed class Values(string name)
    {
        readonly Dictionary<uint, string> _texts = [];
        readonly Dictionary<uint, ushort> _numbers = [];

        public void Take(DicomElements elements, DicomElement element)
        {
            if (Wanted.Contains(element.Tag) && element.Length is > 0 and <= 1024)
            {
                if (element.Tag >> 16 == 0x0028
                    && element.Tag is SamplesPerPixel or Rows or Columns or BitsAllocated or BitsStored or HighBit or Representation)
                {
                    if (element.Length == 2)
                        _numbers[element.Tag] = elements.UInt16(element.Offset);
                }
                else
                    _texts[element.Tag] = Encoding.Latin1.GetString(elements.Value(element)).Trim(' ', '\0');
            }
            elements.Skip(element);
        }

        public bool IsColour => _numbers.GetValueOrDefault(SamplesPerPixel, (ushort)1) != 1;

        public string? Text(uint tag) => _texts.GetValueOrDefault(tag);

        public DicomImage Image(string syntax)
        {
            double[]? position = Decimals(Position, 3), directions = Decimals(Orientation, 6), spacing = Decimals(PixelSpacing, 2);
            var image = new DicomImage
            {
                File = name,
                TransferSyntax = syntax,
                InstanceUid = Text(InstanceUid) ?? "",
                ClassUid = Text(ClassUid) ?? "",
                StudyUid = Text(StudyUid) ?? "",
                SeriesUid = Text(SeriesUid) ?? "",
                Modality = Text(Modality) ?? "",
                IsLocalizer = Text(ImageType)?.Split('\\').Contains("LOCALIZER") ?? false,
                InstanceNumber = (int)Math.Clamp(Decimals(InstanceNumber, 1)?[0] ?? 0, int.MinValue, int.MaxValue),
                Frames = (int)Math.Clamp(Decimals(Frames, 1)?[0] ?? 1, 0, int.MaxValue),
                Rows = Number(Rows),
                Columns = Number(Columns),
                BitsAllocated = Number(BitsAllocated),
                BitsStored = Number(BitsStored, BitsAllocated),
                HighBit = _numbers.GetValueOrDefault(HighBit, (ushort)(Number(BitsStored, BitsAllocated) - 1)),
                IsSigned = _numbers.GetValueOrDefault(Representation) == 1,
                RescaleSlope = Decimals(Slope, 1)?[0] ?? 1,
                RescaleIntercept = Decimals(Intercept, 1)?[0] ?? 0,
                PixelSpacing = spacing is null ? default : (spacing[0], spacing[1]),
                Position = position is null ? new(double.NaN, double.NaN, double.NaN) : new(position[0], position[1], position[2]),
                RowDirection = directions is null ? default : new(directions[0], directions[1], directions[2]),
                ColumnDirection = directions is null ? default : new(directions[3], directions[4], directions[5]),
            };
            if (image.BitsAllocated is not (8 or 16 or 32) || image.BitsStored < 1 || image.HighBit >= image.BitsAllocated
                || image.BitsStored > image.HighBit + 1)
                throw Error($"stores {image.BitsStored} bits up to bit {image.HighBit} of {image.BitsAllocated}",
                    "8, 16 or 32 bits allocated and the stored bits among them");
            if (image.Rows == 0 || image.Columns == 0)
                throw Error("has no rows or no columns", "an image");
            return image;
        }

        int Number(uint tag, uint otherwise = 0) =>
            _numbers.TryGetValue(tag, out ushort value) || _numbers.TryGetValue(otherwise, out value)
                ? value
                : throw Error($"does not have the element {DicomElements.Shown(tag)}", "it in every image");

        double[]? Decimals(uint tag, int count)
        {
            if (!_texts.TryGetValue(tag, out string? text) || text.Length == 0)
                return null;
            double[] values = [.. text.Split('\\')
                .Select(part => double.TryParse(part.Trim(' ', '\0'), NumberStyles.Float, CultureInfo.InvariantCulture, out double v) ? v
                : double.NaN)];
            return values.Length == count && values.All(double.IsFinite)
                ? values
                : throw Error($"has an element {DicomElements.Shown(tag)} that is not {count} number{(count > 1 ? "s" : "")}",
                    "decimal numbers");
        }

        HseNetFileException Error(string problem, string expected) => new(name, problem, expected);
    }
}
