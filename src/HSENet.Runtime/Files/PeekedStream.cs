// A stream whose first bytes were looked at and are given again, so that a format is told by its content.
namespace HSENet.Runtime;

internal sealed class PeekedStream : Stream
{
    readonly Stream inner;
    readonly byte[] head = new byte[16];
    readonly int headLength;
    int given;

    /// <summary>Reads up to 16 bytes of the stream; disposing this leaves the stream open.</summary>
    public PeekedStream(Stream inner, string name)
    {
        this.inner = inner;
        headLength = GrowingRead.AsFarAsPossible(inner, head, name);
    }

    /// <summary>The first bytes, at most 16.</summary>
    public ReadOnlySpan<byte> Head => head.AsSpan(0, headLength);

    public override int Read(Span<byte> buffer)
    {
        if (given == headLength)
            return inner.Read(buffer);
        int count = Math.Min(buffer.Length, headLength - given);
        head.AsSpan(given, count).CopyTo(buffer);
        given += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override bool CanRead => true;

    // Length and position suffice to know whether the rest is there.
    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position - (headLength - given);
        set => throw new NotSupportedException();
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
