// Makes small DICOM files in every encoding that the library reads.
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace HSENet.Runtime.Tests;

/// <summary>A CT slice to be written; the defaults are those of an axial slice at z = 0.</summary>
internal sealed record DicomSeed
{
    public string Syntax { get; init; } = DicomTransferSyntax.ExplicitLittleEndian;
    public string Series { get; init; } = "1.2.3";
    public string? Instance { get; init; }
    public string? Class { get; init; }
    public string? Study { get; init; }

    /// <summary>InstanceNumber; none if null.</summary>
    public string? Number { get; init; }
    public int? Acquisition { get; init; }
    public string? Time { get; init; }
    public string Modality { get; init; } = "CT";
    public string ImageType { get; init; } = "ORIGINAL\\PRIMARY\\AXIAL";
    public int Rows { get; init; } = 3;
    public int Columns { get; init; } = 4;
    public int BitsAllocated { get; init; } = 16;
    public int BitsStored { get; init; } = 16;
    public int HighBit { get; init; } = 15;
    public bool Signed { get; init; } = true;
    public int Samples { get; init; } = 1;
    public int Frames { get; init; } = 1;
    public double Slope { get; init; } = 1;
    public double Intercept { get; init; } = -1024;
    public double[] Position { get; init; } = [-10, -20, 0];
    public double[] Orientation { get; init; } = [1, 0, 0, 0, 1, 0];

    public string PixelSpacing { get; init; } = "0.5\\0.25";

    /// <summary>Elements besides, in the encoding of the data set; those of the same tag are replaced.</summary>
    public (uint Tag, string Representation, byte[] Value)[] More { get; init; } = [];

    /// <summary>Elements as they lie in the file, before those of higher tags.</summary>
    public (uint Tag, byte[] Bytes)[] Raw { get; init; } = [];

    /// <summary>The encoding that the data set really has; that of <see cref="Syntax"/> if null.</summary>
    public string? RealSyntax { get; init; }

    /// <summary>Whether the file has 128 bytes and DICM.</summary>
    public bool Preamble { get; init; } = true;

    public bool Meta { get; init; } = true;

    /// <summary>Values as they are stored, row by row; null for 0, 1, 2, …</summary>
    public int[]? Pixels { get; init; }

    /// <summary>Adds sequences of defined and undefined length, and an element of unknown representation, before the pixels.</summary>
    public bool Nested { get; init; }

    public DicomSeed At(double z, int offset = 0) => this with
    {
        Position = [Position[0], Position[1], z],
        Pixels = [.. Enumerable.Range(offset, Rows * Columns)],
        Instance = string.Create(CultureInfo.InvariantCulture, $"1.2.3.{z:0.####}"),
    };

    bool IsExplicit => (RealSyntax ?? Syntax) != DicomTransferSyntax.ImplicitLittleEndian;

    bool IsBigEndian => (RealSyntax ?? Syntax) == DicomTransferSyntax.ExplicitBigEndian;

    bool IsRunLength => Syntax == DicomTransferSyntax.RunLength;

    public byte[] ToBytes()
    {
        using var file = new MemoryStream();
        if (Preamble)
            file.Write([.. new byte[128], .. "DICM"u8]);
        if (Meta)
            Element(file, 0x00020010, "UI", Text(Syntax), isExplicit: true, bigEndian: false);
        byte[] content = Content();
        if (Syntax == DicomTransferSyntax.DeflatedExplicitLittleEndian)
        {
            using var deflate = new DeflateStream(file, CompressionLevel.Optimal, leaveOpen: true);
            deflate.Write(content);
        }
        else
            file.Write(content);
        return file.ToArray();
    }

    byte[] Content()
    {
        var elements = new SortedDictionary<uint, (string Representation, byte[] Value)>
        {
            [0x00080008] = ("CS", Text(ImageType)),
            [0x00080018] = ("UI", Text(Instance ?? "1.2.3.4")),
            [0x00080060] = ("CS", Text(Modality)),
            [0x00100010] = ("PN", Text("Secret^Patient")),
            [0x0020000E] = ("UI", Text(Series)),
            [0x00200032] = ("DS", Text(Decimals(Position))),
            [0x00200037] = ("DS", Text(Decimals(Orientation))),
            [0x00280002] = ("US", Short(Samples)),
            [0x00280008] = ("IS", Text(Frames.ToString())),
            [0x00280010] = ("US", Short(Rows)),
            [0x00280011] = ("US", Short(Columns)),
            [0x00280030] = ("DS", Text(PixelSpacing)),
            [0x00280100] = ("US", Short(BitsAllocated)),
            [0x00280101] = ("US", Short(BitsStored)),
            [0x00280102] = ("US", Short(HighBit)),
            [0x00280103] = ("US", Short(Signed ? 1 : 0)),
            [0x00281052] = ("DS", Text(Decimals([Intercept]))),
            [0x00281053] = ("DS", Text(Decimals([Slope]))),
        };
        foreach (var (tag, representation, text) in ((uint, string, string?)[])[(0x00080016, "UI", Class), (0x00080032, "TM", Time),
            (0x0020000D, "UI", Study), (0x00200012, "IS", Acquisition?.ToString()), (0x00200013, "IS", Number)])
            if (text is not null)
                elements[tag] = (representation, Text(text));
        foreach (var (tag, representation, value) in More)
            elements[tag] = (representation, value);

        using var content = new MemoryStream();
        var raw = new Queue<(uint Tag, byte[] Bytes)>(Raw);
        foreach (var (tag, (representation, value)) in elements)
        {
            while (raw.TryPeek(out var next) && next.Tag < tag)
                content.Write(raw.Dequeue().Bytes);
            if (Nested && tag == 0x00100010)
                AddNested(content);
            if (tag < 0x7FE00010)
                Element(content, tag, representation, value, IsExplicit, IsBigEndian);
        }
        foreach (var (_, bytes) in raw)
            content.Write(bytes);
        AddPixels(content);
        return content.ToArray();
    }

    /// <summary>An element in an encoding of one's choice.</summary>
    public static byte[] Element(uint tag, string representation, byte[] value, bool isExplicit, bool bigEndian = false)
    {
        using var element = new MemoryStream();
        Element(element, tag, representation, value, isExplicit, bigEndian);
        return element.ToArray();
    }

    /// <summary>A sequence of items, each of which holds these bytes; lengths are defined or not.</summary>
    public static byte[] Sequence(uint tag, bool isExplicit, bool isOpen, params byte[][] items) =>
        Sequence(tag, "SQ", isExplicit, isOpen, items);

    /// <summary>The same under another representation.</summary>
    public static byte[] Sequence(uint tag, string representation, bool isExplicit, bool isOpen, params byte[][] items)
    {
        using var content = new MemoryStream();
        foreach (byte[] item in items)
        {
            Header(content, 0xFFFEE000, "", isOpen ? -1 : item.Length, false, false);
            content.Write(item);
            if (isOpen)
                Header(content, 0xFFFEE00D, "", 0, false, false);
        }
        using var sequence = new MemoryStream();
        Header(sequence, tag, representation, isOpen ? -1 : (int)content.Length, isExplicit, false);
        sequence.Write(content.ToArray());
        if (isOpen)
            Header(sequence, 0xFFFEE0DD, "", 0, false, false);
        return sequence.ToArray();
    }

    void AddNested(MemoryStream content)
    {
        byte[] inner = Nest(0x00080100, "SH", Text("code"));
        byte[] item = [.. Marker(0xFFFEE000, inner.Length), .. inner];
        Element(content, 0x00081140, "SQ", item, IsExplicit, IsBigEndian);
        Header(content, 0x00082112, "SQ", -1, IsExplicit, IsBigEndian);
        content.Write([.. Marker(0xFFFEE000, -1), .. inner, .. Marker(0xFFFEE00D, 0), .. item, .. Marker(0xFFFEE0DD, 0)]);
        if (!IsExplicit)
            return;
        // Unknown representation, undefined length: its content is implicit and little-endian.
        Header(content, 0x00091001, "UN", -1, true, IsBigEndian);
        using var hidden = new MemoryStream();
        Header(hidden, 0xFFFEE000, "", -1, false, false);
        Element(hidden, 0x00091002, "", [1, 2], false, false);
        Header(hidden, 0xFFFEE00D, "", 0, false, false);
        Header(hidden, 0xFFFEE0DD, "", 0, false, false);
        content.Write(hidden.ToArray());
    }

    byte[] Nest(uint tag, string representation, byte[] value)
    {
        using var inner = new MemoryStream();
        Element(inner, tag, representation, value, IsExplicit, IsBigEndian);
        return inner.ToArray();
    }

    byte[] Marker(uint tag, int length)
    {
        using var raw = new MemoryStream();
        Header(raw, tag, "", length, false, IsBigEndian);
        return raw.ToArray();
    }

    void AddPixels(MemoryStream content)
    {
        int size = BitsAllocated / 8;
        int[] pixels = Pixels ?? [.. Enumerable.Range(0, Rows * Columns * Samples * Math.Max(1, Frames))];
        byte[] bytes = [.. pixels.SelectMany(p => BitConverter.GetBytes(p).Take(size))];
        if (!IsRunLength && DicomTransferSyntaxIsNative())
        {
            if (IsBigEndian)
                for (int i = 0, unit = Math.Max(2, size); i < bytes.Length; i += unit)
                    bytes.AsSpan(i, unit).Reverse();
            Element(content, 0x7FE00010, "OW", bytes, IsExplicit, IsBigEndian);
            return;
        }
        Header(content, 0x7FE00010, "OB", -1, true, false);
        content.Write(Marker(0xFFFEE000, 0));
        foreach (byte[] pixelsOfFrame in bytes.Chunk(bytes.Length / Math.Max(1, Frames)))
        {
            byte[] frame = IsRunLength ? RunLength(pixelsOfFrame, size) : pixelsOfFrame;
            content.Write([.. Marker(0xFFFEE000, frame.Length), .. frame]);
        }
        content.Write(Marker(0xFFFEE0DD, 0));
    }

    bool DicomTransferSyntaxIsNative() => new BuiltInDicomReader().CanDecode(Syntax);

    // Runs of equal bytes where there are, single bytes elsewhere.
    static byte[] RunLength(byte[] bytes, int size)
    {
        byte[] header = new byte[64];
        header[0] = (byte)size;
        var segments = new List<byte>();
        for (int plane = 0; plane < size; plane++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4 + 4 * plane), 64 + segments.Count);
            byte[] values = [.. bytes.Where((_, i) => i % size == size - 1 - plane)];
            for (int i = 0; i < values.Length;)
            {
                int run = 1;
                while (run < 128 && i + run < values.Length && values[i + run] == values[i])
                    run++;
                segments.AddRange([run > 1 ? (byte)(257 - run) : (byte)0, values[i]]);
                i += run;
            }
            if (segments.Count % 2 != 0)
                segments.Add(0x80);
        }
        return [.. header, .. segments];
    }

    static void Element(MemoryStream stream, uint tag, string representation, byte[] value, bool isExplicit, bool bigEndian)
    {
        Header(stream, tag, representation, value.Length, isExplicit, bigEndian);
        stream.Write(value);
    }

    static void Header(MemoryStream stream, uint tag, string representation, int length, bool isExplicit, bool bigEndian)
    {
        Put16((ushort)(tag >> 16));
        Put16((ushort)tag);
        if (isExplicit)
        {
            stream.Write(Encoding.ASCII.GetBytes(representation));
            if (representation is not ("OB" or "OW" or "SQ" or "UN"))
            {
                Put16((ushort)length);
                return;
            }
            stream.Write([0, 0]);
        }
        if (bigEndian)
        {
            Put16((ushort)(length >> 16));
            Put16((ushort)length);
        }
        else
        {
            Put16((ushort)length);
            Put16((ushort)(length >> 16));
        }

        void Put16(ushort value) => stream.Write(bigEndian ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)]);
    }

    public byte[] Short(int value) => IsBigEndian ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)];

    public static byte[] Text(string text) => Encoding.ASCII.GetBytes(text.Length % 2 == 0 ? text : text + " ");

    public static string Decimals(double[] values) => string.Join("\\", values.Select(v => v.ToString(CultureInfo.InvariantCulture)));
}
