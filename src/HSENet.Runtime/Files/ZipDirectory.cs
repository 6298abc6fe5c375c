// Reads the directory of a zip file (zip64 too) and gives each entry's place, so that stored entries are used where they lie.
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace HSENet.Runtime;

/// <summary>One file in a zip: <paramref name="Offset"/> is that of its local header.</summary>
internal sealed record ZipEntry(string Name, ushort Method, ushort Flags, long CompressedLength, long Length, long Offset, uint Checksum)
{
    public bool IsStored => Method == 0;
}

internal static class ZipDirectory
{
    const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50, EntrySignature = 0x02014b50,
        LocalSignature = 0x04034b50;
    const int EndLength = 22, EntryLength = 46, LocalLength = 30;
    const ushort EncryptedFlag = 1;

    /// <summary>Bytes that deflate makes of one, at most.</summary>
    public const int MostInflated = 1032;

    /// <summary>Lists the files of a zip; folders are left out.</summary>
    /// <param name="file">The zip.</param>
    /// <param name="takesTwins">Whether two files may have one name, as in a zip that was added to; both are listed.</param>
    /// <exception cref="HseNetFileException">The file is not a zip, truncated or inconsistent.</exception>
    public static List<ZipEntry> Read(FileBytes file, bool takesTwins = false)
    {
        (long count, long size, long offset) = FindDirectory(file);
        // Each entry takes EntryLength bytes at least, so a larger count is a lie and is not believed.
        if (size < 0 || offset < 0 || offset > file.Length || size > file.Length - offset || count > size / EntryLength)
            throw Broken(file, "its directory does not lie in the file");
        var entries = new List<ZipEntry>();
        var names = new HashSet<string>();
        long position = offset;
        for (long i = 0; i < count; i++)
        {
            ZipEntry entry = ReadEntry(file, ref position, offset + size);
            if (entry.Name.EndsWith('/'))
                continue;
            if (!names.Add(entry.Name) && !takesTwins)
                throw Broken(file, $"it holds {HseNetFileException.Quote(entry.Name)} twice");
            entries.Add(entry);
        }
        return entries;
    }

    /// <summary>Offset of the bytes of an entry; they are checked to lie in the file.</summary>
    public static long DataOffset(FileBytes file, ZipEntry entry)
    {
        if ((entry.Flags & EncryptedFlag) != 0)
            throw Broken(file, $"{HseNetFileException.Quote(entry.Name)} is encrypted");
        if (entry.Offset > file.Length - LocalLength || Unsigned32(file, entry.Offset) != LocalSignature)
            throw Broken(file, $"there is no entry where {HseNetFileException.Quote(entry.Name)} should be");
        long data = entry.Offset + LocalLength + Unsigned16(file, entry.Offset + 26) + Unsigned16(file, entry.Offset + 28);
        if (data > file.Length || entry.CompressedLength > file.Length - data)
            throw Broken(file, $"{HseNetFileException.Quote(entry.Name)} goes past the end of the file");
        if (entry.IsStored && entry.Length != entry.CompressedLength)
            throw Broken(file, $"{HseNetFileException.Quote(entry.Name)} is stored but states two lengths");
        return data;
    }

    /// <summary>The content of an entry, stored or deflated, of at most <paramref name="limit"/> bytes.</summary>
    public static byte[] Content(FileBytes file, ZipEntry entry, int limit)
    {
        using Stream content = Open(file, entry);
        if (entry.Length > limit)
            throw Broken(file, $"{HseNetFileException.Quote(entry.Name)} states {entry.Length} bytes, more than the {limit} that are read");
        return GrowingRead.Exactly(content, entry.Length, file.Name);
    }

    /// <summary>Opens an entry, stored or deflated. Reading its end compares the checksum.</summary>
    public static Stream Open(FileBytes file, ZipEntry entry)
    {
        long data = DataOffset(file, entry);
        if (!entry.IsStored && entry.Method != 8)
            throw Broken(file, $"{HseNetFileException.Quote(entry.Name)} uses compression method {entry.Method}, not deflate");
        if (!entry.IsStored && entry.Length > MostInflated * (entry.CompressedLength + 1))
            throw Broken(file, $"{HseNetFileException.Quote(entry.Name)} states more bytes than its compression can hold");
        Stream content = file.AsStream(data, entry.CompressedLength);
        if (!entry.IsStored)
            content = new DeflateStream(content, CompressionMode.Decompress);
        return new ChecksummedStream(content, entry.Length, entry.Checksum);
    }

    static (long Count, long Size, long Offset) FindDirectory(FileBytes file)
    {
        // The end record is followed by a comment of at most 65535 bytes.
        long lowest = Math.Max(0, file.Length - EndLength - ushort.MaxValue);
        for (long end = file.Length - EndLength; end >= lowest; end--)
        {
            if (Unsigned32(file, end) != EndSignature || end + EndLength + Unsigned16(file, end + 20) != file.Length)
                continue;
            long count = Unsigned16(file, end + 10), size = Unsigned32(file, end + 12), offset = Unsigned32(file, end + 16);
            long locator = end - 20;
            if (locator < 0 || Unsigned32(file, locator) != Locator64Signature)
                return (count, size, offset);
            long end64 = Signed64(file, locator + 8);
            if (end64 < 0 || end64 > file.Length - 56 || Unsigned32(file, end64) != End64Signature)
                throw Broken(file, "its zip64 directory does not lie in the file");
            return (Signed64(file, end64 + 32), Signed64(file, end64 + 40), Signed64(file, end64 + 48));
        }
        throw Broken(file, "it has no zip directory: truncated, or not a zip file");
    }

    static ZipEntry ReadEntry(FileBytes file, ref long position, long end)
    {
        if (end - position < EntryLength || Unsigned32(file, position) != EntrySignature)
            throw Broken(file, "its directory is damaged");
        int nameLength = Unsigned16(file, position + 28), extraLength = Unsigned16(file, position + 30),
            commentLength = Unsigned16(file, position + 32);
        long extra = position + EntryLength + nameLength;
        if (end - extra < extraLength + commentLength)
            throw Broken(file, "its directory is damaged");
        string name = Encoding.UTF8.GetString(file.Slice(position + EntryLength, nameLength));
        long compressed = Unsigned32(file, position + 20), length = Unsigned32(file, position + 24),
            offset = Unsigned32(file, position + 42);
        Widen(file.Slice(extra, extraLength), ref length, ref compressed, ref offset);
        if (compressed < 0 || length < 0 || offset < 0)
            throw Broken(file, $"{HseNetFileException.Quote(name)} has a negative length or offset");
        var entry = new ZipEntry(name, Unsigned16(file, position + 10), Unsigned16(file, position + 8), compressed, length, offset,
            Unsigned32(file, position + 16));
        position = extra + extraLength + commentLength;
        return entry;
    }

    // The zip64 field holds, in this order, those of the three numbers that did not fit 32 bits.
    static void Widen(ReadOnlySpan<byte> extra, ref long length, ref long compressed, ref long offset)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), size = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            extra = extra[4..];
            if (size > extra.Length)
                return;
            ReadOnlySpan<byte> field = extra[..size];
            extra = extra[size..];
            if (id != 1)
                continue;
            Take(ref field, ref length);
            Take(ref field, ref compressed);
            Take(ref field, ref offset);
        }

        static void Take(ref ReadOnlySpan<byte> field, ref long number)
        {
            if (number != uint.MaxValue || field.Length < 8)
                return;
            number = BinaryPrimitives.ReadInt64LittleEndian(field);
            field = field[8..];
        }
    }

    static ushort Unsigned16(FileBytes file, long offset) => BinaryPrimitives.ReadUInt16LittleEndian(file.Slice(offset, 2));

    static uint Unsigned32(FileBytes file, long offset) => BinaryPrimitives.ReadUInt32LittleEndian(file.Slice(offset, 4));

    static long Signed64(FileBytes file, long offset) => BinaryPrimitives.ReadInt64LittleEndian(file.Slice(offset, 8));

    static HseNetFileException Broken(FileBytes file, string problem) => new(file.Name, problem, "an intact zip file");
}
