// Reads one DICOM file in two steps: what selects it (modality, class, series), and, if it is used, its images and where the pixels lie.
using System.IO.Compression;

namespace HSENet.Runtime;

/// <summary>
/// A DICOM file. Parsing never fails: what is damaged or missing is an error of <see cref="Images"/>, since a file that no volume is made
/// of may be as it likes.
/// </summary>
internal sealed class DicomFile
{
    /// <summary>Bytes before the first element: 128 of any content and the letters DICM.</summary>
    public const int PreambleLength = 132;

    // A single image is far smaller; the bound keeps a few bytes of deflated zeros from filling the memory.
    const int MaximumInflated = 1 << 26;

    const string CtClass = "1.2.840.10008.5.1.4.1.1.2", SecondaryCaptures = "1.2.840.10008.5.1.4.1.1.7";

    readonly string _name;
    readonly DicomValues _values;
    readonly bool _hasPixels;
    HseNetFileException? _damage;
    IReadOnlyList<DicomImage>? _images;

    /// <summary>Begins with the value of the pixel data, fragments included if it is encapsulated, as far as it is at hand.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>Where in the file the pixels begin that are neither compressed nor deflated; null for others.</summary>
    public long? PixelOffset { get; }

    /// <summary>Bytes of pixel data as the file states them.</summary>
    public int PixelBytes { get; }

    /// <summary>Whether the beginning that was read does not reach as far as the pixels.</summary>
    public bool IsCut { get; }

    public bool IsEncapsulated { get; }

    public bool IsBigEndian { get; }

    public bool IsWords { get; }

    /// <summary>Whether it claims to be a CT image: by its modality, or by its class where it has none.</summary>
    public bool IsCt => Modality == "CT" ? IsImage : Modality.Length == 0 && IsCtClass(Class);

    /// <summary>Whether it is an image at all, as a DICOMDIR, a report or a plan is none.</summary>
    public bool IsImage => _hasPixels || IsCtClass(Class) || Class.Length == 0;

    /// <summary>Whether it ended before it said what it is.</summary>
    public bool IsUnknown => !_hasPixels && Modality.Length == 0 && Class.Length == 0;

    /// <summary>Why it has no images.</summary>
    public HseNetFileException Damage => _damage ??= new HseNetFileException(_name, "has no pixel data", "an image");

    /// <summary>Whether it is an image in colour, as a screenshot.</summary>
    public bool IsColour => _values.Number(DicomTags.SamplesPerPixel) is > 1;

    /// <summary>SeriesInstanceUID; empty if it is not known.</summary>
    public string SeriesUid => _values.Text(DicomTags.SeriesUid) ?? "";

    /// <summary>StudyInstanceUID; empty if it is not known.</summary>
    public string StudyUid => _values.Text(DicomTags.StudyUid) ?? "";

    /// <inheritdoc cref="DicomImage.StudyKey"/>
    public string StudyKey => _values.StudyKey;

    string Modality => _values.Text(DicomTags.Modality)?.ToUpperInvariant() ?? "";

    string Class => _values.Text(DicomTags.ClassUid) ?? _values.Text(DicomTags.MetaClassUid) ?? "";

    /// <summary>CT Image Storage, Enhanced CT, and CT images that were made into such.</summary>
    static bool IsCtClass(string uid) => uid is CtClass or CtClass + ".1" or CtClass + ".2";

    /// <summary>Whether a class is that of a secondary capture, single or multi-frame.</summary>
    public static bool IsCapture(string classUid) => classUid == SecondaryCaptures || classUid.StartsWith(SecondaryCaptures + ".",
        StringComparison.Ordinal);

    /// <summary>Whether a file that begins with these bytes is DICOM, with or without a preamble.</summary>
    public static bool IsClaimed(ReadOnlySpan<byte> start) => FirstElement(start) is not null;

    // Without DICM, the first element must be one that files begin with, of at most 255 bytes if it is implicit.
    static int? FirstElement(ReadOnlySpan<byte> start)
    {
        if (start.Length >= PreambleLength && start[128..132].SequenceEqual("DICM"u8))
            return PreambleLength;
        int first = start.StartsWith("DICM"u8) ? 4 : 0;
        ReadOnlySpan<byte> element = start[first..];
        if (element.Length < 12 || (element[0] | element[1]) is not (2 or 8) || (element[0] & element[1]) != 0)
            return null;
        bool isBigEndian = element[0] == 0;
        if (element[isBigEndian ? 2 : 3] != 0 || element[isBigEndian ? 3 : 2] > 0x18)
            return null;
        bool isExplicit = char.IsAsciiLetterUpper((char)element[4]) && char.IsAsciiLetterUpper((char)element[5]);
        return isExplicit || element[4] > 0 && element[5..8].IndexOfAnyExcept((byte)0) < 0 ? first : null;
    }

    /// <summary>Reads as far as the pixels, or as far as it goes.</summary>
    /// <param name="bytes">The file, or its beginning.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="missing">How many bytes follow.</param>
    /// <param name="cancellation">Ends it while it decompresses.</param>
    public static DicomFile Parse(ReadOnlyMemory<byte> bytes, string name, long missing = 0, CancellationToken cancellation = default) =>
        new(bytes, name, missing, cancellation);

    DicomFile(ReadOnlyMemory<byte> bytes, string name, long missing, CancellationToken cancellation)
    {
        _name = name;
        _values = new DicomValues(name);
        if (FirstElement(bytes.Span) is not { } first)
        {
            _damage = new HseNetFileException(name, "is not a DICOM file", "the letters DICM at byte 128");
            return;
        }
        try
        {
            var meta = new DicomElements(bytes, name, isExplicit: true, isBigEndian: false) { Position = first };
            while (meta.PeekTag() >> 16 == 2)
                _values.Take(meta, meta.Next());
            string? syntax = _values.Text(DicomTags.MetaTransferSyntax);
            ReadOnlyMemory<byte> content = bytes[meta.Position..];
            if (syntax == DicomTransferSyntax.DeflatedExplicitLittleEndian)
            {
                if (IsCut = missing > 0)
                    return;
                content = Inflate(content, name, cancellation);
            }
            // The group of the first element is below 256.
            IsBigEndian = content.Length >= 2 && content.Span[0] == 0 && content.Span[1] != 0;
            var elements = new DicomElements(content, name, syntax != DicomTransferSyntax.ImplicitLittleEndian, IsBigEndian,
                missing: missing);
            while (elements.TryNext(out DicomElement element))
            {
                if (element.Tag == DicomTags.PixelData)
                {
                    _hasPixels = true;
                    IsEncapsulated = element.Length == DicomElement.UndefinedLength;
                    IsWords = element.Representation == "OW";
                    long stated = IsEncapsulated ? content.Length - element.Offset + missing : element.Length;
                    PixelBytes = (int)Math.Min(stated, int.MaxValue);
                    Pixels = content.Slice(element.Offset, Math.Min(PixelBytes, content.Length - element.Offset));
                    if (!IsEncapsulated && syntax != DicomTransferSyntax.DeflatedExplicitLittleEndian)
                        PixelOffset = meta.Position + element.Offset;
                    return;
                }
                _values.Take(elements, element);
            }
        }
        catch (HseNetFileException e)
        {
            _damage = e;
        }
        IsCut = missing > 0;
    }

    /// <summary>Its frames.</summary>
    /// <exception cref="HseNetFileException">It is damaged, or an attribute is missing or impossible.</exception>
    public IReadOnlyList<DicomImage> Images
    {
        get
        {
            if (_damage is not null)
                throw _damage;
            return _images ??= _hasPixels ? _values.Images(Syntax(), Class, PixelBytes)
                : throw Damage;
        }
    }

    // Uncompressed pixels say themselves how they are stored.
    string Syntax() => _values.Text(DicomTags.MetaTransferSyntax)
        ?? (IsEncapsulated ? throw (_damage = new HseNetFileException(_name, "does not name the compression of its pixels",
            "the element (0002,0010)"))
            : IsBigEndian ? DicomTransferSyntax.ExplicitBigEndian : DicomTransferSyntax.ExplicitLittleEndian);

    static byte[] Inflate(ReadOnlyMemory<byte> content, string name, CancellationToken cancellation)
    {
        using var compressed = new MemoryStream(content.ToArray());
        using var inflated = new DeflateStream(compressed, CompressionMode.Decompress);
        return GrowingRead.ToEnd(inflated, MaximumInflated, name, "decompresses to too much", cancellation);
    }
}
