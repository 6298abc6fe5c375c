// A file of a folder or an archive, and what it is by its first bytes.
using System.IO.Compression;

namespace HSENet.Runtime;

/// <summary>What a file may be a part of.</summary>
enum ScanFormat
{
    /// <summary>Nothing that is read.</summary>
    Other,

    /// <summary>It cannot be opened.</summary>
    Unreadable,

    /// <summary>A DICOM file.</summary>
    Dicom,

    /// <summary>A NIfTI volume, or the header of one.</summary>
    Nifti,

    /// <summary>A NumPy array.</summary>
    Numpy,

    /// <summary>An archive with more files.</summary>
    Zip,
}

/// <summary>A file of a folder or an archive.</summary>
/// <param name="Name">Its path; for one in an archive that of the archive, a slash and its name there.</param>
/// <param name="Format">What it is.</param>
/// <param name="Foreign">What it is instead of data (<see cref="ForeignContent.Of"/>); null if that is not known.</param>
/// <param name="Error">Why it cannot be read, if so.</param>
/// <param name="Open">Opens it.</param>
/// <param name="OpenArchive">Opens it as an archive.</param>
/// <param name="Source">The same as a DICOM file.</param>
/// <param name="Unpacked">Bytes that it takes in memory as an archive.</param>
sealed record ScanFile(string Name, ScanFormat Format, string? Foreign, HseNetFileException? Error, Func<Stream> Open,
    Func<FileBytes> OpenArchive, DicomSource Source, long Unpacked)
{
    // A gzip header may hold a name before the first compressed byte.
    const int Looked = 1024;

    /// <summary>Whether the file begins a scan, or is part of one.</summary>
    public bool IsScan => Format is ScanFormat.Dicom or ScanFormat.Nifti or ScanFormat.Numpy;

    /// <summary>Whether a file that begins with these bytes is a zip.</summary>
    public static bool IsZip(ReadOnlySpan<byte> start) => start is [(byte)'P', (byte)'K', 3, 4, ..];

    /// <summary>Looks at a file in a folder.</summary>
    public static ScanFile At(string path) => Of(path, () => Opened(path), () => FileBytes.Open(path), DicomSource.FromFile(path), 0);

    /// <summary>Looks at an entry of a zip, which must stay open.</summary>
    public static ScanFile In(FileBytes zip, ZipEntry entry)
    {
        string name = $"{zip.Name}/{HseNetException.OneLine(entry.Name, 200)}";
        return Of(name, () => Opened(name, zip, entry),
            () => FileBytes.FromArray(name, GrowingRead.Exactly(Opened(name, zip, entry), entry.Length, name)),
            DicomSource.FromZip(name, () => Opened(name, zip, entry), entry.Length), entry.Length);
    }

    static FileStream Opened(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1 << 12);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }

    static Stream Opened(string name, FileBytes zip, ZipEntry entry)
    {
        try
        {
            return ZipDirectory.Open(zip, entry);
        }
        catch (HseNetFileException e)
        {
            throw new HseNetFileException(name, e.Problem, e.Expected, e);
        }
    }

    static ScanFile Of(string name, Func<Stream> open, Func<FileBytes> openArchive, DicomSource source, long unpacked)
    {
        Span<byte> start = stackalloc byte[Looked];
        ScanFormat format = ScanFormat.Unreadable;
        HseNetFileException? error = null;
        try
        {
            using Stream content = open();
            start = start[..GrowingRead.AsFarAsPossible(content, start, name)];
            format = FormatOf(start);
        }
        catch (HseNetFileException e)
        {
            error = e;
            start = [];
        }
        string? foreign = format == ScanFormat.Other ? ForeignContent.Of(start) : null;
        // It may stand for a slice as well as for anything else.
        if (foreign == ForeignContent.Pointer)
            (format, error) = (ScanFormat.Unreadable, ForeignContent.Refusal(name, start, VolumeFile.Formats));
        return new(name, format, foreign, error, open, openArchive, source, unpacked);
    }

    static ScanFormat FormatOf(ReadOnlySpan<byte> start) =>
        DicomFile.IsClaimed(start) ? ScanFormat.Dicom
            : IsZip(start) ? ScanFormat.Zip
            : NumpyFile.IsClaimed(start) ? ScanFormat.Numpy
            : NiftiHeader.IsClaimed(start) ? ScanFormat.Nifti
            : start is [0x1f, 0x8b, ..] ? Compressed(start) : ScanFormat.Other;

    // What is compressed is a NIfTI file or an array, as far as it is read.
    static ScanFormat Compressed(ReadOnlySpan<byte> start)
    {
        using var inflated = new GZipStream(new MemoryStream(start.ToArray()), CompressionMode.Decompress);
        Span<byte> content = stackalloc byte[16];
        try
        {
            content = content[..inflated.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)];
        }
        catch (InvalidDataException)
        {
            return ScanFormat.Other;
        }
        return NumpyFile.IsClaimed(content) ? ScanFormat.Numpy : NiftiHeader.IsClaimed(content) ? ScanFormat.Nifti : ScanFormat.Other;
    }
}
