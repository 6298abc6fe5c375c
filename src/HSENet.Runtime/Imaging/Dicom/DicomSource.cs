// Where DICOM files come from: a folder, single files, a zip.
namespace HSENet.Runtime;

/// <summary>A file that may be DICOM: its name in messages, and a way to read it as often as needed.</summary>
internal sealed class DicomSource
{
    // A single CT image is a megabyte; a multi-frame one may have hundreds.
    const int MaximumLength = 1 << 29;

    // What selects a file stands at its beginning.
    const int HeadLength = 1 << 16;

    readonly Func<byte[]?> _read;

    DicomSource(string name, Func<byte[]?> read) => (Name, _read) = (name, read);

    public string Name { get; }

    /// <summary>The content, or null if it does not begin as a DICOM file.</summary>
    public byte[]? Read() => _read();

    /// <summary>Bytes that a test or a receiver has in memory.</summary>
    public static DicomSource FromBytes(string name, byte[] content) => new(name, () => DicomFile.IsClaimed(content) ? content : null);

    public static DicomSource FromFile(string path) => new(path, () => Open(path, stream =>
    {
        if (!IsDicom(stream, path))
            return null;
        if (stream.Length > MaximumLength)
            throw new HseNetFileException(path, $"has {stream.Length} bytes", $"at most {MaximumLength} for a DICOM image");
        stream.Position = 0;
        // The length is the file's own, not a claim: memory for it need not grow.
        byte[] content = new byte[stream.Length];
        return GrowingRead.AsFarAsPossible(stream, content, path) == content.Length ? content
            : throw new HseNetFileException(path, "has changed while it was read", "the file as it was");
    }));

    /// <summary>Whether a file begins as DICOM; one that cannot be opened does not.</summary>
    public static bool IsDicom(string path)
    {
        try
        {
            return Open(path, stream => IsDicom(stream, path));
        }
        catch (HseNetFileException)
        {
            return false;
        }
    }

    /// <summary>A file as far as it says what it is; null if it is no DICOM or cannot be read.</summary>
    public static DicomFile? Head(string path)
    {
        try
        {
            byte[]? head = Open(path, stream =>
            {
                byte[] start = new byte[Math.Min(HeadLength, stream.Length)];
                return DicomFile.IsClaimed(start.AsSpan(0, GrowingRead.AsFarAsPossible(stream, start, path))) ? start : null;
            });
            if (head is null)
                return null;
            DicomFile file = DicomFile.Parse(head, path);
            return file.StudyUid.Length > 0 || head.Length < HeadLength ? file
                : FromFile(path).Read() is { } content ? DicomFile.Parse(content, path) : null;
        }
        catch (HseNetFileException)
        {
            return null;
        }
    }

    static bool IsDicom(FileStream stream, string path)
    {
        Span<byte> start = stackalloc byte[DicomFile.PreambleLength];
        return DicomFile.IsClaimed(start[..GrowingRead.AsFarAsPossible(stream, start, path)]);
    }

    static T Open<T>(string path, Func<FileStream, T> read)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            return read(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }

    /// <summary>All files below a folder, in the order of their names.</summary>
    /// <exception cref="HseNetFileException">A folder cannot be listed.</exception>
    public static IEnumerable<DicomSource> FromFolder(string folder) => FolderWalk.Files(folder).Select(FromFile);

    /// <summary>All files in a zip, which must stay open.</summary>
    public static IEnumerable<DicomSource> FromZip(FileBytes file)
    {
        List<ZipEntry> entries = ZipDirectory.Read(file, takesTwins: true);
        // Entries that share their bytes would let a small file take hours to read.
        if (entries.Sum(e => (decimal)e.CompressedLength) > file.Length)
            throw new HseNetFileException(file.Name, "has entries that overlap", "an intact zip file");
        return entries.Select(entry => new DicomSource(Entry(entry), () =>
        {
            if (entry.Length < DicomFile.PreambleLength)
                return null;
            byte[] content;
            try
            {
                content = ZipDirectory.Content(file, entry, MaximumLength);
            }
            catch (HseNetFileException e)
            {
                throw new HseNetFileException(Entry(entry), e.Problem, e.Expected, e);
            }
            return DicomFile.IsClaimed(content) ? content : null;
        }));

        string Entry(ZipEntry entry) => $"{file.Name}/{HseNetException.OneLine(entry.Name, 200)}";
    }
}
