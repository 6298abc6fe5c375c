// Named tensors, whatever file format they are stored in.
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace HSENet.Runtime;

/// <summary>
/// The tensors of a checkpoint: one safetensors or PyTorch file, or a folder with either, sharded or not. Owns the mapped files: every
/// <see cref="TensorEntry"/> ends with it. Reading is safe from several threads.
/// </summary>
class TensorSource : IDisposable
{
    const int SafetensorsStart = 9;

    static readonly string[] TorchEndings = [".bin", ".pt", ".pth", ".ckpt"];

    readonly Dictionary<string, TensorEntry> _byName;
    readonly IReadOnlyList<IDisposable> _owned;

    /// <summary>The file or folder as it was opened.</summary>
    public string Path { get; }

    /// <summary>All tensors, in the order in which the files list them.</summary>
    public IReadOnlyList<TensorEntry> Tensors { get; }

    /// <summary>Free text that a safetensors file carries beside its tensors; empty for other formats.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    internal TensorSource(string path, List<TensorEntry> tensors, IReadOnlyList<IDisposable> owned,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        (Path, Tensors, _owned, Metadata) = (path, tensors, owned, metadata ?? new Dictionary<string, string>());
        _byName = new Dictionary<string, TensorEntry>(tensors.Count);
        foreach (TensorEntry tensor in tensors)
            if (!_byName.TryAdd(tensor.Name, tensor))
                throw new HseNetFileException(tensor.File, $"tensor {HseNetFileException.Quote(tensor.Name)} appears twice in {path}",
                    "each name once");
    }

    /// <summary>
    /// Opens a .safetensors file, a PyTorch file (.bin, .pt, .pth, .ckpt: zip or legacy form) or a folder: with an index of shards, or with
    /// one or several of these files. Nothing in a file is executed, and only the lists of tensors are read.
    /// </summary>
    /// <exception cref="HseNetFileException">A file is missing or not what it should be; the message names it and the reason.</exception>
    public static TensorSource Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Directory.Exists(path) ? WeightFolder.Open(path) : OpenFile(path);
    }

    internal static TensorSource OpenFile(string path) => OpenFile(path, Read);

    /// <summary>Opens a file that this library wrote: nothing but safetensors.</summary>
    internal static TensorSource OpenSafetensors(string path) => OpenFile(path, SafetensorsFile.Read);

    static TensorSource OpenFile(string path, Func<FileBytes, TensorSource> read)
    {
        FileBytes file = FileBytes.Open(path);
        try
        {
            return read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the list of tensors from an open file, which the result then owns; on an error the caller still does.</summary>
    internal static TensorSource Read(FileBytes file)
    {
        var start = file.Slice(0, Math.Min(file.Length, ForeignContent.Looked));
        if (ForeignContent.Of(start) is { } foreign)
            throw new HseNetFileException(file.Name, $"is {foreign}", "a safetensors or PyTorch file");
        if (ForeignContent.IsText(start))
            throw new HseNetFileException(file.Name, "is a text, not the file", "a safetensors or PyTorch file");
        // By content where it tells: checkpoints are renamed.
        return IsSafetensors(start, file.Length) ? SafetensorsFile.Read(file)
            : start.StartsWith("PK\u0003\u0004"u8) || TorchEndings.Contains(System.IO.Path.GetExtension(file.Name).ToLowerInvariant())
                ? TorchFile.Read(file) : SafetensorsFile.Read(file);
    }

    /// <summary>Whether a file is one of weights by its name, or by how it begins where the name says nothing.</summary>
    public static bool IsClaimed(string path)
    {
        string ending = System.IO.Path.GetExtension(path).ToLowerInvariant();
        if (ending == ".safetensors" || TorchEndings.Contains(ending))
            return true;
        try
        {
            // By its length first: opening a pipe might wait for ever.
            var start = new byte[SafetensorsStart];
            if (new FileInfo(path) is not { Exists: true, Length: > SafetensorsStart } info)
                return false;
            using var file = File.OpenRead(path);
            return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && IsSafetensors(start, info.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // It begins with the length of its header, which is an object.
    static bool IsSafetensors(ReadOnlySpan<byte> start, long length) => start.Length >= SafetensorsStart && start[8] == (byte)'{'
        && BinaryPrimitives.ReadUInt64LittleEndian(start) <= (ulong)(length - 8);

    /// <summary>The tensor of this name, if there is one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorEntry? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="HseNetFileException">There is none; the message names it.</exception>
    public TensorEntry Get(string name) => TryGet(name, out TensorEntry? tensor)
        ? tensor
        : throw new HseNetFileException(Path, $"tensor {HseNetFileException.Quote(name)} is missing",
            $"it among the {Tensors.Count} tensors");

    /// <summary>Compares every tensor with the checksum that its file states.</summary>
    /// <returns>The number of tensors that have one.</returns>
    /// <exception cref="HseNetFileException">A tensor's bytes are not those that were written; the message names it.</exception>
    public int VerifyChecksums(CancellationToken cancellation = default)
    {
        int verified = 0;
        foreach (TensorEntry tensor in Tensors.Where(t => t.StatedChecksum is not null))
        {
            string computed = tensor.ComputeChecksum(cancellation);
            if (computed != tensor.StatedChecksum)
                throw new HseNetFileException(tensor.File, $"tensor {HseNetFileException.Quote(tensor.Name)} has checksum {computed}",
                    tensor.StatedChecksum!);
            verified++;
        }
        return verified;
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose()
    {
        foreach (IDisposable file in _owned)
            file.Dispose();
        GC.SuppressFinalize(this);
    }
}
