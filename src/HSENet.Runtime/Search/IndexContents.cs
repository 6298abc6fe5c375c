// Where the vectors and records of an index stand in its file, found by walking from record to record.

namespace HSENet.Runtime;

/// <summary>The items of an index file, and the place where the next one goes.</summary>
sealed class IndexContents
{
    /// <summary>Items whose vectors stand side by side.</summary>
    /// <param name="Vectors">Where the first one begins.</param>
    /// <param name="First">Which item that is.</param>
    public sealed record Chunk(long Vectors, int First)
    {
        /// <summary>How many items it has.</summary>
        public int Count { get; set; }
    }

    readonly List<Chunk> _chunks = [];
    readonly List<long> _records = [];
    readonly List<byte> _isText = [];

    IndexContents(IndexLayout.Header header) => Header = header;

    /// <summary>What the file says of itself.</summary>
    public IndexLayout.Header Header { get; }

    /// <summary>All chunks.</summary>
    public IReadOnlyList<Chunk> Chunks => _chunks;

    /// <summary>How many items there are.</summary>
    public int Count => _records.Count;

    /// <summary>Where the last record ends: what is behind it was being written when a program was killed.</summary>
    public long End { get; private set; }

    /// <summary>How many of them are texts.</summary>
    public int Texts { get; private set; }

    /// <summary>A byte for each item: 1 where it is a text, or where it is none.</summary>
    public byte[] Where(bool isText)
    {
        byte[] wanted = [.. _isText];
        if (!isText)
            for (int i = 0; i < wanted.Length; i++)
                wanted[i] ^= 1;
        return wanted;
    }

    /// <summary>Finds the items of a file. One that a killed program was writing, which the header does not count yet, is not among
    /// them.</summary>
    /// <exception cref="HseNetFileException">The file is no index, or damaged.</exception>
    public static IndexContents Read(FileBytes file) => Read(file, IndexLayout.Header.Read(file).Count);

    /// <summary>Maps a file that another program may be appending to, and finds its items.</summary>
    /// <exception cref="HseNetFileException">The file does not exist, is no index, or damaged.</exception>
    public static (FileBytes Map, IndexContents Contents) Open(string path)
    {
        // A mapping ends where the file ended, but shows what the header counts by now: it is counted before it is mapped.
        long count;
        using (var before = FileBytes.Open(path, grows: true))
            count = IndexLayout.Header.Read(before).Count;
        var map = FileBytes.Open(path, grows: true);
        try
        {
            return (map, Read(map, count));
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>Finds the items of a file, of which <paramref name="count"/> are known to be whole.</summary>
    internal static IndexContents Read(FileBytes file, long count)
    {
        var (header, _) = IndexLayout.Header.Read(file);
        var contents = new IndexContents(header) { End = IndexLayout.HeaderBytes };
        while (contents.BeginChunk() <= file.Length && contents.ReadChunk(file, count))
        {
        }
        if (contents.Count < count)
            throw new HseNetFileException(file.Name, $"has {contents.Count} whole items of {count}",
                "an index that was not cut or changed");
        return contents;
    }

    // The records of the last chunk, as far as they are whole. Returns whether another chunk may follow.
    bool ReadChunk(FileBytes file, long counted)
    {
        while (!IsFull)
        {
            if (End + IndexLayout.RecordHeaderBytes > file.Length
                || IndexLayout.RecordHeader(file.Slice(End, IndexLayout.RecordHeaderBytes)) is not var (isText, content)
                || End + IndexLayout.Aligned(IndexLayout.RecordHeaderBytes + content, 8) > file.Length)
                return false;
            // What the header counts was flushed: it is compared with its hash when it is used.
            if (Count >= counted && IndexLayout.Item(file.Slice(End, IndexLayout.RecordHeaderBytes + content), content,
                file.Slice(NextVector, Header.Stride)) is null)
                return false;
            Add(isText, content);
        }
        return true;
    }

    /// <summary>Begins a chunk where the last one is full or there is none; its room ends where records begin, at
    /// <see cref="End"/>.</summary>
    public long BeginChunk()
    {
        if (_chunks.Count > 0 && !IsFull)
            return End;
        long vectors = IndexLayout.Aligned(End);
        int capacity = IndexLayout.Capacity(_chunks.Count);
        _chunks.Add(new Chunk(vectors, Count));
        return End = IndexLayout.Aligned(vectors + (long)capacity * Header.Stride);
    }

    bool IsFull => _chunks[^1].Count == IndexLayout.Capacity(_chunks.Count - 1);

    /// <summary>Where the next item's vector goes.</summary>
    public long NextVector => _chunks[^1].Vectors + (long)_chunks[^1].Count * Header.Stride;

    /// <summary>Takes note of an item whose record begins at <see cref="End"/>.</summary>
    public void Add(bool isText, int content)
    {
        _records.Add(End);
        _isText.Add((byte)(isText ? 1 : 0));
        Texts += isText ? 1 : 0;
        _chunks[^1].Count++;
        End += IndexLayout.Aligned(IndexLayout.RecordHeaderBytes + content, 8);
    }

    /// <summary>Reads an item.</summary>
    /// <exception cref="HseNetFileException">Its record or vector was changed since it was written.</exception>
    public IndexedItem Item(FileBytes file, int item)
    {
        var (_, content) = IndexLayout.RecordHeader(file.Slice(_records[item], IndexLayout.RecordHeaderBytes)) ?? throw Damaged(file, item);
        return IndexLayout.Item(file.Slice(_records[item], IndexLayout.RecordHeaderBytes + content), content, Vector(file, item))
            ?? throw Damaged(file, item);
    }

    /// <summary>The bytes of an item's vector.</summary>
    public ReadOnlySpan<byte> Vector(FileBytes file, int item)
    {
        var chunk = _chunks.FindLast(chunk => chunk.First <= item)!;
        return file.Slice(chunk.Vectors + (long)(item - chunk.First) * Header.Stride, Header.Stride);
    }

    static HseNetFileException Damaged(FileBytes file, int item) =>
        new(file.Name, $"item {item + 1} is damaged", "an index as it was written");
}
