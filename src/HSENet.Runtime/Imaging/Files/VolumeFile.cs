// Opens a volume, whatever its format; the content decides, not the name.
using System.IO.Compression;

namespace HSENet.Runtime;

/// <summary>Reads volumes from files and streams.</summary>
static class VolumeFile
{
    /// <summary>What is read, in messages.</summary>
    internal const string Formats = "NIfTI (.nii, .nii.gz, .hdr with .img), NumPy (.npy) or DICOM (a folder or .zip)";

    /// <summary>
    /// Reads NIfTI-1 and NIfTI-2 (.nii, .nii.gz, a pair by either name), NumPy's .npy, and DICOM: a folder with everything below it, or a
    /// zip file.
    /// </summary>
    /// <exception cref="HseNetFileException">The file is missing, damaged or of another format; the message names it and the
    /// reason.</exception>
    /// <exception cref="OperationCanceledException">Reading was cancelled.</exception>
    public static VoxelVolume Read(string path, VolumeReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new();
        if (Directory.Exists(path))
            return DicomVolume.Read(path, DicomSource.FromFolder(path), options);
        string header = Path.ChangeExtension(path, ".hdr");
        if (Path.GetExtension(path) == ".img" && File.Exists(header))
            path = header;
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
            if (start is [(byte)'P', (byte)'K', 3, 4, ..])
                return ReadZip(path, options);
            stream.Position = 0;
            return Read(stream, path, options, () => NiftiFile.OpenImage(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }

    /// <summary>Whether a folder, or one below it, holds DICOM files, whatever else it holds.</summary>
    /// <exception cref="HseNetFileException">A folder cannot be listed.</exception>
    internal static bool IsDicomFolder(string path) => Directory.Exists(path) && FolderWalk.Files(path).Exists(DicomSource.IsDicom);

    /// <summary>Reads a DICOM series from files and folders in any order; what is no DICOM image is left out.</summary>
    /// <param name="paths">Files or folders, at least one.</param>
    /// <param name="name">What messages call them.</param>
    /// <param name="options">How to read.</param>
    /// <exception cref="HseNetFileException">No volume can be made of them; the message names the file and the reason.</exception>
    /// <exception cref="OperationCanceledException">Reading was cancelled.</exception>
    public static VoxelVolume ReadDicom(IEnumerable<string> paths, string name, VolumeReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return DicomVolume.Read(name, paths.SelectMany(p => Directory.Exists(p) ? DicomSource.FromFolder(p) : [DicomSource.FromFile(p)]),
            options ?? new());
    }

    /// <summary>Reads a NIfTI single file (compressed or not) or a .npy file from a stream, from where it stands; it need not be
    /// seekable.</summary>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="options">How to read.</param>
    /// <exception cref="ArgumentException">The stream is closed or cannot be read.</exception>
    /// <exception cref="HseNetFileException">The content is damaged or of another format.</exception>
    /// <exception cref="OperationCanceledException">Reading was cancelled.</exception>
    public static VoxelVolume Read(Stream stream, string name, VolumeReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!stream.CanRead)
            throw new ArgumentException($"{name}: the stream is closed or cannot be read", nameof(stream));
        return Read(stream, name, options ?? new(), null);
    }

    static VoxelVolume ReadZip(string path, VolumeReadOptions options)
    {
        using FileBytes file = FileBytes.Open(path);
        return DicomVolume.Read(path, DicomSource.FromZip(file), options);
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

    static VoxelVolume ReadPlain(PeekedStream content, string name, VolumeReadOptions options, Func<Stream>? openImage)
    {
        if (content.Head.IsEmpty)
            throw new HseNetFileException(name, "is empty", "a NIfTI or NumPy file");
        if (NumpyFile.IsClaimed(content.Head))
            return NumpyFile.ReadVolume(content, name, options);
        if (NiftiHeader.IsClaimed(content.Head))
            return NiftiFile.Read(content, name, options, openImage);
        throw ForeignContent.Refusal(name, content.Head, Formats);
    }
}
