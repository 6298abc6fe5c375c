// Decodes the frames of compressed DICOM files with fo-dicom.
using System.Runtime.InteropServices;
using FellowOakDicom;
using FellowOakDicom.Imaging.Codec;
using HSENet.Runtime;
using DicomImage = HSENet.Runtime.DicomImage;
using DicomFile = FellowOakDicom.DicomFile;
using DicomTransferSyntax = FellowOakDicom.DicomTransferSyntax;

namespace HSENet.Dicom;

/// <summary>Reads what fo-dicom and its codecs decode.</summary>
public sealed class FoDicomReader : IDicomReader
{
    readonly WeakReference<Opened> _last = new(null!);

    /// <inheritdoc/>
    public bool CanDecode(string transferSyntaxUid)
    {
        if (!DicomUID.IsValidUid(transferSyntaxUid))
            return false;
        return FoDicom.Transcoders.HasCodec(DicomTransferSyntax.Lookup(DicomUID.Parse(transferSyntaxUid)));
    }

    /// <inheritdoc/>
    public void DecodeFrame(ReadOnlyMemory<byte> file, DicomImage image, Span<byte> destination)
    {
        byte[] frame;
        try
        {
            DicomDataset dataset = Open(file);
            frame = new DicomTranscoder(dataset.InternalTransferSyntax, DicomTransferSyntax.ExplicitVRLittleEndian)
                .DecodeFrame(dataset, image.Frame).Data;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Messages of fo-dicom may quote the file's elements: only the kind of failure is told.
            throw new HseNetFileException(image.File, $"has compressed pixels that cannot be decoded ({e.GetType().Name})",
                "an intact file");
        }
        if (frame.Length < destination.Length)
            throw new HseNetFileException(image.File, $"has {frame.Length} bytes of pixels when decoded",
                $"{destination.Length} for its rows and columns");
        frame.AsSpan(0, destination.Length).CopyTo(destination);
    }

    DicomDataset Open(ReadOnlyMemory<byte> file)
    {
        if (_last.TryGetTarget(out Opened? last) && last.File.Equals(file))
            return last.Dataset;
        using var stream = MemoryMarshal.TryGetArray(file, out var bytes)
            ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false) : new MemoryStream(file.ToArray());
        var opened = new Opened(file, DicomFile.Open(stream, FileReadOption.ReadAll).Dataset);
        _last.SetTarget(opened);
        return opened.Dataset;
    }

    // The frames of a file are asked for one after the other.
    sealed record Opened(ReadOnlyMemory<byte> File, DicomDataset Dataset);
}
