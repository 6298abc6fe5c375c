// The bytes of a file, mapped into memory, or of an array: what every reader of a random-access format works on.
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

/// <summary>Owner of a read-only range of memory with bounds-checked access. Pointers into it die with it.</summary>
internal sealed unsafe class FileBytes : IDisposable
{
    readonly MemoryMappedFile? _mapping;
    readonly MemoryMappedViewAccessor? _view;
    readonly GCHandle _pinned;
    byte* _start;
    bool _disposed;

    /// <summary>The file's name in messages.</summary>
    public string Name { get; }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    FileBytes(string name, long length, MemoryMappedFile? mapping)
    {
        Name = name;
        Length = length;
        if (mapping is null)
            return;
        _mapping = mapping;
        _view = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    FileBytes(string name, byte[] bytes)
    {
        Name = name;
        Length = bytes.Length;
        _pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        _start = (byte*)_pinned.AddrOfPinnedObject();
    }

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="grows">Whether it may be open to be appended to: Windows opens it only for who says so.</param>
    /// <exception cref="HseNetFileException">It does not exist or cannot be opened.</exception>
    public static FileBytes Open(string path, bool grows = false)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read,
                (grows ? FileShare.ReadWrite : FileShare.Read) | FileShare.Delete, bufferSize: 0);
            long length = stream.Length;
            if (length == 0)
                return new FileBytes(path, 0, null);
            return new FileBytes(path, length,
                MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw CannotOpen(path, e);
        }
    }

    /// <summary>The bytes of an array under a name.</summary>
    public static FileBytes FromArray(string name, byte[] bytes) => new(name, bytes);

    /// <summary>The error for a file that the system does not open, without the system's wording for the common cases.</summary>
    public static HseNetFileException CannotOpen(string path, Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => new(path, "no such file", "an existing file", e),
        UnauthorizedAccessException when Directory.Exists(path) => new(path, "is a folder", "a file", e),
        UnauthorizedAccessException => new(path, "no permission to read it", "a readable file", e),
        _ => new(path, $"cannot be opened ({e.Message})", "a readable file", e),
    };

    /// <summary>Address of byte <paramref name="offset"/>, after which <paramref name="length"/> bytes may be read.</summary>
    /// <exception cref="HseNetFileException">The range is not inside the file.</exception>
    public byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset < 0 || length < 0 || offset > Length || length > Length - offset)
            throw new HseNetFileException(Name, $"bytes {offset} to {(UInt128)(ulong)offset + (ulong)length} are not in the file",
                $"at most {Length} bytes");
        return _start + offset;
    }

    /// <summary>A range of at most 2 GB as a span.</summary>
    /// <exception cref="HseNetFileException">The range is not inside the file, or longer than a span.</exception>
    public ReadOnlySpan<byte> Slice(long offset, long length)
    {
        byte* first = Pointer(offset, length);
        if (length > int.MaxValue)
            throw new HseNetFileException(Name, $"a section of {length} bytes is too long", $"at most {int.MaxValue}");
        return new ReadOnlySpan<byte>(first, (int)length);
    }

    /// <summary>Everything, as a stream for readers that go from front to back.</summary>
    public UnmanagedMemoryStream AsStream(long offset, long length) => new(Pointer(offset, length), length);

    /// <summary>Unmaps the file. Pointers and spans into it must not be used any more.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _start = null;
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _mapping!.Dispose();
        }
        if (_pinned.IsAllocated)
            _pinned.Free();
    }
}
