// An index of CTs and reports: one file that grows by appending, searched exactly, in place.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Embeddings of volumes and reports in one file that is mapped into memory. Items are appended, nothing is rewritten; what a killed
/// program was writing is left out when the file is opened again. An index holds embeddings of one set of weights, and volumes of one
/// preprocessing. Serves many threads; one program at a time may append.
/// </summary>
public sealed partial class VolumeIndex : IDisposable
{
    readonly Lock _gate = new();
    readonly string _path;
    readonly IndexContents _contents;
    readonly FileLock? _lock;
    readonly FileStream? _file;
    FileBytes _map;
    bool _grown, _disposed;

    VolumeIndex(string path, FileBytes map, IndexContents contents, FileLock? @lock, FileStream? file) =>
        (_path, _map, _contents, _lock, _file) = (path, map, contents, @lock, file);

    /// <summary>Opens an index to search in it.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="HseNetFileException">It does not exist, is no index, or is damaged.</exception>
    public static VolumeIndex Open(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        var (map, contents) = IndexContents.Open(file);
        return new VolumeIndex(file, map, contents, null, null);
    }

    internal static VolumeIndex Read(FileBytes map)
    {
        try
        {
            return new VolumeIndex(map.Name, map, IndexContents.Read(map), null, null);
        }
        catch
        {
            map.Dispose();
            throw;
        }
    }

    /// <summary>Opens an index to append to it, or begins one.</summary>
    /// <param name="file">The file.</param>
    /// <param name="embedder">What makes its embeddings.</param>
    /// <param name="preprocessing">How its volumes are prepared; the standard if left out.</param>
    /// <param name="half">For a new index: whether vectors are stored in bf16 instead of f32, half as large.</param>
    /// <exception cref="HseNetFileException">It is no index, is damaged, holds embeddings of other weights or of another preprocessing, or
    /// another program appends to it.</exception>
    public static VolumeIndex OpenOrCreate(string file, StudyEmbedder embedder, PreprocessingOptions? preprocessing = null,
        bool half = false)
    {
        ArgumentNullException.ThrowIfNull(embedder);
        return OpenOrCreate(file, new IndexLayout.Header(half ? WeightType.BF16 : WeightType.F32, embedder.Channels, embedder.WeightsHash,
            Preprocessing.NameOf(preprocessing ?? new(), embedder.Preset)), appends: true);
    }

    internal static VolumeIndex OpenOrCreate(string file, IndexLayout.Header header, bool appends)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        var @lock = FileLock.Take(file);
        FileStream? stream = null;
        FileBytes? map = null;
        try
        {
            if (!File.Exists(file))
                AtomicFile.Write(file, header.ToBytes());
            else if (!appends)
                throw new HseNetFileException(file, "exists", "a new name");
            stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 1);
            map = FileBytes.Open(file, grows: true);
            var contents = IndexContents.Read(map);
            CheckSame(file, contents.Header, header);
            if (map.Length > contents.End)
                Cut(ref map, stream, file, contents.End);
            return new VolumeIndex(file, map, contents, @lock, stream);
        }
        catch (Exception e)
        {
            map?.Dispose();
            stream?.Dispose();
            @lock.Dispose();
            if (e is IOException or UnauthorizedAccessException)
                throw new HseNetFileException(file, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
            throw;
        }
    }

    // What was being written when a program was killed goes; a mapped file cannot be cut everywhere.
    static void Cut(ref FileBytes map, FileStream stream, string file, long end)
    {
        map.Dispose();
        stream.SetLength(end);
        map = FileBytes.Open(file, grows: true);
    }

    static void CheckSame(string file, IndexLayout.Header found, IndexLayout.Header wanted)
    {
        if (found.Weights != wanted.Weights)
            throw new HseNetFileException(file, $"holds embeddings of the weights {found.Weights}, not of {wanted.Weights}",
                "embeddings of one model");
        if (found.Channels != wanted.Channels)
            throw new HseNetFileException(file, $"holds embeddings of {found.Channels} numbers", $"{wanted.Channels}");
        if (found.Preprocessing != wanted.Preprocessing)
            throw new HseNetFileException(file, $"holds volumes that were prepared as {HseNetFileException.Quote(found.Preprocessing)}, "
                + $"not as {HseNetFileException.Quote(wanted.Preprocessing)}", "one preset, version and orientation");
        if (found.Type != wanted.Type)
            throw new HseNetFileException(file, $"holds vectors in {found.Type}, not in {wanted.Type}", "one type");
    }

    /// <summary>How many volumes and reports it holds.</summary>
    public int Count => _contents.Count;

    /// <summary>How many of these are reports.</summary>
    public int Reports => _contents.Texts;

    /// <summary>Hash of the weights that made its embeddings.</summary>
    public string WeightsHash => _contents.Header.Weights;

    /// <summary>Name, version and choices of the preprocessing of its volumes.</summary>
    public string PreparedAs => _contents.Header.Preprocessing;

    /// <summary>Whether its vectors are stored in bf16.</summary>
    public bool IsHalf => _contents.Header.Type == WeightType.BF16;

    /// <summary>An item, in the order in which they were added.</summary>
    /// <param name="index">From 0.</param>
    /// <exception cref="HseNetFileException">The item is damaged.</exception>
    public IndexedItem this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            lock (_gate)
                return _contents.Item(Map(), index);
        }
    }

    /// <summary>An item's embedding.</summary>
    internal float[] Vector(int index)
    {
        lock (_gate)
            return Widened(_contents.Vector(Map(), index));
    }

    float[] Widened(ReadOnlySpan<byte> stored)
    {
        if (_contents.Header.Type == WeightType.F32)
            return MemoryMarshal.Cast<byte, float>(stored).ToArray();
        var values = new float[_contents.Header.Channels];
        for (int i = 0; i < values.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(stored[(2 * i)..]) << 16);
        return values;
    }

    /// <summary>Compares every item with its checksum; opening alone looks at what it needs.</summary>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HseNetFileException">An item was changed since it was written.</exception>
    public void Verify(CancellationToken cancellation = default)
    {
        for (int i = 0; i < Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            _ = this[i];
        }
    }

    // The mapping of a file that has grown shows its beginning only.
    FileBytes Map()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_grown)
        {
            _map.Dispose();
            _map = FileBytes.Open(_path, grows: true);
            _grown = false;
        }
        return _map;
    }

    /// <summary>Closes the file; what was added is on the disk.</summary>
    /// <exception cref="HseNetFileException">What was added cannot be written; the file is closed all the same.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            try
            {
                Flush();
            }
            finally
            {
                // A full disk must not keep the file from the next program.
                _disposed = true;
                _map.Dispose();
                _file?.Dispose();
                _lock?.Dispose();
            }
        }
    }
}
