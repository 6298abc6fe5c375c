// The bytes of a pickle, read from front to back with every length checked before it is used.
using System.Buffers.Binary;
using System.Text;

namespace HSENet.Runtime;

internal sealed class PickleReader
{
    readonly FileBytes _file;
    readonly long _start;
    readonly long _end;

    /// <summary>Offset in the file of the next byte.</summary>
    public long Position { get; private set; }

    public PickleReader(FileBytes file, long start, long end) => (_file, _start, _end, Position) = (file, start, end, start);

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public string Text(long length)
    {
        // Python encodes lone surrogates too; they become replacement characters here, which no name of a tensor needs.
        return Encoding.UTF8.GetString(Take(length));
    }

    /// <summary>A line of text without its line feed, for the opcodes of protocol 0.</summary>
    public string Line()
    {
        ReadOnlySpan<byte> rest = _file.Slice(Position, Math.Min(_end - Position, 1024));
        int length = rest.IndexOf((byte)'\n');
        if (length < 0)
            throw Error("a line does not end");
        string text = Encoding.UTF8.GetString(rest[..length]);
        Position += length + 1;
        return text;
    }

    public ReadOnlySpan<byte> Take(long length)
    {
        if (length < 0 || length > _end - Position)
            throw Error("it ends in the middle of an instruction");
        ReadOnlySpan<byte> bytes = _file.Slice(Position, length);
        Position += length;
        return bytes;
    }

    public HseNetFileException Error(string problem) =>
        new(_file.Name, $"the pickle at byte {_start} is not valid: {problem}", "a dictionary of tensors as PyTorch writes it");

    public HseNetFileException Refused(string what) =>
        new(_file.Name, $"the pickle asks for {HseNetFileException.Quote(what)}, which is refused; nothing was executed",
            "only dictionaries of tensors");
}
