// Decodes the frames of uncompressed and run-length encoded DICOM files.
using System.Buffers.Binary;

namespace HSENet.Runtime;

internal sealed class BuiltInDicomReader : IDicomReader
{
    const int RunLengthHeader = 64;

    public bool CanDecode(string transferSyntaxUid) => transferSyntaxUid
        is DicomTransferSyntax.ImplicitLittleEndian or DicomTransferSyntax.ExplicitLittleEndian
            or DicomTransferSyntax.DeflatedExplicitLittleEndian
        or DicomTransferSyntax.ExplicitBigEndian or DicomTransferSyntax.RunLength;

    public void DecodeFrame(ReadOnlyMemory<byte> file, DicomImage image, Span<byte> destination) =>
        DecodeFrame(DicomFile.Parse(file, image.File), image, destination);

    /// <summary>Decodes a frame of a file that was parsed already.</summary>
    /// <param name="file">The file, with its pixels at hand unless they are read from the stream.</param>
    /// <param name="image">The frame.</param>
    /// <param name="destination">Gets its pixels.</param>
    /// <param name="pixels">The file itself if pixels that are not compressed are to be read from it.</param>
    public static void DecodeFrame(DicomFile file, DicomImage image, Span<byte> destination, Stream? pixels = null)
    {
        if (file.Images.Count <= image.Frame || file.Images[image.Frame] != image)
            throw new HseNetFileException(image.File, "has changed while it was read", "the file as it was");
        if (file.IsEncapsulated != (image.TransferSyntax == DicomTransferSyntax.RunLength))
            throw new HseNetFileException(image.File, "has pixel data of another form than its transfer syntax says",
                DicomTransferSyntax.Describe(image.TransferSyntax));
        if (file.IsEncapsulated)
            DecodeRunLength(Fragment(file.Pixels, image), image, destination);
        else
        {
            CopyNative(file, image, destination, pixels);
            if (file.IsBigEndian)
                Swap(file, image, destination);
        }
    }

    static void CopyNative(DicomFile file, DicomImage image, Span<byte> destination, Stream? pixels)
    {
        long first = image.Frame * image.FrameBytes;
        if (file.PixelBytes - first < destination.Length)
            throw new HseNetFileException(image.File, $"has {file.PixelBytes} bytes of pixels",
                $"{first + destination.Length} for its rows and columns");
        if (pixels is null)
        {
            file.Pixels.Span.Slice((int)first, destination.Length).CopyTo(destination);
            return;
        }
        pixels.Position = file.PixelOffset!.Value + first;
        if (GrowingRead.AsFarAsPossible(pixels, destination, image.File) < destination.Length)
            throw new HseNetFileException(image.File, "has changed while it was read", "the file as it was");
    }

    // Bytes in words of 16 bits are swapped like any word.
    static void Swap(DicomFile file, DicomImage image, Span<byte> destination)
    {
        int size = image.BitsAllocated / 8;
        int unit = size == 1 && file.IsWords ? 2 : size;
        if (size < unit && destination.Length % 2 != 0)
            throw new HseNetFileException(image.File, "has an odd number of 8-bit pixels in big-endian words", "an even number");
        for (int i = 0; unit > 1 && i < destination.Length; i += unit)
            destination.Slice(i, unit).Reverse();
    }

    // An item with the table of offsets, which may be empty, an item for each frame, the end of the sequence.
    static ReadOnlySpan<byte> Fragment(ReadOnlyMemory<byte> pixels, DicomImage image)
    {
        var items = new DicomElements(pixels, image.File, isExplicit: false, isBigEndian: false);
        items.Skip(NextItem());
        for (int before = 0; before < image.Frame; before++)
            items.Skip(NextItem());
        DicomElement frame = NextItem();
        items.Skip(frame);
        if (image.Frame == image.Frames - 1 && items.Next().Tag != DicomElements.SequenceEnd)
            throw new HseNetFileException(image.File, "has a run-length encoded frame in several fragments", "one for each frame");
        return items.Value(frame);

        DicomElement NextItem() => items.Next() is { Tag: DicomElements.Item, Length: not DicomElement.UndefinedLength } item
            ? item
            : throw new HseNetFileException(image.File, "has encapsulated pixel data with too few items", "one for each frame");
    }

    // PS3.5, annex G: up to 15 segments, one for each byte of a pixel, the highest first.
    static void DecodeRunLength(ReadOnlySpan<byte> frame, DicomImage image, Span<byte> destination)
    {
        int size = image.BitsAllocated / 8;
        if (frame.Length < RunLengthHeader || BinaryPrimitives.ReadUInt32LittleEndian(frame) != size)
            throw new HseNetFileException(image.File, "has a run-length encoded frame whose header is damaged", $"{size} segments");
        for (int segment = 0; segment < size; segment++)
        {
            uint start = BinaryPrimitives.ReadUInt32LittleEndian(frame[(4 + 4 * segment)..]);
            uint end = segment + 1 < size ? BinaryPrimitives.ReadUInt32LittleEndian(frame[(8 + 4 * segment)..]) : (uint)frame.Length;
            if (start < RunLengthHeader || start > end || end > frame.Length)
                throw new HseNetFileException(image.File, "has a run-length encoded frame whose segments overlap or leave it",
                    "segments one behind the other");
            DecodeSegment(frame[(int)start..(int)end], destination[(size - 1 - segment)..], size, image.File);
        }
    }

    // Writes every step-th byte until the plane is full.
    static void DecodeSegment(ReadOnlySpan<byte> runs, Span<byte> destination, int step, string name)
    {
        int read = 0;
        for (int written = 0; written < destination.Length;)
        {
            if (read + 1 >= runs.Length)
                throw new HseNetFileException(name, "has a run-length encoded frame that ends too early",
                    $"{destination.Length} bytes of pixels");
            sbyte control = (sbyte)runs[read++];
            if (control == sbyte.MinValue)
                continue;
            int count = control >= 0 ? control + 1 : 1 - control;
            if (control >= 0 && count > runs.Length - read)
                throw new HseNetFileException(name, "has a run-length encoded frame that ends too early",
                    $"{destination.Length} bytes of pixels");
            for (int i = 0; i < count && written < destination.Length; i++, written += step)
                destination[written] = runs[control >= 0 ? read + i : read];
            read += control >= 0 ? count : 1;
        }
    }
}
