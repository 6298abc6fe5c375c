// What the pickle machine builds: plain data, names of allowed globals, and tensors that are not read yet.
namespace HSENet.Runtime;

/// <summary>A tuple; mutable only until it is built.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>An allowed global, as a name: nothing stands behind it.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A dictionary with its keys in order. Keys are strings or numbers.</summary>
internal sealed class PickleDictionary
{
    public List<KeyValuePair<string, object?>> Items { get; } = [];
}

/// <summary>
/// The storage behind tensors: key, element type, number of elements. The type is null for an untyped storage, whose elements are bytes.
/// </summary>
internal sealed record PickleStorage(string Key, DataType? Type, long Count);

/// <summary>A view of a storage; offset and strides in elements of <paramref name="Type"/>.</summary>
internal sealed record PickleTensor(PickleStorage Storage, DataType Type, long Offset, long[] Shape, long[] Strides);
