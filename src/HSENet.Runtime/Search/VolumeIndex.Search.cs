// Exact search: similarities are a product of one row with all vectors, where they lie; then the largest are found.
using HSENet.Kernels;

namespace HSENet.Runtime;

public sealed partial class VolumeIndex
{
    /// <summary>Finds what is most like a text.</summary>
    /// <param name="embedder">Makes its embedding; the search runs on its device.</param>
    /// <param name="text">A description or a report.</param>
    /// <param name="top">How many are found at most.</param>
    /// <param name="amongTexts">Whether reports are found instead of volumes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The most similar first; of equal ones the one that was added earlier.</returns>
    /// <exception cref="HseNetException">The embedder is not this index's, or what is found is damaged.</exception>
    public IReadOnlyList<SearchHit> Search(StudyEmbedder embedder, string text, int top = 10, bool amongTexts = false,
        CancellationToken cancellation = default)
    {
        CheckIs(embedder);
        return Search(embedder.Embed(text, cancellation), embedder.Device, top, amongTexts, cancellation);
    }

    /// <summary>Finds what is most like a volume.</summary>
    /// <param name="embedder">Makes its embedding; the search runs on its device.</param>
    /// <param name="volume">The CT.</param>
    /// <param name="top">How many are found at most.</param>
    /// <param name="amongTexts">Whether reports are found instead of volumes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The most similar first; of equal ones the one that was added earlier.</returns>
    /// <exception cref="HseNetException">The study cannot be used, embedder or preprocessing are not this index's, or what is found is
    /// damaged.</exception>
    public IReadOnlyList<SearchHit> Search(StudyEmbedder embedder, CtStudy volume, int top = 10, bool amongTexts = false,
        CancellationToken cancellation = default)
    {
        CheckIs(embedder);
        float[] embedding = embedder.Embed(volume, out string preprocessing, cancellation);
        CheckPrepared("what is looked for", preprocessing);
        return Search(embedding, embedder.Device, top, amongTexts, cancellation);
    }

    internal unsafe IReadOnlyList<SearchHit> Search(ReadOnlySpan<float> query, Device device, int top, bool amongTexts,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        CheckVector(query, "what is looked for");
        lock (_gate)
        {
            var map = Map();
            top = Math.Min(top, amongTexts ? _contents.Texts : Count - _contents.Texts);
            if (top == 0)
                return [];
            byte[] wanted = _contents.Where(amongTexts);
            using var memory = new SearchMemory(device);
            var x = memory.Of<float>(query);
            var scores = memory.Empty<float>(wanted.Length);
            var (values, indices) = (memory.Empty<float>(top), memory.Empty<int>(top));
            var header = _contents.Header;
            foreach (var chunk in _contents.Chunks.Where(chunk => chunk.Count > 0))
            {
                cancellation.ThrowIfCancellationRequested();
                long bytes = (long)chunk.Count * header.Stride;
                Linear.Forward(device, new LinearArguments
                {
                    X = x,
                    W = new Weights(memory.Mapped(map.Pointer(chunk.Vectors, bytes), bytes), header.Type),
                    Y = scores.Slice(chunk.First, chunk.Count),
                    Rows = 1,
                    Inputs = header.Channels,
                    Outputs = chunk.Count,
                });
            }
            TopK.Forward(device, new TopKArguments
            {
                Scores = scores,
                Wanted = memory.Of<byte>(wanted),
                Values = values,
                Indices = indices,
                Rows = 1,
                Columns = wanted.Length,
                Top = top,
            });
            var (similarities, items) = (new float[top], new int[top]);
            device.Download<float>(values, similarities);
            device.Download<int>(indices, items);
            // As many as are wanted are there: one that is not found has no similarity, as its vector holds what is no number.
            if (items.Contains(-1))
                throw new HseNetFileException(_path, "holds a damaged vector", "an index as it was written");
            return [.. items.Zip(similarities)
                .Select(found => new SearchHit(_contents.Item(map, found.First), Math.Clamp(found.Second, -1f, 1f)))];
        }
    }

    /// <summary>Bytes of all vectors.</summary>
    internal long VectorBytes => (long)Count * _contents.Header.Stride;

    /// <summary>All vectors where they are mapped: what one search reads.</summary>
    internal unsafe IEnumerable<View<byte>> MappedVectors()
    {
        lock (_gate)
        {
            var map = Map();
            return [.. _contents.Chunks.Where(chunk => chunk.Count > 0)
                .Select(chunk => (chunk.Vectors, (long)chunk.Count * _contents.Header.Stride))
                .Select(range => new View<byte>((long)map.Pointer(range.Item1, range.Item2), range.Item2))];
        }
    }

    /// <summary>Device memory of one search.</summary>
    sealed unsafe class SearchMemory(Device device) : IDisposable
    {
        readonly List<DeviceMemory> _memories = [];

        public View<T> Empty<T>(int count) where T : unmanaged =>
            Keep(device.Allocate((long)count * sizeof(T), "search")).View<T>(0, count);

        public View<T> Of<T>(ReadOnlySpan<T> values) where T : unmanaged
        {
            var view = Empty<T>(values.Length);
            device.Upload(values, view);
            return view;
        }

        // In place where the device reads the host's memory.
        public View<byte> Mapped(byte* address, long bytes) => Keep(device.Import((nint)address, bytes, "vectors")).Bytes;

        DeviceMemory Keep(DeviceMemory memory)
        {
            _memories.Add(memory);
            return memory;
        }

        public void Dispose() => _memories.ForEach(memory => memory.Dispose());
    }
}
