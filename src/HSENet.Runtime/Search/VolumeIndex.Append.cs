// How an index grows.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using HSENet.Kernels;

namespace HSENet.Runtime;

public sealed partial class VolumeIndex
{
    /// <summary>Adds a volume.</summary>
    /// <param name="embedder">Makes its embedding.</param>
    /// <param name="study">Its name.</param>
    /// <param name="volume">The CT.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HseNetException">The study cannot be used, or embedder or preprocessing are not this index's.</exception>
    public void Add(StudyEmbedder embedder, string study, CtStudy volume, CancellationToken cancellation = default) =>
        Add(embedder, new IndexedItem(study), volume, cancellation);

    internal void Add(StudyEmbedder embedder, IndexedItem item, CtStudy volume, CancellationToken cancellation)
    {
        CheckIs(embedder);
        float[] embedding = embedder.Embed(volume, out string preprocessing, cancellation);
        CheckPrepared(item.Study, preprocessing);
        Add(item, embedding);
    }

    /// <summary>Adds a report.</summary>
    /// <param name="embedder">Makes its embedding.</param>
    /// <param name="study">The name of its study.</param>
    /// <param name="report">The text.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HseNetException">The embedder is not this index's.</exception>
    public void Add(StudyEmbedder embedder, string study, string report, CancellationToken cancellation = default) =>
        Add(embedder, new IndexedItem(study, report), cancellation);

    internal void Add(StudyEmbedder embedder, IndexedItem item, CancellationToken cancellation)
    {
        CheckIs(embedder);
        Add(item, embedder.Embed(item.Text!, cancellation));
    }

    /// <summary>Adds an item whose embedding is known.</summary>
    internal void Add(IndexedItem item, ReadOnlySpan<float> embedding)
    {
        CheckVector(embedding, item.Study);
        Span<byte> vector = new byte[_contents.Header.Stride];
        if (_contents.Header.Type == WeightType.F32)
            MemoryMarshal.AsBytes(embedding).CopyTo(vector);
        else
            for (int i = 0; i < embedding.Length; i++)
                BinaryPrimitives.WriteUInt16LittleEndian(vector[(2 * i)..], ParameterSet.Round(embedding[i]));
        Add(item, vector);
    }

    void Add(IndexedItem item, ReadOnlySpan<byte> vector)
    {
        byte[] record = IndexLayout.Record(item, vector);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var file = _file ?? throw new InvalidOperationException("the index was opened to be searched");
            try
            {
                _contents.BeginChunk();
                RandomAccess.Write(file.SafeFileHandle, vector, _contents.NextVector);
                // One write at the end: what a killed program leaves of it is no whole record.
                RandomAccess.Write(file.SafeFileHandle, record, _contents.End);
            }
            catch (IOException e)
            {
                throw new HseNetFileException(_path, $"cannot be written ({e.Message})", "room on the disk", e);
            }
            _contents.Add(item.IsText, BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(8)));
            _grown = true;
        }
    }

    /// <summary>Brings what was added to the disk, so that not even a power failure costs it.</summary>
    /// <exception cref="HseNetFileException">It cannot be written.</exception>
    public void Flush()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_file is not { } file)
                return;
            Span<byte> count = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(count, Count);
            try
            {
                RandomAccess.FlushToDisk(file.SafeFileHandle);
                // What is counted must be there: a damaged item is known from one that was never finished.
                RandomAccess.Write(file.SafeFileHandle, count, IndexLayout.CountAt);
            }
            catch (IOException e)
            {
                throw new HseNetFileException(_path, $"cannot be written ({e.Message})", "room on the disk", e);
            }
        }
    }

    /// <summary>Writes one index with the items of several, in their order: the file that one program would have written.</summary>
    /// <param name="files">Indexes of the same weights, preprocessing and type.</param>
    /// <param name="output">The file, which must not exist.</param>
    /// <param name="cancellation">Ends it; nothing is left of the output.</param>
    /// <exception cref="HseNetFileException">An index cannot be read, is damaged, or is of something else than the first.</exception>
    public static void Merge(IReadOnlyList<string> files, string output, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0)
            throw new ArgumentException("expected at least one index", nameof(files));
        if (File.Exists(output))
            throw new HseNetFileException(output, "exists", "a new name");
        string temporary = TemporaryName.For(output);
        try
        {
            VolumeIndex? merged = null;
            try
            {
                foreach (string file in files)
                {
                    using var part = Open(file);
                    merged ??= OpenOrCreate(temporary, part._contents.Header, appends: false);
                    CheckSame(file, part._contents.Header, merged._contents.Header);
                    for (int i = 0; i < part.Count; i++)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        merged.Add(part[i], part._contents.Vector(part.Map(), i));
                    }
                }
            }
            finally
            {
                merged?.Dispose();
            }
            File.Move(temporary, output);
        }
        catch (HseNetFileException e) when (e.File == temporary)
        {
            throw new HseNetFileException(output, e.Problem, e.Expected, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(output, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
        finally
        {
            if (File.Exists(temporary)) // deleting what is in no folder is an error of its own
                File.Delete(temporary);
        }
    }

    void CheckIs(StudyEmbedder embedder)
    {
        ArgumentNullException.ThrowIfNull(embedder);
        if (embedder.WeightsHash != WeightsHash)
            throw new HseNetFileException(_path, $"holds embeddings of the weights {WeightsHash}, not of {embedder.WeightsHash}",
                "the model that it was made with");
    }

    // How a finished volume was prepared, nobody knows here: whoever gives it answers for it.
    internal void CheckPrepared(string study, string preprocessing)
    {
        if (preprocessing != PreparedAs && preprocessing != Preprocessing.Finished)
            throw new HseNetFileException(_path, $"holds volumes that were prepared as {HseNetFileException.Quote(PreparedAs)}, not as "
                + $"{HseNetFileException.Quote(preprocessing)}, as {HseNetFileException.Quote(study)}",
                "one preset, version and orientation");
    }

    void CheckVector(ReadOnlySpan<float> embedding, string what)
    {
        if (embedding.Length != _contents.Header.Channels)
            throw new HseNetFileException(_path, $"holds embeddings of {_contents.Header.Channels} numbers, not of {embedding.Length}",
                "embeddings of one model");
        double square = 0;
        foreach (float value in embedding)
            square += (double)value * value;
        // Not a number among them, too.
        if (!(Math.Abs(square - 1) < 1e-3))
            throw new HseNetException($"{HseNetException.OneLine(what, 120)}: an embedding of length {Math.Sqrt(square):G4}; expected "
                + "finite numbers of length 1");
    }
}
