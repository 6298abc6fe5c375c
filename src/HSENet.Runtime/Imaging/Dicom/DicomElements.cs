// Walks the elements of a DICOM data set as exports have them: explicit and implicit VR, also where the other was announced, both byte
// orders, nested sequences of any form.
using System.Buffers.Binary;

namespace HSENet.Runtime;

/// <summary>One element: its tag (group × 65536 + element), its VR (null if implicit), and the place of its value.</summary>
internal readonly record struct DicomElement(uint Tag, string? Representation, int Offset, uint Length)
{
    public const uint UndefinedLength = uint.MaxValue;
}

/// <summary>
/// Reads elements from front to back; every step goes forward and stays inside the bytes. Whether a data set is explicit is seen from its
/// first element, in every item anew; what was announced decides where that tells nothing.
/// </summary>
internal sealed class DicomElements
{
    public const uint Item = 0xFFFEE000, ItemEnd = 0xFFFEE00D, SequenceEnd = 0xFFFEE0DD;
    const int MaximumDepth = 32;

    // These have two reserved bytes and a length of four bytes.
    static readonly string[] LongForms = ["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"];

    static readonly string[] ShortForms =
        ["AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"];

    // By the two letters as a number.
    static readonly Dictionary<int, (string Name, bool IsLong)> Representations =
        LongForms.Select(name => (name, true)).Concat(ShortForms.Select(name => (name, false)))
            .ToDictionary(form => form.name[0] << 8 | form.name[1]);

    readonly ReadOnlyMemory<byte> _bytes;
    readonly string _name;
    readonly bool _isBigEndian, _endsAtDelimiter;
    readonly long _missing;
    bool _isExplicit, _isBegun, _isEnded;

    /// <summary>Begins at the first byte; <paramref name="missing"/> bytes follow that are not at hand, in which pixel data may
    /// lie.</summary>
    public DicomElements(ReadOnlyMemory<byte> bytes, string name, bool isExplicit, bool isBigEndian, bool endsAtDelimiter = false,
        long missing = 0) =>
        (_bytes, _name, _isExplicit, _isBigEndian, _endsAtDelimiter, _missing)
            = (bytes, name, isExplicit, isBigEndian, endsAtDelimiter, missing);

    /// <summary>Offset of the next element.</summary>
    public int Position { get; set; }

    /// <summary>Tag of the next element, without going there; null if too few bytes follow to be one.</summary>
    public uint? PeekTag() => _bytes.Length - Position >= 8 ? TagAt(Position) : null;

    /// <summary>Reads the next element, or tells that the data set ends.</summary>
    public bool TryNext(out DicomElement element)
    {
        element = default;
        if (_isEnded || Position >= _bytes.Length)
            return false;
        element = Next();
        _isEnded = _endsAtDelimiter && element.Tag == ItemEnd;
        return !_isEnded;
    }

    /// <summary>Reads tag, VR and length and goes to the value, whose bytes are checked to be there unless the length is
    /// undefined.</summary>
    public DicomElement Next()
    {
        if (Left < 8)
            throw Error("it ends in the middle of an element");
        uint tag = TagAt(Position);
        if (tag >> 16 == Item >> 16)
            return Checked(Implicit());
        if (!_isBegun)
        {
            _isBegun = true;
            if (_isExplicit != LooksExplicit() && (_isExplicit ? IsPlausible(Implicit()) : IsPlausible(Explicit())))
                _isExplicit = !_isExplicit;
        }
        if (!_isExplicit)
            return Checked(Implicit());
        if (Explicit() is { } element)
            return Checked(element);
        if (_missing > 0)
            throw Error("what follows an element of unknown value representation is not at hand");
        // A VR that nobody knows: what the next element shows to be right. New ones have the long form (PS3.5, 6.2.2); dcmtk takes the
        // short one for what no VR can be; writers that do not know a private element's VR leave it implicit.
        bool letters = char.IsAsciiLetterUpper((char)Span[Position + 4]) && char.IsAsciiLetterUpper((char)Span[Position + 5]);
        DicomElement?[] readings = letters ? [Unknown(true), Unknown(false), Implicit()] : [Unknown(false), Implicit(), Unknown(true)];
        return Checked(readings.FirstOrDefault(reading => IsPlausible(reading))
            ?? throw Error($"the {((tag >> 16 & 1) == 1 ? "private " : "")}element {Shown(tag)} has no valid value "
                + $"representation"));
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
        DicomElements content = Content(element);
        while (content.Next() is var item && item.Tag != SequenceEnd)
        {
            DicomElements inside = content.Enter(element, item);
            if (item.Length != DicomElement.UndefinedLength)
                inside.Position = item.Offset + (int)item.Length;
            else
                while (inside.Next() is var inner && inner.Tag != ItemEnd)
                    inside.Skip(inner, depth + 1);
            content.Position = inside.Position;
        }
        Position = content.Position;
    }

    /// <summary>Gives the data set of each item of a sequence; stays where it is.</summary>
    public void ForEachItem(DicomElement sequence, Action<DicomElements> read)
    {
        DicomElements content = Content(sequence);
        int end = sequence.Length == DicomElement.UndefinedLength ? _bytes.Length : sequence.Offset + (int)sequence.Length;
        while (content.Position < end && content.Next() is var item && item.Tag != SequenceEnd)
        {
            DicomElements inside = content.Enter(sequence, item);
            read(inside);
            while (inside.TryNext(out DicomElement left))
                inside.Skip(left);
            content.Position = inside.Position;
        }
    }

    // A value of unknown representation is a sequence in implicit VR, little-endian (PS3.5, 6.2.2), or should be.
    DicomElements Content(DicomElement sequence) => sequence.Representation == "UN"
        ? new(_bytes, _name, false, false) { Position = sequence.Offset }
        : new(_bytes, _name, _isExplicit, _isBigEndian) { Position = sequence.Offset };

    DicomElements Enter(DicomElement sequence, DicomElement item)
    {
        if (item.Tag != Item)
            throw Error($"the sequence {Shown(sequence.Tag)} holds {Shown(item.Tag)} instead of items");
        bool isOpen = item.Length == DicomElement.UndefinedLength;
        return new(isOpen ? _bytes : _bytes[..(item.Offset + (int)item.Length)], _name, _isExplicit, _isBigEndian, isOpen)
        {
            Position = item.Offset
        };
    }

    /// <summary>The value of an element of defined length.</summary>
    public ReadOnlySpan<byte> Value(DicomElement element) => Span.Slice(element.Offset, (int)element.Length);

    /// <summary>The value of an element of binary numbers of 2, 4 or 8 bytes; null for another length.</summary>
    public double? Number(DicomElement element) => element.Length switch
    {
        2 => UInt16(element.Offset),
        4 => UInt32(element.Offset),
        8 => _isBigEndian ? BinaryPrimitives.ReadDoubleBigEndian(Value(element)) : BinaryPrimitives.ReadDoubleLittleEndian(Value(element)),
        _ => null,
    };

    // Two letters that are a VR where an implicit data set has the low half of a length: such a length would be above 16 KB.
    bool LooksExplicit() => Representations.ContainsKey(Letters(Position));

    DicomElement Implicit() => new(TagAt(Position), null, Position + 8, UInt32(Position + 4));

    // Null for an unknown VR.
    DicomElement? Explicit()
    {
        if (!Representations.TryGetValue(Letters(Position), out var form))
            return null;
        if (form.IsLong && Left < 12)
            throw Error("it ends in the middle of an element");
        return form.IsLong ? new(TagAt(Position), form.Name, Position + 12, UInt32(Position + 8))
            : new(TagAt(Position), form.Name, Position + 8, UInt16(Position + 6));
    }

    DicomElement? Unknown(bool isLong) => isLong
        ? Left < 12 ? null : new(TagAt(Position), "UN", Position + 12, UInt32(Position + 8))
        : new(TagAt(Position), "UN", Position + 8, UInt16(Position + 6));

    // Whether an element that was read in this way ends where the data set does, or another one follows that may.
    bool IsPlausible(DicomElement? reading)
    {
        if (reading is not { } element)
            return false;
        if (element.Length == DicomElement.UndefinedLength)
            return _bytes.Length - element.Offset >= 8 && TagAt(element.Offset) is Item or SequenceEnd;
        long end = (long)element.Offset + element.Length;
        if (end >= _bytes.Length - 7)
            return end == _bytes.Length;
        uint next = TagAt((int)end);
        if (next is ItemEnd or SequenceEnd or Item)
            return true;
        if (next <= element.Tag)
            return false;
        if (Representations.ContainsKey(Letters((int)end)))
            return true;
        return element.Representation is null ? UInt32((int)end + 4) is var length
                && (length == DicomElement.UndefinedLength || length <= _bytes.Length - end - 8)
            : Letters((int)end) == Letters(Position);
    }

    DicomElement Checked(DicomElement element)
    {
        long left = _bytes.Length - element.Offset + (element.Tag == DicomTags.PixelData ? _missing : 0);
        if (element.Length != DicomElement.UndefinedLength && element.Length > left)
            throw Error($"the element {Shown(element.Tag)} states {element.Length} bytes where {left} are left");
        Position = element.Offset;
        return element;
    }

    int Left => _bytes.Length - Position;

    int Letters(int offset) => Span[offset + 4] << 8 | Span[offset + 5];

    ushort UInt16(int offset) =>
        _isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(Span[offset..]) : BinaryPrimitives.ReadUInt16LittleEndian(Span[offset..]);

    uint UInt32(int offset) => _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(Span[offset..])
        : BinaryPrimitives.ReadUInt32LittleEndian(Span[offset..]);

    uint TagAt(int offset) => (uint)UInt16(offset) << 16 | UInt16(offset + 2);

    ReadOnlySpan<byte> Span => _bytes.Span;

    public static string Shown(uint tag) => $"({tag >> 16:X4},{tag & 0xFFFF:X4})";

    HseNetFileException Error(string problem) => new(_name, $"is damaged: {problem}", "an intact DICOM file");
}
