// An ONNX model of a few nodes, written as bytes: field numbers are those of onnx.proto.
using Google.Protobuf;

namespace HSENet.Bench.Peers;

/// <summary>Builds a model with f32 tensors.</summary>
sealed class OnnxModel
{
    readonly List<(int Field, byte[] Message)> _graph = [];

    /// <summary>A node; attributes are whole numbers.</summary>
    public void Node(string operation, string domain, string[] inputs, string output, params (string Name, long Value)[] attributes) =>
        _graph.Add((1, Message(node =>
    {
        foreach (string input in inputs)
            Text(node, 1, input);
        Text(node, 2, output);
        Text(node, 4, operation);
        foreach (var (name, value) in attributes)
            Bytes(node, 5, Message(attribute =>
            {
                Text(attribute, 1, name);
                Number(attribute, 3, value);
                Number(attribute, 20, 2); // of type INT
            }));
        Text(node, 7, domain);
    })));

    /// <summary>A constant.</summary>
    public void Constant(string name, ReadOnlySpan<byte> values, params long[] shape)
    {
        var raw = ByteString.CopyFrom(values);
        _graph.Add((5, Message(tensor =>
        {
            foreach (long size in shape)
                Number(tensor, 1, size);
            Number(tensor, 2, 1); // FLOAT
            Text(tensor, 8, name);
            tensor.WriteTag(9, WireFormat.WireType.LengthDelimited);
            tensor.WriteBytes(raw);
        })));
    }

    /// <summary>An input of the model.</summary>
    public void Input(string name, params long[] shape) => _graph.Add((11, Value(name, shape)));

    /// <summary>An output of the model.</summary>
    public void Output(string name, params long[] shape) => _graph.Add((12, Value(name, shape)));

    /// <summary>The model file.</summary>
    public byte[] ToBytes() => Message(model =>
    {
        Number(model, 1, 8); // version of the format
        Bytes(model, 7, Message(graph =>
        {
            foreach (var (field, message) in _graph.OrderBy(part => part.Field))
                Bytes(graph, field, message);
            Text(graph, 2, "graph");
        }));
        foreach (var (domain, version) in new[] { ("", 17), ("com.microsoft", 1) })
            Bytes(model, 8, Message(set =>
            {
                Text(set, 1, domain);
                Number(set, 2, version);
            }));
    });

    static byte[] Value(string name, long[] shape) => Message(value =>
    {
        Text(value, 1, name);
        Bytes(value, 2, Message(type => Bytes(type, 1, Message(tensor =>
        {
            Number(tensor, 1, 1); // FLOAT
            Bytes(tensor, 2, Message(dimensions =>
            {
                foreach (long size in shape)
                    Bytes(dimensions, 1, Message(dimension => Number(dimension, 1, size)));
            }));
        }))));
    });

    static byte[] Message(Action<CodedOutputStream> write)
    {
        using var memory = new MemoryStream();
        using (var stream = new CodedOutputStream(memory, leaveOpen: true))
            write(stream);
        return memory.ToArray();
    }

    static void Text(CodedOutputStream to, int field, string value)
    {
        to.WriteTag(field, WireFormat.WireType.LengthDelimited);
        to.WriteString(value);
    }

    static void Number(CodedOutputStream to, int field, long value)
    {
        to.WriteTag(field, WireFormat.WireType.Varint);
        to.WriteInt64(value);
    }

    static void Bytes(CodedOutputStream to, int field, byte[] message)
    {
        to.WriteTag(field, WireFormat.WireType.LengthDelimited);
        to.WriteBytes(UnsafeByteOperations.UnsafeWrap(message));
    }
}
