// How an index lies in its file: a header, then chunks of vectors, each with the records of its items behind it.
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// The file: <see cref="HeaderBytes"/> of header; then chunks. A chunk is room for the vectors of its items, side by side as a product
/// reads them, and behind it a record for each item in the order of the vectors. Everything is appended: a vector goes into its room, then
/// its record to the end of the file, which makes it count. Numbers are little-endian.
/// </summary>
static class IndexLayout
{
    /// <summary>magic, version, type, channels, length of the JSON, count, hash of all but the count, JSON.</summary>
    public const int HeaderBytes = 512;

    /// <summary>Where the header counts the items that are known to be on the disk.</summary>
    public const int CountAt = 24;

    /// <summary>Mark, kind, length of the content, check of these three; hash of them, the content and the vector.</summary>
    public const int RecordHeaderBytes = 24;

    /// <summary>The most that a record may hold beside its header.</summary>
    public const int MaximumContent = 16 << 20;

    const ulong Magic = 0x5849_544E_4553_48; // "HSENTIX"
    const uint Version = 1, Mark = 0x6D65_7469; // "item"
    const int JsonAt = 40, FirstCapacity = 64, LargestCapacity = 16384;

    /// <summary>What an index is an index of.</summary>
    /// <param name="Type">How vectors are stored: f32 or bf16.</param>
    /// <param name="Channels">Numbers in a vector.</param>
    /// <param name="Weights">Hash of the weights that make embeddings.</param>
    /// <param name="Preprocessing">Preset, version and orientation of the volumes.</param>
    public sealed record Header(WeightType Type, int Channels, string Weights, string Preprocessing)
    {
        /// <summary>Bytes of a vector.</summary>
        public int Stride => Channels * Kernels.Weights.BytesPerElement(Type);

        /// <summary>The header of an empty index.</summary>
        public byte[] ToBytes()
        {
            var bytes = new byte[HeaderBytes];
            byte[] json = JsonSerializer.SerializeToUtf8Bytes([Weights, Preprocessing], RuntimeJson.Default.StringArray);
            if (json.Length > HeaderBytes - JsonAt)
                throw new ArgumentException($"hash and preprocessing take {json.Length} bytes; expected {HeaderBytes - JsonAt} at most");
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), (uint)Type);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), Channels);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), json.Length);
            json.CopyTo(bytes, JsonAt);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), HashOf(bytes));
            return bytes;
        }

        /// <summary>Reads a header and its count.</summary>
        /// <exception cref="HseNetFileException">It is no index, a damaged one, or of another version.</exception>
        public static (Header Header, long Count) Read(FileBytes file)
        {
            if (file.Length < HeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, 8)) != Magic)
                throw new HseNetFileException(file.Name, "is no index", "an index of volumes and reports (VolumeIndex)");
            var bytes = file.Slice(0, HeaderBytes);
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) is var version and not Version)
                throw new HseNetFileException(file.Name, $"is an index of version {version}", $"version {Version}");
            if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]) != HashOf(bytes))
                throw new HseNetFileException(file.Name, "has a damaged header", "an index as it was written");
            var type = (WeightType)BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
            int channels = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]), json = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]);
            long count = BinaryPrimitives.ReadInt64LittleEndian(bytes[CountAt..]);
            string[]? words = json is > 0 and <= HeaderBytes - JsonAt ? Words(bytes.Slice(JsonAt, json)) : null;
            return type is WeightType.F32 or WeightType.BF16 && channels is > 0 and <= 1 << 16 && count >= 0
                && words is [{ } weights, { } preprocessing]
                ? (new Header(type, channels, weights, preprocessing), count)
                : throw new HseNetFileException(file.Name, "has a damaged header", "an index as it was written");
        }

        static string[]? Words(ReadOnlySpan<byte> json)
        {
            try
            {
                return JsonSerializer.Deserialize(json, RuntimeJson.Default.StringArray);
            }
            catch (JsonException)
            {
                return null;
            }
        }

        static ulong HashOf(ReadOnlySpan<byte> header)
        {
            var hash = new XxHash3();
            hash.Append(header[..CountAt]);
            hash.Append(header[JsonAt..]);
            return hash.GetCurrentHashAsUInt64();
        }
    }

    /// <summary>How many items a chunk takes: the first are small, so that a small index is a small file.</summary>
    public static int Capacity(int chunk) => chunk < 8 ? FirstCapacity << chunk : LargestCapacity;

    /// <summary>The next place at which something may begin.</summary>
    public static long Aligned(long position, int to = 64) => (position + to - 1) / to * to;

    /// <summary>A record.</summary>
    public static byte[] Record(IndexedItem item, ReadOnlySpan<byte> vector)
    {
        string[] words = [item.Study, item.Key, item.Text ?? ""];
        int content = words.Sum(word => sizeof(int) + Encoding.UTF8.GetByteCount(word));
        if (content > MaximumContent)
            throw new HseNetException($"{HseNetException.OneLine(item.Study, 120)}: a text of {content} bytes; expected at most "
                + $"{MaximumContent}");
        var record = new byte[Aligned(RecordHeaderBytes + content, 8)];
        BinaryPrimitives.WriteUInt32LittleEndian(record, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), item.IsText ? 1 : 0);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), content);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12), CheckOf(record));
        int at = RecordHeaderBytes;
        foreach (string word in words)
        {
            int length = Encoding.UTF8.GetBytes(word, record.AsSpan(at + sizeof(int)));
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(at), length);
            at += sizeof(int) + length;
        }
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(16), HashOf(record, content, vector));
        return record;
    }

    /// <summary>Kind and length of a record; null if these bytes are none.</summary>
    public static (bool IsText, int Content)? RecordHeader(ReadOnlySpan<byte> header)
    {
        int kind = BinaryPrimitives.ReadInt32LittleEndian(header[4..]), content = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(header) == Mark
            && BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) == CheckOf(header) && kind is 0 or 1
                && content is >= 12 and <= MaximumContent ? (kind == 1, content) : null;
    }

    /// <summary>The item of a record; null if record or vector are damaged.</summary>
    public static IndexedItem? Item(ReadOnlySpan<byte> record, int content, ReadOnlySpan<byte> vector)
    {
        if (BinaryPrimitives.ReadUInt64LittleEndian(record[16..]) != HashOf(record, content, vector))
            return null;
        var rest = record.Slice(RecordHeaderBytes, content);
        var words = new string[3];
        for (int i = 0; i < words.Length; i++)
        {
            if (!BinaryPrimitives.TryReadInt32LittleEndian(rest, out int length) || length < 0 || length > rest.Length - sizeof(int))
                return null;
            words[i] = Encoding.UTF8.GetString(rest.Slice(sizeof(int), length));
            rest = rest[(sizeof(int) + length)..];
        }
        return new IndexedItem(words[0], BinaryPrimitives.ReadInt32LittleEndian(record[4..]) == 1 ? words[2] : null) { Key = words[1] };
    }

    static uint CheckOf(ReadOnlySpan<byte> header) => (uint)XxHash3.HashToUInt64(header[..12]);

    static ulong HashOf(ReadOnlySpan<byte> record, int content, ReadOnlySpan<byte> vector)
    {
        var hash = new XxHash3();
        hash.Append(record[..12]);
        hash.Append(record.Slice(RecordHeaderBytes, content));
        hash.Append(vector);
        return hash.GetCurrentHashAsUInt64();
    }
}
