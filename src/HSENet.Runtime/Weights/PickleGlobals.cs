// The allow-list of a checkpoint's pickle: what each permitted global means, as data.
using System.Globalization;

namespace HSENet.Runtime;

internal static class PickleGlobals
{
    static readonly Dictionary<string, DataType> StorageTypes = new()
    {
        ["DoubleStorage"] = DataType.F64,
        ["FloatStorage"] = DataType.F32,
        ["HalfStorage"] = DataType.F16,
        ["BFloat16Storage"] = DataType.BF16,
        ["LongStorage"] = DataType.I64,
        ["IntStorage"] = DataType.I32,
        ["ShortStorage"] = DataType.I16,
        ["CharStorage"] = DataType.I8,
        ["ByteStorage"] = DataType.U8,
        ["BoolStorage"] = DataType.Bool,
    };

    static readonly Dictionary<string, DataType> TypeNames = new()
    {
        ["float64"] = DataType.F64,
        ["float32"] = DataType.F32,
        ["float16"] = DataType.F16,
        ["bfloat16"] = DataType.BF16,
        ["int64"] = DataType.I64,
        ["int32"] = DataType.I32,
        ["int16"] = DataType.I16,
        ["int8"] = DataType.I8,
        ["uint64"] = DataType.U64,
        ["uint32"] = DataType.U32,
        ["uint16"] = DataType.U16,
        ["uint8"] = DataType.U8,
        ["bool"] = DataType.Bool,
        ["float8_e4m3fn"] = DataType.F8_E4M3,
        ["float8_e5m2"] = DataType.F8_E5M2,
        ["float8_e4m3fnuz"] = DataType.F8_E4M3FNUZ,
        ["float8_e5m2fnuz"] = DataType.F8_E5M2FNUZ,
        ["float8_e8m0fnu"] = DataType.F8_E8M0,
        ["complex64"] = DataType.C64,
    };

    /// <summary>The class that PyTorch names for a storage of this type, if it has one.</summary>
    public static string? StorageName(DataType type) => StorageTypes.FirstOrDefault(s => s.Value == type).Key;

    /// <summary>The global, if it is on the list.</summary>
    /// <exception cref="HseNetFileException">It is not; the message names it.</exception>
    public static PickleGlobal Allow(PickleReader reader, string module, string name)
    {
        bool allowed = module switch
        {
            "collections" => name == "OrderedDict",
            "torch" => StorageTypes.ContainsKey(name) || TypeNames.ContainsKey(name) || name is "Size" or "device",
            "torch.storage" => name == "UntypedStorage",
            "torch._utils" => name is "_rebuild_tensor" or "_rebuild_tensor_v2" or "_rebuild_tensor_v3" or "_rebuild_parameter"
                or "_rebuild_parameter_with_state",
            _ => false,
        };
        return allowed ? new PickleGlobal(module, name) : throw reader.Refused($"{module}.{name}");
    }

    /// <summary>The storage that a persistent id names: ('storage', type, key, location, number of elements[, no view]).</summary>
    public static PickleStorage Storage(PickleReader reader, object? id)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal type, string key, string, long count, .. var rest] }
            || rest is not ([] or [null]) || count < 0)
            throw reader.Error("a storage is described in an unknown way");
        if (type is { Module: "torch.storage", Name: "UntypedStorage" })
            return new PickleStorage(key, null, count);
        if (type.Module != "torch" || !StorageTypes.TryGetValue(type.Name, out DataType dataType))
            throw reader.Error($"{type} is no storage");
        return new PickleStorage(key, dataType, count);
    }

    /// <summary>What a permitted call gives; no code runs but this.</summary>
    public static object? Call(PickleReader reader, PickleGlobal function, object?[] arguments)
    {
        switch (function.Name)
        {
            case "OrderedDict" when arguments.Length == 0:
                return new PickleDictionary();
            case "OrderedDict" when arguments is [List<object?> pairs]:
                var dictionary = new PickleDictionary();
                foreach (object? pair in pairs)
                    AddItems(reader, dictionary, Pair(pair));
                return dictionary;
            case "_rebuild_tensor" when arguments
                is [PickleStorage { Type: { } type } storage, long offset, PickleTuple shape, PickleTuple strides]:
                return Tensor(reader, storage, type, offset, shape, strides);
            case "_rebuild_tensor_v2" when arguments
                is [PickleStorage { Type: { } type } storage, long offset, PickleTuple shape, PickleTuple strides, _, _, ..]:
                return Tensor(reader, storage, type, offset, shape, strides);
            case "_rebuild_tensor_v3" when arguments
                is [PickleStorage storage, long offset, PickleTuple shape, PickleTuple strides, _, _, PickleGlobal dtype, ..]
                && dtype.Module == "torch" && TypeNames.TryGetValue(dtype.Name, out DataType type):
                return Tensor(reader, storage, type, offset, shape, strides);
            case "_rebuild_parameter" when arguments is [PickleTensor tensor, _, _]:
                return tensor;
            case "_rebuild_parameter_with_state" when arguments is [PickleTensor tensor, _, _, _]:
                return tensor;
            case "Size" when arguments is [PickleTuple sizes]:
                return sizes;
            case "device":
                return null;
            default:
                throw reader.Error($"{function} is called in an unknown way");
        }

        object?[] Pair(object? pair) => pair switch
        {
            PickleTuple { Items.Length: 2 } tuple => tuple.Items,
            List<object?> { Count: 2 } list => [.. list],
            _ => throw reader.Error("a dictionary is made from something else than pairs"),
        };
    }

    /// <summary>Adds key, value, key, value, …; keys other than text and whole numbers are refused.</summary>
    public static void AddItems(PickleReader reader, PickleDictionary dictionary, object?[] items)
    {
        if (items.Length % 2 != 0)
            throw reader.Error("a key has no value");
        for (int i = 0; i < items.Length; i += 2)
            dictionary.Items.Add(new(items[i] switch
            {
                string text => text,
                long number => number.ToString(CultureInfo.InvariantCulture),
                _ => throw reader.Error("a dictionary has a key that is neither text nor a number"),
            }, items[i + 1]));
    }

    static PickleTensor Tensor(PickleReader reader, PickleStorage storage, DataType type, long offset, PickleTuple shape,
        PickleTuple strides)
    {
        long[] sizes = Numbers(shape), steps = Numbers(strides);
        if (sizes.Length != steps.Length || offset < 0 || DataTypes.ElementCount(sizes, type) is not { } count)
            throw reader.Error("a tensor has contradicting or impossible sizes");
        // In elements of the tensor's type; an untyped storage counts bytes.
        long available = storage.Type is null ? storage.Count / type.Size() : storage.Count;
        Int128 last = offset;
        for (int axis = 0; axis < sizes.Length; axis++)
            last += (Int128)Math.Max(0, sizes[axis] - 1) * steps[axis];
        // An expanded view repeats elements: a few bytes could claim any size.
        if (count > 0 && (last >= available || count > available))
            throw reader.Error($"a tensor of {count} elements reaches to element {last} of a storage of {available}");
        return new PickleTensor(storage, type, offset, sizes, steps);

        long[] Numbers(PickleTuple tuple) =>
            [.. tuple.Items.Select(i => i is long number and >= 0 ? number
                : throw reader.Error("a size or stride is not a number from 0 on"))];
    }
}
