// Writes 8-bit RGB pictures as PNG.
using System.Buffers.Binary;
using System.IO.Compression;
using HSENet.Runtime;

namespace HSENet.Phantoms;

static class PngFile
{
    /// <summary>Writes a picture.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pixels">Red, green, blue; row by row.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    public static void Write(string path, ReadOnlySpan<byte> pixels, int width, int height)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        Chunk(file, "IHDR"u8, header);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] row = new byte[1 + 3 * width];
            row[0] = 1; // each byte less that of the pixel before
            for (int y = 0; y < height; y++)
            {
                var line = pixels.Slice(3 * y * width, 3 * width);
                for (int i = 0; i < line.Length; i++)
                    row[1 + i] = (byte)(line[i] - (i < 3 ? 0 : line[i - 3]));
                zlib.Write(row);
            }
        }
        Chunk(file, "IDAT"u8, packed.ToArray());
        Chunk(file, "IEND"u8, []);
        AtomicFile.Write(path, file.ToArray());
    }

    static void Chunk(Stream file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
    {
        byte[] chunk = [.. name, .. content];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        file.Write(chunk);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(chunk));
        file.Write(number);
    }

    static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = crc >> 1 ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }
        return ~crc;
    }
}
