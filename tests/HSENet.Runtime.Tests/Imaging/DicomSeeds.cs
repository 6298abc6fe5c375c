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

    bool IsExplicit => Syntax != DicomTransferSyntax.ImplicitLittleEndian;

    bool IsBigEndian => Syntax == DicomTransferSyntax.ExplicitBigEndian;

    bool IsRunLength => Syntax == DicomTransferSyntax.RunLength;

    public byte[] ToBytes()
    {
        using var file = new MemoryStream();
        file.Write(new byte[128]);
        file.Write("DICM"u8);
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
        using var content = new MemoryStream();
        Add(0x00080008, "CS", Text(ImageType));
        Add(0x00080018, "UI", Text(Instance ?? "1.2.3.4"));
        Add(0x00080060, "CS", Text(Modality));
        Add(0x00100010, "PN", Text("Secret^Patient"));
        if (Nested)
            AddNested(content);
        Add(0x0020000E, "UI", Text(Series));
        Add(0x00200032, "DS", Text(Decimals(Position)));
        Add(0x00200037, "DS", Text(Decimals(Orientation)));
        Add(0x00280002, "US", Number(Samples));
        Add(0x00280008, "IS", Text(Frames.ToString()));
        Add(0x00280010, "US", Number(Rows));
        Add(0x00280011, "US", Number(Columns));
        Add(0x00280030, "DS", Text("0.5\\0.25"));
        Add(0x00280100, "US", Number(BitsAllocated));
        Add(0x00280101, "US", Number(BitsStored));
        Add(0x00280102, "US", Number(HighBit));
        Add(0x00280103, "US", Number(Signed ? 1 : 0));
        Add(0x00281052, "DS", Text(Decimals([Intercept])));
        Add(0x00281053, "DS", Text(Decimals([Slope])));
        AddPixels(content);
        return content.ToArray();

        void Add(uint tag, string representation, byte[] value) => Element(content, tag, representation, value, IsExplicit, IsBigEndian);
    }

    void AddNested(MemoryStream content)
    {
        byte[] inner = Nest(0x00080100, "SH", Text("code"));
        byte[] item = [.. Raw(0xFFFEE000, inner.Length), .. inner];
        Element(content, 0x00081140, "SQ", item, IsExplicit, IsBigEndian);
        Header(content, 0x00082112, "SQ", -1, IsExplicit, IsBigEndian);
        content.Write([.. Raw(0xFFFEE000, -1), .. inner, .. Raw(0xFFFEE00D, 0), .. item, .. Raw(0xFFFEE0DD, 0)]);
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

    byte[] Raw(uint tag, int length)
    {
        using var raw = new MemoryStream();
        Header(raw, tag, "", length, false, IsBigEndian);
        return raw.ToArray();
    }

    void AddPixels(MemoryStream content)
    {
        int size = BitsAllocated / 8;
        int[] pixels = Pixels ?? [.. Enumerable.Range(0, Rows * Columns * Samples)];
        byte[] bytes = [.. pixels.SelectMany(p => BitConverter.GetBytes(p).Take(size))];
        if (!IsRunLength && DicomTransferSyntaxIsNative())
        {
            if (IsBigEndian)
                for (int i = 0, unit = Math.Max(2, size); i < bytes.Length; i += unit)
                    bytes.AsSpan(i, unit).Reverse();
            Element(content, 0x7FE00010, "OW", bytes, IsExplicit, IsBigEndian);
            return;
        }
        byte[] frame = IsRunLength ? RunLength(bytes, size) : bytes;
        Header(content, 0x7FE00010, "OB", -1, true, false);
        content.Write([.. Raw(0xFFFEE000, 0), .. Raw(0xFFFEE000, frame.Length), .. frame, .. Raw(0xFFFEE0DD, 0)]);
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

    byte[] Number(int value) => IsBigEndian ? [(byte)(value >> 8), (byte)value] : [(byte)value, (byte)(value >> 8)];

    static byte[] Text(string text) => Encoding.ASCII.GetBytes(text.Length % 2 == 0 ? text : text + " ");

    static string Decimals(double[] values) => string.Join("\\", values.Select(v => v.ToString(CultureInfo.InvariantCulture)));
}
