// Where DICOM files come from: a folder, single files, a zip.
namespace HSENet.Runtime;

/// <summary>A file that may be DICOM: its name in messages, and a way to read it as often as needed.</summary>
internal sealed class DicomSource
{
    // A single CT image is a megabyte; a multi-frame one may have hundreds.
    const int MaximumLength = 1 << 29;

    // What is asked of a file mostly stands before its pixels; per-frame groups may take megabytes.
    const int FirstPiece = 1 << 16, Growth = 16;

    // Read without hearing a cancellation: what a zip decompresses in milliseconds.
    const int CancelledBytes = 1 << 20;

    readonly Func<DicomContent> _open;
    readonly bool _isFile;

    DicomSource(string name, Func<DicomContent> open, bool isFile = false) => (Name, _open, _isFile) = (name, open, isFile);

    public string Name { get; }

    /// <summary>Bytes that a test or a receiver has in memory.</summary>
    public static DicomSource FromBytes(string name, byte[] content) =>
        new(name, () => new DicomContent(new MemoryStream(content, writable: false), content.Length));

    public static DicomSource FromFile(string path) => new(path, () =>
    {
        try
        {
            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            return new DicomContent(stream, stream.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FileBytes.CannotOpen(path, e);
        }
    }, isFile: true);

    /// <summary>An entry of a zip, which must stay open.</summary>
    public static DicomSource FromZip(string name, Func<Stream> open, long length) => new(name, () => new DicomContent(open(), length));

    /// <summary>The file as far as its pixels, which may not be at hand; null if it does not begin as DICOM.</summary>
    /// <exception cref="HseNetFileException">It cannot be read.</exception>
    public DicomFile? Parse()
    {
        byte[] buffer = [];
        return Parse(ref buffer);
    }

    /// <summary>The same in a buffer, or in a larger one that takes its place; what was parsed in it before must not be used any
    /// more.</summary>
    public DicomFile? Parse(ref byte[] buffer, CancellationToken cancellation = default)
    {
        for (long piece = FirstPiece; ; piece *= Growth)
        {
            if (Read(ref buffer, piece, cancellation) is not var (content, length))
                return null;
            DicomFile file = DicomFile.Parse(content, Name, length - content.Length, cancellation);
            if (!file.IsCut)
                return file;
        }
    }

    /// <summary>The whole content, in the buffer or in a larger one that takes its place.</summary>
    /// <exception cref="HseNetFileException">It cannot be read, or is no DICOM file.</exception>
    public ReadOnlyMemory<byte> Read(ref byte[] buffer, CancellationToken cancellation = default) =>
        Read(ref buffer, long.MaxValue, cancellation)?.Content ?? throw new HseNetFileException(Name, "is no DICOM file any more", "the file as it was");

    /// <summary>Opens the content for reading at any place, if that is possible.</summary>
    /// <exception cref="HseNetFileException">It cannot be opened.</exception>
    public Stream? OpenAnywhere() => _isFile ? _open().Stream : null;

    (ReadOnlyMemory<byte> Content, long Length)? Read(ref byte[] buffer, long limit, CancellationToken cancellation)
    {
        using DicomContent content = _open();
        Span<byte> start = stackalloc byte[DicomFile.PreambleLength];
        start = start[..GrowingRead.AsFarAsPossible(content.Stream, start, Name)];
        if (!DicomFile.IsClaimed(start))
            return ForeignContent.Of(start) != ForeignContent.Pointer ? null
                : throw new HseNetFileException(Name, $"is {ForeignContent.Pointer}", "a DICOM file");
        if (content.Length > MaximumLength)
            throw new HseNetFileException(Name, $"has {content.Length} bytes", $"at most {MaximumLength} for a DICOM image");
        int wanted = (int)Math.Min(content.Length, limit);
        // What a file says of its length is true, what a zip says of its entries is a claim: the array grows with the data.
        if (buffer.Length < wanted)
            buffer = new byte[content.Stream is FileStream or MemoryStream ? wanted : Math.Min(wanted, FirstPiece)];
        start[..Math.Min(start.Length, wanted)].CopyTo(buffer);
        for (int filled = start.Length; filled < wanted;)
        {
            if (filled == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(wanted, 2L * buffer.Length));
            cancellation.ThrowIfCancellationRequested();
            int room = Math.Min(Math.Min(wanted, buffer.Length) - filled, CancelledBytes);
            int got = GrowingRead.AsFarAsPossible(content.Stream, buffer.AsSpan(filled, room), Name);
            if (got == 0)
                throw new HseNetFileException(Name, $"ends after {filled} bytes of data", $"{content.Length}");
            filled += got;
        }
        return (buffer.AsMemory(0, wanted), content.Length);
    }

    readonly record struct DicomContent(Stream Stream, long Length) : IDisposable
    {
        public void Dispose() => Stream.Dispose();
    }
}
