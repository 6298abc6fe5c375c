// A stream whose first bytes were looked at and are given again, so that a format is told by its content.
namespace HSENet.Runtime;

internal sealed class PeekedStream : ReadOnlyStream
{
    readonly Stream _inner;
    readonly byte[] _head = new byte[ForeignContent.Looked];
    readonly int _headLength;
    int _given;

    /// <summary>Reads the beginning of the stream; disposing this leaves the stream open.</summary>
    public PeekedStream(Stream inner, string name)
    {
        _inner = inner;
        _headLength = GrowingRead.AsFarAsPossible(inner, _head, name);
    }

    /// <summary>The first bytes, at most <see cref="ForeignContent.Looked"/>.</summary>
    public ReadOnlySpan<byte> Head => _head.AsSpan(0, _headLength);

    public override int Read(Span<byte> buffer)
    {
        if (_given == _headLength)
            return _inner.Read(buffer);
        int count = Math.Min(buffer.Length, _headLength - _given);
        _head.AsSpan(_given, count).CopyTo(buffer);
        _given += count;
        return count;
    }

    public override bool CanSeek => _inner.CanSeek;

    public override long Length => _inner.Length;

    public override long Position
    {
        get => _inner.Position - (_headLength - _given);
        set => throw new NotSupportedException();
    }
}
