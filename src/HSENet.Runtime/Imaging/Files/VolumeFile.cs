// Opens a volume, whatever its format; the content decides, not the name.
using System.IO.Compression;

namespace HSENet.Runtime;

/// <summary>Reads volumes from files and streams.</summary>
static class VolumeFile
{
    /// <summary>What is read, in messages.</summary>
    internal const string Formats = "NIfTI (.nii, .nii.gz, .hdr with .img), NumPy (.npy), DICOM (a folder), or a zip of one of these";

    /// <summary>
    /// Reads NIfTI-1 and NIfTI-2 (.nii, .nii.gz, a pair by either name), NumPy's .npy, and DICOM files. A folder or zip stands for the scan
    /// in it; ARCHIVE.zip/NAME, ARCHIVE.npz/KEY and the like for what has this name there.
    /// </summary>
    /// <exception cref="HseNetFileException">The file is missing, damaged or of another format; the message names it and the
    /// reason.</exception>
    /// <exception cref="OperationCanceledException">Reading was cancelled.</exception>
    public static VoxelVolume Read(string path, VolumeReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        if (Directory.Exists(path))
            return Read(ScanContents.OfFolder(path), options);
        if (ScanContents.Split(path) is var (archive, name))
            return Read(ScanContents.OfZip(archive, name), options);
        path = NiftiPair.HeaderOf(path);
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16,
                FileOptions.SequentialScan);
            // A pipe cannot be looked at twice: it holds what a stream may hold.
            if (!stream.CanSeek)
                return Read(stream, path, options, null);
            Span<byte> start = stackalloc byte[DicomFile.PreambleLength];
            start = start[..GrowingRead.AsFarAsPossible(stream, start, path)];
            if (DicomFile.IsClaimed(start))
                return DicomVolume.Read(path, [DicomSource.FromFile(path)], options);
            if (ScanFile.IsZip(start))
                return Read(ScanContents.OfZip(path), options);
            stream.Position = 0;
            return Read(stream, path, options, () => NiftiPair.OpenImage(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }

    /// <summary>Reads a file that was found to be a NIfTI volume or a NumPy array.</summary>
    internal static VoxelVolume Read(ScanFile file, Func<Stream> openImage, VolumeReadOptions options)
    {
        using Stream content = file.Open();
        return Read(content, file.Name, options, openImage);
    }

    static VoxelVolume Read(ScanContents contents, VolumeReadOptions options)
    {
        using (contents)
            return contents.Read(options);
    }

    /// <summary>Whether a folder, or one below it, holds DICOM files, whatever else it holds.</summary>
    /// <exception cref="HseNetFileException">A folder cannot be listed.</exception>
    internal static bool IsDicomFolder(string path) =>
        Directory.Exists(path) && FolderWalk.Files(path).Exists(file => ScanFile.At(file).Format == ScanFormat.Dicom);

    /// <summary>Reads a NIfTI single file (compressed or not), a .npy file, a zip or a DICOM file from a stream, from where it stands; it
    /// need not be seekable. The last two are kept in memory.</summary>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How to read.</param>
    /// <exception cref="ArgumentException">The stream is closed or cannot be read.</exception>
    /// <exception cref="HseNetFileException">The content is damaged or of another format; what the stream itself throws comes as it
    /// is.</exception>
    /// <exception cref="OperationCanceledException">Reading was cancelled.</exception>
    public static VoxelVolume Read(Stream stream, string name, VolumeReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!stream.CanRead)
            throw new ArgumentException($"{name}: the stream is closed or cannot be read", nameof(stream));
        using var watched = new WatchedStream(stream);
        try
        {
            return Read(watched, name, options ?? new(), null);
        }
        catch (HseNetFileException) when (watched.Failure is not null)
        {
            watched.Failure.Throw();
            throw;
        }
    }

    static VoxelVolume Read(Stream stream, string name, VolumeReadOptions options, Func<Stream>? openImage)
    {
        using var peeked = new PeekedStream(stream, name);
        if (peeked.Head is not [0x1f, 0x8b, ..])
            return ReadPlain(peeked, name, options, openImage);
        using var inflated = new GZipStream(peeked, CompressionMode.Decompress, leaveOpen: true);
        using var content = new PeekedStream(inflated, name);
        VoxelVolume volume = ReadPlain(content, name, options, openImage);
        // The checksum of compressed data stands at its end and is compared when that is reached.
        GrowingRead.AsFarAsPossible(content, stackalloc byte[1], name);
        return volume;
    }

    static byte[] Kept(PeekedStream content, string name, VolumeReadOptions options) => GrowingRead.ToEnd(content, options.MostKept, name,
        "holds more than is kept in memory of a zip or DICOM file that comes as a stream", options.Cancellation);

    static VoxelVolume ReadPlain(PeekedStream content, string name, VolumeReadOptions options, Func<Stream>? openImage)
    {
        if (content.Head.IsEmpty)
            throw new HseNetFileException(name, "is empty", "a NIfTI or NumPy file");
        if (NumpyFile.IsClaimed(content.Head))
            return NumpyFile.ReadVolume(content, name, options);
        if (NiftiHeader.IsClaimed(content.Head))
            return NiftiFile.Read(content, name, options, openImage);
        if (ScanFile.IsZip(content.Head))
            return Read(ScanContents.OfZip(FileBytes.FromArray(name, Kept(content, name, options))), options);
        if (DicomFile.IsClaimed(content.Head))
            return DicomVolume.Read(name, [DicomSource.FromBytes(name, Kept(content, name, options))], options);
        throw ForeignContent.Refusal(name, content.Head, Formats);
    }
}
