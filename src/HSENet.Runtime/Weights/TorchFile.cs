// Reads PyTorch checkpoints, the zip form and the legacy form: the pickle gives names and views, the storages stay in the mapping.
using System.Globalization;
using System.Numerics;

namespace HSENet.Runtime;

internal static class TorchFile
{
    const int MaximumDepth = 32, MaximumTensors = 100_000, MaximumName = 1000;

    // The first number of a legacy file, ten bytes long.
    static readonly BigInteger LegacyMagic = new([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19], isUnsigned: true);
    const long LegacyProtocol = 1001;

    delegate long StorageOffset(PickleStorage storage, int elementSize);

    public static TensorSource Read(FileBytes file)
    {
        if (file.Length >= 4 && file.Slice(0, 4).SequenceEqual("PK\u0003\u0004"u8))
            return ReadZip(file);
        if (file.Length >= 2 && file.Slice(0, 1)[0] == 0x80)
            return ReadLegacy(file);
        throw new HseNetFileException(file.Name, "is not a PyTorch file", "a zip file or a pickle");
    }

    static TensorSource ReadZip(FileBytes file)
    {
        List<ZipEntry> entries = ZipDirectory.Read(file);
        ZipEntry pickle = entries.Find(e => e.Name.EndsWith("/data.pkl", StringComparison.Ordinal))
            ?? throw new HseNetFileException(file.Name, "is a zip file without a data.pkl", "a PyTorch checkpoint");
        string root = pickle.Name[..^"data.pkl".Length];
        if (entries.Find(e => e.Name == root + "byteorder") is { } order
            && !file.Slice(Stored(file, order), Math.Min(order.Length, 16)).SequenceEqual("little"u8))
            throw new HseNetFileException(file.Name, "was written in another byte order", "little");

        long start = Stored(file, pickle);
        object? content = new PickleMachine(new PickleReader(file, start, start + pickle.Length)).Run();
        var byName = entries.ToDictionary(e => e.Name);
        return Flatten(file, content, (storage, elementSize) =>
        {
            if (!byName.TryGetValue($"{root}data/{storage.Key}", out ZipEntry? entry))
                throw new HseNetFileException(file.Name, $"the storage {HseNetFileException.Quote(storage.Key)} is missing",
                    "the bytes of every tensor");
            return Checked(file, storage, elementSize, Stored(file, entry), entry.Length);
        });
    }

    // magic, protocol, system facts, content, list of storage keys (a pickle each), then for each storage its length in elements and its
    // bytes
    static TensorSource ReadLegacy(FileBytes file)
    {
        long position = 0;
        object? Next()
        {
            var reader = new PickleReader(file, position, file.Length);
            object? value = new PickleMachine(reader).Run();
            position = reader.Position;
            return value;
        }

        if (Next() is not BigInteger magic || magic != LegacyMagic)
            throw new HseNetFileException(file.Name, "is a pickle of another kind", "PyTorch's legacy form");
        if (Next() is not LegacyProtocol)
            throw new HseNetFileException(file.Name, "has an unknown protocol version", $"{LegacyProtocol}");
        if (Next() is not PickleDictionary system || system.Items.Exists(i => i is { Key: "little_endian", Value: false }))
            throw new HseNetFileException(file.Name, "was written in another byte order", "little");
        object? content = Next();
        if (Next() is not List<object?> keys)
            throw new HseNetFileException(file.Name, "has no list of storages", "one behind the tensors");

        var sizes = new Dictionary<string, int>();
        Visit(file, content, (_, tensor) => sizes[tensor.Storage.Key] = tensor.Storage.Type?.Size() ?? 1);
        var places = new Dictionary<string, (long Offset, long Length)>();
        foreach (object? key in keys)
        {
            if (key is not string name || !sizes.TryGetValue(name, out int size))
                throw new HseNetFileException(file.Name, "lists a storage that no tensor uses", "only storages of tensors");
            long count = new PickleReader(file, position, file.Length).Int64();
            position += 8;
            if (count < 0 || count > (file.Length - position) / size)
                throw new HseNetFileException(file.Name,
                    $"the storage {HseNetFileException.Quote(name)} states {count} elements of {size} bytes",
                    $"at most the {file.Length - position} bytes that follow");
            if (!places.TryAdd(name, (position, count * size)))
                throw new HseNetFileException(file.Name, $"lists the storage {HseNetFileException.Quote(name)} twice", "each once");
            position += count * size;
        }
        return Flatten(file, content, (storage, elementSize) => places.TryGetValue(storage.Key, out var place)
            ? Checked(file, storage, elementSize, place.Offset, place.Length)
            : throw new HseNetFileException(file.Name, $"the storage {HseNetFileException.Quote(storage.Key)} is missing",
                "the bytes of every tensor"));
    }

    static long Stored(FileBytes file, ZipEntry entry) => entry.IsStored
        ? ZipDirectory.DataOffset(file, entry)
        : throw new HseNetFileException(file.Name, $"{HseNetFileException.Quote(entry.Name)} is compressed",
            "stored entries, as PyTorch writes them");

    static long Checked(FileBytes file, PickleStorage storage, int elementSize, long offset, long length)
    {
        if ((Int128)storage.Count * elementSize != length)
            throw new HseNetFileException(file.Name, $"the storage {HseNetFileException.Quote(storage.Key)} has {length} bytes",
                $"{storage.Count} elements of {elementSize} bytes");
        return offset;
    }

    static TensorSource Flatten(FileBytes file, object? content, StorageOffset offsetOf)
    {
        var tensors = new List<TensorEntry>();
        Visit(file, content, (name, tensor) =>
        {
            if (tensors.Count == MaximumTensors)
                throw new HseNetFileException(file.Name, "holds too many tensors", $"at most {MaximumTensors}");
            long offset = offsetOf(tensor.Storage, tensor.Storage.Type?.Size() ?? 1) + tensor.Offset * tensor.Type.Size();
            tensors.Add(new TensorEntry(name, tensor.Type, tensor.Shape, file, offset, tensor.Strides));
        });
        return new TensorSource(file.Name, tensors, [file]);
    }

    static void Visit(FileBytes file, object? content, Action<string, PickleTensor> visit)
    {
        // Shared references can describe a tree that is exponentially larger than the file.
        int steps = 0;
        if (content is not (PickleDictionary or List<object?>))
            throw new HseNetFileException(file.Name, "does not hold a dictionary", "a dictionary of tensors");
        Walk("", content, 0);

        void Walk(string name, object? value, int depth)
        {
            if (depth > MaximumDepth || ++steps > 10 * MaximumTensors)
                throw new HseNetFileException(file.Name, "its dictionaries are nested too deeply or contain themselves",
                    $"at most {MaximumDepth} levels");
            if (name.Length > MaximumName)
                throw new HseNetFileException(file.Name, $"the tensor name {HseNetFileException.Quote(name)} is too long",
                    $"at most {MaximumName} characters");
            switch (value)
            {
                case PickleTensor tensor:
                    visit(name, tensor);
                    break;
                case PickleDictionary dictionary:
                    foreach ((string key, object? item) in dictionary.Items)
                        Walk(Join(name, key), item, depth + 1);
                    break;
                case List<object?> list:
                    for (int i = 0; i < list.Count; i++)
                        Walk(Join(name, i.ToString(CultureInfo.InvariantCulture)), list[i], depth + 1);
                    break;
            }
        }

        static string Join(string prefix, string key) => prefix.Length == 0 ? key : $"{prefix}.{key}";
    }
}
