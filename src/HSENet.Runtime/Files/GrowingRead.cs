// Reads from streams into arrays that grow as data arrives, so that a header's claim alone never allocates.
namespace HSENet.Runtime;

internal static class GrowingRead
{
    const int FirstPiece = 1 << 20;

    /// <summary>
    /// Reads <paramref name="length"/> bytes. The array starts small and at most doubles beyond what has arrived, so the memory is bounded
    /// by what the stream really holds.
    /// </summary>
    /// <exception cref="HseNetFileException">The stream ends earlier or is damaged, or the length exceeds an array.</exception>
    public static byte[] Exactly(Stream stream, long length, string name)
    {
        if (length > Array.MaxLength)
            throw new HseNetFileException(name, $"states {length} bytes of data", $"at most {Array.MaxLength}");
        byte[] bytes = new byte[(int)Math.Min(length, FirstPiece)];
        int filled = 0;
        while (filled < length)
        {
            if (filled == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(length, 2L * bytes.Length));
            int got = Some(stream, bytes.AsSpan(filled), name);
            if (got == 0)
                throw new HseNetFileException(name, $"ends after {filled} bytes of data", $"{length}");
            filled += got;
        }
        return bytes;
    }

    /// <summary>Reads everything that follows, at most <paramref name="limit"/> bytes.</summary>
    /// <param name="stream">Where it comes from.</param>
    /// <param name="limit">Bytes that are taken at most.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="problem">What is wrong with more.</param>
    /// <param name="cancellation">Ends it between two pieces.</param>
    /// <exception cref="HseNetFileException">There is more, or the stream is damaged.</exception>
    public static byte[] ToEnd(Stream stream, int limit, string name, string problem, CancellationToken cancellation = default)
    {
        byte[] bytes = new byte[1 << 16];
        int filled = 0;
        while (Some(stream, bytes.AsSpan(filled, Math.Min(FirstPiece, bytes.Length - filled)), name) is > 0 and int got)
        {
            cancellation.ThrowIfCancellationRequested();
            filled += got;
            if (filled > limit)
                throw new HseNetFileException(name, problem, $"at most {limit} bytes");
            if (filled == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(limit + 1L, 2L * bytes.Length));
        }
        return bytes[..filled];
    }

    /// <summary>Fills the span as far as the stream goes and returns how far.</summary>
    public static int AsFarAsPossible(Stream stream, Span<byte> destination, string name)
    {
        int filled = 0;
        while (filled < destination.Length && Some(stream, destination[filled..], name) is > 0 and int got)
            filled += got;
        return filled;
    }

    static int Some(Stream stream, Span<byte> destination, string name)
    {
        try
        {
            return stream.Read(destination);
        }
        // What a decompressing stream throws for damaged data, and a file for a failing disk.
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new HseNetFileException(name, "the data is damaged and cannot be read", "an intact file", e);
        }
    }
}
