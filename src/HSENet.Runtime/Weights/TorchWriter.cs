// Writes tensors as a PyTorch zip checkpoint, which torch.load reads with weights_only.
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace HSENet.Runtime;

/// <summary>A tensor in memory, to be written: row-major, little-endian.</summary>
sealed record TensorBytes(string Name, DataType Type, IReadOnlyList<long> Shape, ReadOnlyMemory<byte> Bytes);

/// <summary>Writes PyTorch's zip form: one dictionary of tensors under the given names. Meant for small files such as adapters.</summary>
static class TorchWriter
{
    static readonly DateTimeOffset Earliest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero); // that a zip can state

    /// <summary>Writes the file under a temporary name and moves it when it is complete.</summary>
    /// <exception cref="ArgumentException">A name appears twice, a shape does not fit its bytes, or PyTorch has no such
    /// storage.</exception>
    /// <exception cref="HseNetFileException">The file cannot be written.</exception>
    public static void Save(string path, IReadOnlyList<TensorBytes> tensors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        byte[] pickle = Pickle(tensors);
        string root = Path.GetFileNameWithoutExtension(path);
        using var file = new AtomicFile(path);
        try
        {
            using var stream = new FileStream(file.Handle, FileAccess.ReadWrite);
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            Add(zip, $"{root}/data.pkl", pickle);
            Add(zip, $"{root}/byteorder", "little"u8);
            for (int i = 0; i < tensors.Count; i++)
                Add(zip, $"{root}/data/{i}", tensors[i].Bytes.Span);
            Add(zip, $"{root}/version", "3\n"u8);
            zip.Dispose();
            stream.Flush();
            file.Commit();
        }
        catch (IOException e)
        {
            throw new HseNetFileException(path, $"cannot be written ({e.Message})", AtomicFile.Writable, e);
        }
    }

    static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> content)
    {
        ZipArchiveEntry entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
        // The same tensors are the same bytes, whenever they are written.
        entry.LastWriteTime = Earliest;
        using Stream stream = entry.Open();
        stream.Write(content);
    }

    static byte[] Pickle(IReadOnlyList<TensorBytes> tensors)
    {
        using var pickle = new MemoryStream();
        var names = new HashSet<string>();
        pickle.Write([0x80, 2, (byte)'}', (byte)'(']);
        for (int i = 0; i < tensors.Count; i++)
        {
            TensorBytes tensor = tensors[i];
            long[] shape = [.. tensor.Shape];
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"the tensor name {tensor.Name} appears twice", nameof(tensors));
            if (DataTypes.ElementCount(shape, tensor.Type) is not { } count || count * tensor.Type.Size() != tensor.Bytes.Length)
                throw new ArgumentException($"the tensor {tensor.Name} has {tensor.Bytes.Length} bytes, not those of its shape",
                    nameof(tensors));
            Text(tensor.Name);
            Global("torch._utils", "_rebuild_tensor_v2");
            pickle.WriteByte((byte)'(');
            pickle.WriteByte((byte)'(');
            Text("storage");
            Global("torch", PickleGlobals.StorageName(tensor.Type)
                ?? throw new ArgumentException($"PyTorch has no storage of {tensor.Type.Name()} ({tensor.Name})", nameof(tensors)));
            Text(i.ToString(CultureInfo.InvariantCulture));
            Text("cpu");
            Number(count);
            pickle.Write("tQ"u8);
            Number(0);
            Tuple(shape);
            Tuple(RowMajorStrides(shape));
            pickle.WriteByte(0x89);
            Global("collections", "OrderedDict");
            pickle.Write(")RtR"u8);
        }
        pickle.Write("u."u8);
        return pickle.ToArray();

        void Text(string text)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            pickle.WriteByte((byte)'X');
            Span<byte> length = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
            pickle.Write(length);
            pickle.Write(utf8);
        }

        void Global(string module, string name) => pickle.Write(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

        void Number(long value)
        {
            Span<byte> bytes = stackalloc byte[10];
            bytes[0] = 0x8a;
            bytes[1] = 8;
            BinaryPrimitives.WriteInt64LittleEndian(bytes[2..], value);
            pickle.Write(bytes);
        }

        void Tuple(long[] values)
        {
            pickle.WriteByte((byte)'(');
            foreach (long value in values)
                Number(value);
            pickle.WriteByte((byte)'t');
        }
    }

    static long[] RowMajorStrides(long[] shape)
    {
        var strides = new long[shape.Length];
        long stride = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= Math.Max(1, shape[axis]);
        }
        return strides;
    }
}
