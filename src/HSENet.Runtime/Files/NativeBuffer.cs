// Memory outside the managed heap that grows as data arrives: volumes may exceed what an array holds.
using System.Runtime.InteropServices;

namespace HSENet.Runtime;

internal sealed unsafe class NativeBuffer : IDisposable
{
    const long FirstPiece = 1 << 20;

    byte* _start;

    /// <summary>Number of bytes that were filled.</summary>
    public long Length { get; private set; }

    /// <summary>Number of bytes that are allocated.</summary>
    public long Capacity { get; private set; }

    /// <summary>Address of the first byte.</summary>
    public byte* Pointer => _start;

    ~NativeBuffer() => Free();

    /// <summary>A filled copy of bytes.</summary>
    public static NativeBuffer CopyOf(ReadOnlySpan<byte> bytes)
    {
        NativeBuffer buffer = OfLength(bytes.Length);
        bytes.CopyTo(new Span<byte>(buffer._start, bytes.Length));
        return buffer;
    }

    /// <summary>Memory of this length, to be filled by the caller.</summary>
    public static NativeBuffer OfLength(long length)
    {
        var buffer = new NativeBuffer();
        buffer.Reserve(length, "a volume");
        buffer.Length = length;
        return buffer;
    }

    /// <summary>
    /// Reads <paramref name="length"/> bytes from a stream. Where the stream cannot say that it holds them, memory at most doubles beyond
    /// what has arrived, so a header's claim alone allocates nothing.
    /// </summary>
    /// <exception cref="HseNetFileException">The stream ends earlier, is damaged, or the memory does not suffice.</exception>
    /// <exception cref="OperationCanceledException">Reading was cancelled.</exception>
    public static NativeBuffer Read(Stream stream, long length, string name, CancellationToken cancellation = default)
    {
        var buffer = new NativeBuffer();
        try
        {
            if (stream.CanSeek)
            {
                long available = stream.Length - stream.Position;
                if (available < length)
                    throw new HseNetFileException(name, $"is truncated: {available} bytes of voxels", $"{length}");
                buffer.Reserve(length, name);
            }
            while (buffer.Length < length)
            {
                cancellation.ThrowIfCancellationRequested();
                if (buffer.Length == buffer.Capacity)
                    buffer.Reserve(Math.Min(length, Math.Max(FirstPiece, 2 * buffer.Capacity)), name);
                var free = new Span<byte>(buffer._start + buffer.Length, (int)Math.Min(buffer.Capacity - buffer.Length, 1 << 24));
                int got = GrowingRead.AsFarAsPossible(stream, free, name);
                if (got == 0)
                    throw new HseNetFileException(name, $"is truncated: {buffer.Length} bytes of voxels", $"{length}");
                buffer.Length += got;
            }
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    void Reserve(long capacity, string name)
    {
        try
        {
            _start = (byte*)NativeMemory.Realloc(_start, (nuint)Math.Max(1, capacity));
            Capacity = capacity;
        }
        catch (OutOfMemoryException e)
        {
            throw new HseNetFileException(name, $"needs {capacity} bytes of memory for its voxels",
                "a volume that the system has memory for", e);
        }
    }

    void Free()
    {
        NativeMemory.Free(_start);
        _start = null;
        Length = Capacity = 0;
    }
}
