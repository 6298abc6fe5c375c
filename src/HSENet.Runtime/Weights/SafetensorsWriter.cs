// Writes the safetensors format piece by piece, with a checksum per tensor, under a temporary name until it is complete.
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text.Json;

namespace HSENet.Runtime;

/// <summary>What a tensor to be written is: its name, type and shape.</summary>
sealed record TensorDescription(string Name, DataType Type, IReadOnlyList<long> Shape)
{
    /// <summary>Number of bytes of the tensor.</summary>
    /// <exception cref="ArgumentException">A dimension is negative or the size overflows.</exception>
    public long ByteLength => (DataTypes.ElementCount([.. Shape], Type)
        ?? throw new ArgumentException($"the shape of {Name} is negative or overflows")) * Type.Size();
}

/// <summary>
/// Writes one safetensors file. The tensors are declared first and then filled in any order and in pieces of any size, so that none needs
/// to be in memory whole. The header's metadata gets the XxHash3 of each tensor (<c>xxh3:NAME</c>). The file has its name only after
/// <see cref="Commit"/>.
/// </summary>
sealed class SafetensorsWriter : IDisposable
{
    /// <summary>Bytes at whose multiples tensors begin, but for those of odd sizes at the end.</summary>
    internal const int Alignment = 64;

    const string NoChecksum = "0000000000000000";

    sealed class Progress
    {
        public required TensorDescription Tensor;
        public required long Offset;
        public long Written;
        public XxHash3? Hash = new();
        public string Checksum = NoChecksum;
    }

    readonly AtomicFile _file;
    readonly Dictionary<string, string> _metadata;
    readonly List<Progress> _layout = [];
    readonly Dictionary<string, Progress> _byName = [];
    readonly long _dataStart;

    /// <summary>Starts a file.</summary>
    /// <param name="path">Its final name; an existing file is replaced at <see cref="Commit"/>.</param>
    /// <param name="tensors">All tensors. In the file, those of whole multiples of 64 bytes come first, so that vectors can be read from
    /// each where it is mapped, and wider types before others, so that every element is aligned.</param>
    /// <param name="metadata">Free text for the header.</param>
    /// <exception cref="ArgumentException">A name appears twice or is reserved, or a shape is invalid.</exception>
    /// <exception cref="HseNetFileException">The file cannot be created.</exception>
    public SafetensorsWriter(string path, IEnumerable<TensorDescription> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        _metadata = metadata is null ? [] : new(metadata);
        long offset = 0;
        foreach (TensorDescription tensor in InOrder(tensors))
        {
            var progress = new Progress { Tensor = tensor, Offset = offset };
            if (tensor.Name == "__metadata__" || !_byName.TryAdd(tensor.Name, progress))
                throw new ArgumentException($"the tensor name {tensor.Name} appears twice or is reserved", nameof(tensors));
            _layout.Add(progress);
            offset = checked(offset + tensor.ByteLength);
            if (tensor.ByteLength == 0)
                Complete(progress);
        }
        // Checksums have a fixed length, so the header's size is known before they are.
        _dataStart = Header().Length;
        _file = new AtomicFile(path);
    }

    /// <summary>Appends bytes (row-major, little-endian) to what was written of a tensor.</summary>
    /// <exception cref="ArgumentException">The tensor was not declared, or gets more bytes than it has.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        if (!_byName.TryGetValue(name, out Progress? progress))
            throw new ArgumentException($"the tensor {name} was not declared", nameof(name));
        if (bytes.Length > progress.Tensor.ByteLength - progress.Written)
            throw new ArgumentException($"the tensor {name} has {progress.Tensor.ByteLength} bytes and gets "
                + $"{progress.Written + bytes.Length}", nameof(bytes));
        if (bytes.IsEmpty)
            return;
        _file.Write(bytes, _dataStart + progress.Offset + progress.Written);
        progress.Hash!.Append(bytes);
        progress.Written += bytes.Length;
        if (progress.Written == progress.Tensor.ByteLength)
            Complete(progress);
    }

    /// <summary>Appends a whole stored tensor, whatever its size.</summary>
    public unsafe void Write(string name, TensorEntry tensor, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        byte* bytes = tensor.Pointer;
        for (long done = 0; done < tensor.ByteLength;)
        {
            cancellation.ThrowIfCancellationRequested();
            int part = (int)Math.Min(1 << 24, tensor.ByteLength - done);
            Write(name, new ReadOnlySpan<byte>(bytes + done, part));
            done += part;
        }
    }

    /// <summary>The XxHash3 of each finished tensor, as 16 hexadecimal digits.</summary>
    public IReadOnlyDictionary<string, string> Checksums =>
        _layout.Where(p => p.Hash is null).ToDictionary(p => p.Tensor.Name, p => p.Checksum);

    /// <summary>Writes the header, flushes and gives the file its name.</summary>
    /// <exception cref="InvalidOperationException">A tensor is incomplete.</exception>
    public void Commit()
    {
        if (_layout.Find(p => p.Hash is not null) is { } open)
            throw new InvalidOperationException($"the tensor {open.Tensor.Name} has {open.Written} of {open.Tensor.ByteLength} bytes");
        _file.Write(Header(), 0);
        _file.Commit();
    }

    /// <summary>Removes what was written unless it was committed.</summary>
    public void Dispose() => _file.Dispose();

    static void Complete(Progress progress)
    {
        progress.Checksum = progress.Hash!.Hex();
        progress.Hash = null;
    }

    /// <summary>Tensors in the order of a file.</summary>
    internal static IEnumerable<TensorDescription> InOrder(IEnumerable<TensorDescription> tensors) =>
        tensors.OrderBy(tensor => tensor.ByteLength % Alignment != 0).ThenByDescending(tensor => tensor.Type.Size());

    byte[] Header()
    {
        using var buffer = new MemoryStream();
        buffer.Write(new byte[8]);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach ((string key, string value) in _metadata)
                json.WriteString(key, value);
            foreach (Progress p in _layout)
                json.WriteString(SafetensorsFile.ChecksumPrefix + p.Tensor.Name, p.Checksum);
            json.WriteEndObject();
            foreach (Progress p in _layout)
            {
                json.WriteStartObject(p.Tensor.Name);
                json.WriteString("dtype", p.Tensor.Type.Name());
                json.WriteStartArray("shape");
                foreach (long dimension in p.Tensor.Shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(p.Offset);
                json.WriteNumberValue(p.Offset + p.Tensor.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % Alignment != 0)
            buffer.WriteByte((byte)' ');
        byte[] header = buffer.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - 8);
        return header;
    }
}
