// Where DICOM files come from: a folder, single files, a zip.
namespace HSENet.Runtime;

/// <summary>A file that may be DICOM: its name in messages, and a way to read it as often as needed.</summary>
internal sealed class DicomSource
{
    // A single CT image is a megabyte; a multi-frame one may have hundreds.
    const int MaximumLength = 1 << 29;

    readonly Func<byte[]?> _read;

    DicomSource(string name, Func<byte[]?> read) => (Name, _read) = (name, read);

    public string Name { get; }

    /// <summary>The content, or null if it does not begin as a DICOM file.</summary>
    public byte[]? Read() => _read();

    /// <summary>Bytes that a test or a receiver has in memory.</summary>
    public static DicomSource FromBytes(string name, byte[] content) => new(name, () => DicomFile.IsClaimed(content) ? content : null);

    public static DicomSource FromFile(string path) => new(path, () =>
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            byte[] start = new byte[DicomFile.PreambleLength];
            if (GrowingRead.AsFarAsPossible(stream, start, path) < start.Length || !DicomFile.IsClaimed(start))
                return null;
            if (stream.Length > MaximumLength)
                throw new HseNetFileException(path, $"has {stream.Length} bytes", $"at most {MaximumLength} for a DICOM image");
            stream.Position = 0;
            return GrowingRead.Exactly(stream, stream.Length, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    });

    /// <summary>All files below a folder, in the order of their names.</summary>
    public static IEnumerable<DicomSource> FromFolder(string folder)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles(folder, "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, MaxRecursionDepth = 16 });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(folder, $"cannot be listed ({e.Message})", "a folder that may be read", e);
        }
        return files.Order(StringComparer.Ordinal).Select(FromFile);
    }

    /// <summary>All files in a zip, which must stay open.</summary>
    public static IEnumerable<DicomSource> FromZip(FileBytes file)
    {
        List<ZipEntry> entries = ZipDirectory.Read(file);
        // Entries that share their bytes would let a small file take hours to read.
        if (entries.Sum(e => (decimal)e.CompressedLength) > file.Length)
            throw new HseNetFileException(file.Name, "has entries that overlap", "an intact zip file");
        return entries.Select(entry => new DicomSource($"{file.Name}/{HseNetException.OneLine(entry.Name, 200)}", () =>
        {
            if (entry.Length < DicomFile.PreambleLength)
                return null;
            byte[] content = ZipDirectory.Content(file, entry, MaximumLength);
            return DicomFile.IsClaimed(content) ? content : null;
        }));
    }
}
