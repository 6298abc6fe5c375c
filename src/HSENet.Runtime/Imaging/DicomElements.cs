// Walks the elements of a DICOM data set: explicit and implicit VR, both byte orders, nested sequences of any form.
using System.Buffers.Binary;

namespace HSENet.Runtime;

/// <summary>One element: its tag (group × 65536 + element), its VR (null if implicit), and the place of its value.</summary>
internal readonly record struct DicomElement(uint Tag, string? Representation, int Offset, uint Length)
{
    public const uint UndefinedLength = uint.MaxValue;
}

/// <summary>Reads elements from front to back; every step goes forward and stays inside the bytes.</summary>
internal sealed class DicomElements(ReadOnlyMemory<byte> bytes, string name, bool isExplicit, bool isBigEndian)
{
    public const uint Item = 0xFFFEE000, ItemEnd = 0xFFFEE00D, SequenceEnd = 0xFFFEE0DD;
    const int MaximumDepth = 32;

    // These have two reserved bytes and a length of four bytes.
    static readonly HashSet<string> LongForms = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"];

    static readonly HashSet<string> ShortForms =
        ["AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"];

    /// <summary>Offset of the next element.</summary>
    public int Position { get; set; }

    /// <summary>Whether nothing follows.</summary>
    public bool IsAtEnd => Position >= bytes.Length;

    /// <summary>Tag of the next element, without going there; null if too few bytes follow to be one.</summary>
    public uint? PeekTag() => bytes.Length - Position >= 8 ? TagAt(Position) : null;

    /// <summary>Reads tag, VR and length and goes to the value, whose bytes are checked to be there unless the length is
    /// undefined.</summary>
    public DicomElement Next()
    {
        Need(8);
        uint tag = TagAt(Position);
        Position += 4;
        string? representation = null;
        uint length;
        if (tag >> 16 == Item >> 16 || !isExplicit)
        {
            length = UInt32(Position);
            Position += 4;
        }
        else
        {
            representation = string.Create(2, Span.Slice(Position, 2), (text, raw) => (text[0], text[1]) = ((char)raw[0], (char)raw[1]));
            if (ShortForms.Contains(representation))
            {
                length = UInt16(Position + 2);
                Position += 4;
            }
            else if (LongForms.Contains(representation))
            {
                Need(8);
                length = UInt32(Position + 4);
                Position += 8;
            }
            else
                throw Error($"the element {Shown(tag)} has no valid value representation");
        }
        if (length != DicomElement.UndefinedLength && length > bytes.Length - Position)
            throw Error($"the element {Shown(tag)} states {length} bytes where {bytes.Length - Position} are left");
        return new DicomElement(tag, representation, Position, length);
    }

    /// <summary>Goes behind an element's value, through sequences of undefined length too.</summary>
    public void Skip(DicomElement element) => Skip(element, 0);

    void Skip(DicomElement element, int depth)
    {
        if (element.Length != DicomElement.UndefinedLength)
        {
            Position = element.Offset + (int)element.Length;
            return;
        }
        if (depth > MaximumDepth)
            throw Error("its sequences are nested too deeply");
        // A value of unknown representation and undefined length is a sequence in implicit VR, little-endian (PS3.5, 6.2.2).
        DicomElements content = element.Representation == "UN" ? new(bytes, name, false, false) { Position = Position } : this;
        while (content.Next() is var item && item.Tag != SequenceEnd)
        {
            if (item.Tag != Item)
                throw Error($"the sequence {Shown(element.Tag)} holds {Shown(item.Tag)} instead of items");
            if (item.Length != DicomElement.UndefinedLength)
                content.Position = item.Offset + (int)item.Length;
            else
                while (content.Next() is var inner && inner.Tag != ItemEnd)
                    content.Skip(inner, depth + 1);
        }
        Position = content.Position;
    }

    /// <summary>The value of an element of defined length.</summary>
    public ReadOnlySpan<byte> Value(DicomElement element) => Span.Slice(element.Offset, (int)element.Length);

    public ushort UInt16(int offset) =>
        isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(Span[offset..]) : BinaryPrimitives.ReadUInt16LittleEndian(Span[offset..]);

    uint UInt32(int offset) => isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(Span[offset..])
        : BinaryPrimitives.ReadUInt32LittleEndian(Span[offset..]);

    uint TagAt(int offset) => (uint)UInt16(offset) << 16 | UInt16(offset + 2);

    ReadOnlySpan<byte> Span => bytes.Span;

    void Need(int count)
    {
        if (bytes.Length - Position < count)
            throw Error("it ends in the middle of an element");
    }

    public static string Shown(uint tag) => $"({tag >> 16:X4},{tag & 0xFFFF:X4})";

    HseNetFileException Error(string problem) => new(name, $"is damaged: {problem}", "an intact DICOM file");
}
