// A picture of pixels, lines and small letters, written as PNG: enough for a training's curves, without a graphics library.
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace HSENet.Cli;

/// <summary>An RGB picture; positions outside it are left out.</summary>
sealed class PngCanvas(int width, int height)
{
    /// <summary>Height of a letter with the space below it, and its width with the space behind it.</summary>
    public const int LineHeight = 10, LetterWidth = 6;

    // Five columns of eight dots for each letter, the top dot in the lowest bit.
    static readonly Dictionary<char, uint[]> Letters = Parse("""
        0 3E5149453E 1 00427F4000 2 4261514946 3 2141454B31 4 1814127F10 5 2745454539 6 3C4A494930 7 0171090503 8 3649494936 9 064949291E
        a 2054545478 b 7F48444438 c 3844444420 d 384444487F e 3854545418 f 087E090102 g 18A4A4A47C h 7F08040478 i 00447D4000 j 2040403D00
        k 7F10284400 l 00417F4000 m 7C04180478 n 7C08040478 o 3844444438 p FC18242418 q 18242418FC r 7C08040408 s 4854545420 t 043F444020
        u 3C4040207C v 1C2040201C w 3C4030403C x 4428102844 y 4C9090907C z 4464544C44 - 0808080808 . 0060600000 + 08083E0808 / 2010080402
        """);

    readonly byte[] _pixels = [.. Enumerable.Repeat((byte)255, 3 * width * height)];

    /// <summary>Draws a straight line.</summary>
    public void Line(double x0, double y0, double x1, double y1, int color)
    {
        int steps = (int)Math.Ceiling(Math.Max(Math.Max(Math.Abs(x1 - x0), Math.Abs(y1 - y0)), 1));
        for (int i = 0; i <= steps; i++)
            Dot((int)Math.Round(x0 + (x1 - x0) * i / steps), (int)Math.Round(y0 + (y1 - y0) * i / steps), color);
    }

    /// <summary>Writes lower-case letters, digits and - + . / from a left upper corner; anything else stays blank.</summary>
    public void Text(int x, int y, string text, int color)
    {
        foreach (char c in text)
        {
            if (Letters.TryGetValue(c, out uint[]? columns))
                for (int column = 0; column < 5; column++)
                    for (int row = 0; row < 8; row++)
                        if ((columns[column] >> row & 1) == 1)
                            Dot(x + column, y + row, color);
            x += LetterWidth;
        }
    }

    /// <summary>The picture as a PNG file.</summary>
    public byte[] ToPng()
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2); // 8 bits of each colour
        Chunk("IHDR", header);
        using var rows = new MemoryStream();
        using (var deflate = new ZLibStream(rows, CompressionLevel.Optimal, leaveOpen: true))
            for (int y = 0; y < height; y++)
            {
                deflate.WriteByte(0); // no filter
                deflate.Write(_pixels, 3 * width * y, 3 * width);
            }
        Chunk("IDAT", rows.ToArray());
        Chunk("IEND", []);
        return file.ToArray();

        void Chunk(string name, byte[] content)
        {
            byte[] named = [.. Encoding.ASCII.GetBytes(name), .. content];
            Span<byte> number = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
            file.Write(number);
            file.Write(named);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(named));
            file.Write(number);
        }
    }

    void Dot(int x, int y, int color)
    {
        if ((uint)x >= (uint)width || (uint)y >= (uint)height)
            return;
        int at = 3 * (y * width + x);
        (_pixels[at], _pixels[at + 1], _pixels[at + 2]) = ((byte)(color >> 16), (byte)(color >> 8), (byte)color);
    }

    static Dictionary<char, uint[]> Parse(string table)
    {
        string[] parts = table.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
        return parts.Chunk(2).ToDictionary(pair => pair[0][0], pair => Convert.FromHexString(pair[1]).Select(column => (uint)column).ToArray());
    }
}
