// A stream whose length and checksum are known beforehand and compared when its end is read.
using System.IO.Hashing;

namespace HSENet.Runtime;

/// <summary>Reads another stream, which it owns; a CRC-32 other than the stated one is damage.</summary>
internal sealed class ChecksummedStream(Stream inner, long length, uint checksum) : ReadOnlyStream
{
    readonly Crc32 _crc = new();
    long _read;

    public override bool CanSeek => inner.CanSeek;

    public override long Length => length;

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int got = inner.Read(buffer[..(int)Math.Min(buffer.Length, length - _read)]);
        _crc.Append(buffer[..got]);
        _read += got;
        return got == 0 || _read < length || _crc.GetCurrentHashAsUInt32() == checksum ? got
            : throw new InvalidDataException("the checksum is another one");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
