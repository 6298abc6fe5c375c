// The values of the elements that are read of a file, and the images that they describe: one, or one for each frame.
using System.Globalization;
using System.Text;

namespace HSENet.Runtime;

/// <summary>Raw values, interpreted when they are asked for; those of a frame come before those of all frames, and these before the
/// file's.</summary>
internal sealed class DicomValues(string name, DicomValues? outer = null)
{
    // No element that is wanted is longer, and no frame has more.
    const int LongestValue = 1024;

    readonly Dictionary<uint, string> _texts = [];
    readonly Dictionary<uint, double> _numbers = [];
    readonly List<DicomValues> _frames = [];
    DicomValues? _shared;

    /// <summary>Keeps an element if it is wanted, and goes behind it.</summary>
    public void Take(DicomElements elements, DicomElement element)
    {
        if (element.Tag == DicomTags.SharedGroups)
            elements.ForEachItem(element, item => TakeFrame(_shared ??= new DicomValues(name, this), item));
        else if (element.Tag == DicomTags.FrameGroups)
            elements.ForEachItem(element, item =>
            {
                var frame = new DicomValues(name, this);
                TakeFrame(frame, item);
                _frames.Add(frame);
            });
        else if (element.Length is > 0 and <= LongestValue)
        {
            if (DicomTags.Texts.Contains(element.Tag))
                _texts[element.Tag] = Encoding.Latin1.GetString(elements.Value(element)).Trim(' ', '\0');
            else if (DicomTags.Numbers.Contains(element.Tag) && elements.Number(element) is { } number)
                _numbers[element.Tag] = number;
        }
        elements.Skip(element);
    }

    static void TakeFrame(DicomValues frame, DicomElements groups)
    {
        while (groups.TryNext(out DicomElement group))
        {
            if (DicomTags.FrameSequences.Contains(group.Tag))
                groups.ForEachItem(group, item =>
                {
                    while (item.TryNext(out DicomElement element))
                        frame.Take(item, element);
                });
            groups.Skip(group);
        }
    }

    /// <summary>The text of an element, null if it is missing or empty.</summary>
    public string? Text(uint tag) => _texts.TryGetValue(tag, out string? text) && text.Length > 0 ? text
        : this != outer?._shared && outer?._shared?.Text(tag) is { } shared ? shared : outer?.Text(tag);

    /// <summary>A binary number, null if it is missing.</summary>
    public double? Number(uint tag) => _numbers.TryGetValue(tag, out double number) ? number
        : this != outer?._shared && outer?._shared?.Number(tag) is { } shared ? shared : outer?.Number(tag);

    /// <summary>The images of a file.</summary>
    /// <param name="syntax">Its transfer syntax.</param>
    /// <param name="classUid">Its class.</param>
    /// <param name="pixelBytes">Bytes of its pixel data.</param>
    /// <exception cref="HseNetFileException">An attribute is missing or impossible.</exception>
    public IReadOnlyList<DicomImage> Images(string syntax, string classUid, int pixelBytes)
    {
        int frames = (int)Math.Clamp(Whole(DicomTags.Frames) ?? 1, 1, int.MaxValue);
        if (_frames.Count == 0)
            return [(_shared ?? this).Image(syntax, classUid, pixelBytes) with
            {
                Frames = frames,
                FramesArePlaced = frames == 1,
                InstanceNumber = Whole(DicomTags.InstanceNumber) ?? 0,
            }];
        if (frames != _frames.Count)
            throw Error($"has {frames} frames and tells of {_frames.Count}", "as many");
        int before = (int)Math.Clamp(Number(DicomTags.FirstFrame) ?? 0, 0, int.MaxValue / 2);
        return [.. _frames.Select((frame, i) => frame.Image(syntax, classUid, pixelBytes) with
        {
            Frames = frames,
            Frame = i,
            InstanceNumber = before + i + 1,
        })];
    }

    /// <summary>Study and patient; a hash that differs from run to run stands for the patient.</summary>
    public string StudyKey => $"{Text(DicomTags.StudyUid)}/{Text(DicomTags.PatientId)?.GetHashCode(StringComparison.Ordinal)}";

    DicomImage Image(string syntax, string classUid, int pixelBytes)
    {
        double[]? position = Decimals(DicomTags.Position, 3), directions = Decimals(DicomTags.Orientation, 6),
            spacing = Decimals(DicomTags.PixelSpacing, 2);
        var image = new DicomImage
        {
            File = name,
            TransferSyntax = syntax,
            InstanceUid = Text(DicomTags.InstanceUid) ?? "",
            ClassUid = classUid,
            StudyUid = Text(DicomTags.StudyUid) ?? "",
            SeriesUid = Text(DicomTags.SeriesUid) ?? "",
            StudyKey = StudyKey,
            Modality = "CT",
            ImageType = (Text(DicomTags.FrameType) ?? Text(DicomTags.ImageType) ?? "").ToUpperInvariant(),
            PixelBytes = pixelBytes,
            Rows = Size(DicomTags.Rows),
            Columns = Size(DicomTags.Columns),
            BitsAllocated = Size(DicomTags.BitsAllocated),
            BitsStored = (int)(Number(DicomTags.BitsStored) ?? Size(DicomTags.BitsAllocated)),
            IsSigned = Number(DicomTags.Representation) == 1,
            RescaleSlope = Decimals(DicomTags.Slope, 1)?[0] ?? 1,
            RescaleIntercept = Decimals(DicomTags.Intercept, 1)?[0] ?? 0,
            PixelSpacing = spacing is null ? default : (spacing[0], spacing[1]),
            Position = position is null ? new(double.NaN, double.NaN, double.NaN) : new(position[0], position[1], position[2]),
            RowDirection = directions is null ? default : new(directions[0], directions[1], directions[2]),
            ColumnDirection = directions is null ? default : new(directions[3], directions[4], directions[5]),
            AcquisitionNumber = (int?)Number(DicomTags.FrameAcquisitionNumber) ?? Whole(DicomTags.AcquisitionNumber),
            AcquisitionTime = Text(DicomTags.FrameAcquisitionTime) ?? Text(DicomTags.AcquisitionTime) ?? "",
            ContentTime = Text(DicomTags.ContentTime) ?? "",
            Phase = $"{Number(DicomTags.TemporalIndex)}/{Text(DicomTags.TemporalPosition)}/{Number(DicomTags.CardiacPhase)}/"
                + Text(DicomTags.StackId),
            Unit = Text(DicomTags.Unit)?.ToUpperInvariant() ?? "",
            Reconstruction = $"{Text(DicomTags.Kernel)}/{Text(DicomTags.Thickness)}/{Text(DicomTags.Voltage)}",
        };
        return Checked(image with
        {
            HighBit = (int)(Number(DicomTags.HighBit) ?? image.BitsStored - 1),
            Padding = Padding(image),
        });
    }

    DicomImage Checked(DicomImage image)
    {
        if (image.BitsAllocated is not (8 or 16 or 32) || image.BitsStored < 1 || image.HighBit >= image.BitsAllocated
            || image.BitsStored > image.HighBit + 1)
            throw Error($"stores {image.BitsStored} bits up to bit {image.HighBit} of {image.BitsAllocated}",
                "8, 16 or 32 bits allocated and the stored bits among them");
        if (image.Rows == 0 || image.Columns == 0)
            throw Error("has no rows or no columns", "an image");
        if (image.RescaleSlope == 0)
            throw Error("has a rescale slope of 0", "another");
        return image;
    }

    // US or SS, as the pixels are; the limit may lie on either side.
    (int Low, int High)? Padding(DicomImage image)
    {
        if (Number(DicomTags.Padding) is not { } stated || stated is < 0 or > uint.MaxValue)
            return null;
        int first = Value(stated), last = Number(DicomTags.PaddingLimit) is { } limit and >= 0 and <= uint.MaxValue ? Value(limit) : first;
        return (Math.Min(first, last), Math.Max(first, last));

        int Value(double raw) => image.BitsAllocated == 32 ? (int)(uint)raw : image.IsSigned ? (short)(ushort)raw : (ushort)raw;
    }

    int Size(uint tag) => Number(tag) is { } size and >= 0 and <= ushort.MaxValue ? (int)size
        : throw Error($"does not have the element {DicomElements.Shown(tag)}", "it in every image");

    // Numbers that only sort and count: one that is none is as good as missing.
    int? Whole(uint tag) => double.TryParse(Text(tag), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        && Math.Abs(value) < int.MaxValue / 2 ? (int)value : null;

    double[]? Decimals(uint tag, int count)
    {
        if (Text(tag) is not { } text)
            return null;
        // Some exports write the comma of their country, which DICOM has no use for.
        double[] values = [.. text.Replace(',', '.').Split('\\').Select(part =>
            double.TryParse(part.Trim(' ', '\0'), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value
                : double.NaN)];
        return values.Length == count && values.All(double.IsFinite)
            ? values
            : throw Error($"has an element {DicomElements.Shown(tag)} that is not {count} number{(count > 1 ? "s" : "")}",
                "decimal numbers");
    }

    HseNetFileException Error(string problem, string expected) => new(name, problem, expected);
}
