// Reads a pickle without executing anything: a stack machine whose only calls are the few that rebuild tensors, as data.
using System.Globalization;
using System.Numerics;

namespace HSENet.Runtime;

/// <summary>
/// The instructions of pickle protocols 2 to 5 that PyTorch writes, and the numbers of protocol 0. A global is a name on an allow-list
/// (<see cref="PickleGlobals"/>); every other one is refused by name before anything else is read.
/// </summary>
internal sealed class PickleMachine(PickleReader reader)
{
    // Some 40 instructions make a tensor, so this is 50,000 tensors; it bounds memory, since one byte can make an object of a hundred.
    const int MaximumInstructions = 2_000_000;

    static readonly object Mark = new();

    readonly Stack<object?> _stack = new();
    readonly Dictionary<long, object?> _memo = [];

    /// <summary>Runs to the end of the pickle and returns what it describes.</summary>
    public object? Run()
    {
        for (int instruction = 0; instruction < MaximumInstructions; instruction++)
        {
            byte opcode = reader.Byte();
            if (opcode == (byte)'.')
                return Pop();
            Execute(opcode);
        }
        throw reader.Error($"it has more than {MaximumInstructions} instructions");
    }

    void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: CheckProtocol(reader.Byte()); break;
            case 0x95: reader.Int64(); break; // a frame's length only helps buffering
            case (byte)'(': _stack.Push(Mark); break;
            case (byte)'0': Pop(); break;
            case (byte)'1': PopToMark(); break;
            case (byte)'2': _stack.Push(Peek()); break;

            case (byte)'N': _stack.Push(null); break;
            case 0x88: _stack.Push(true); break;
            case 0x89: _stack.Push(false); break;
            case (byte)'K': _stack.Push((long)reader.Byte()); break;
            case (byte)'M': _stack.Push((long)reader.UInt16()); break;
            case (byte)'J': _stack.Push((long)reader.Int32()); break;
            case (byte)'I': _stack.Push(ParseInteger(reader.Line())); break;
            case 0x8a: _stack.Push(LongInteger(reader.Byte())); break;
            case 0x8b: _stack.Push(LongInteger(reader.Int32())); break;
            case (byte)'G': _stack.Push(reader.BigEndianDouble()); break;

            case (byte)'X': _stack.Push(reader.Text((uint)reader.Int32())); break;
            case 0x8c: _stack.Push(reader.Text(reader.Byte())); break;
            case 0x8d: _stack.Push(reader.Text(reader.Int64())); break;
            case (byte)'U': _stack.Push(reader.Text(reader.Byte())); break;
            case (byte)'T': _stack.Push(reader.Text(reader.Int32())); break;
            // No tensor needs raw bytes; they may lie in a dictionary beside the tensors.
            case (byte)'C': reader.Take(reader.Byte()); _stack.Push(null); break;
            case (byte)'B': reader.Take((uint)reader.Int32()); _stack.Push(null); break;

            case (byte)')': _stack.Push(new PickleTuple([])); break;
            case 0x85: PushTuple(1); break;
            case 0x86: PushTuple(2); break;
            case 0x87: PushTuple(3); break;
            case (byte)'t': _stack.Push(new PickleTuple(PopToMark())); break;
            case (byte)']': _stack.Push(new List<object?>()); break;
            case (byte)'a': AppendTo([Pop()]); break;
            case (byte)'e': AppendTo(PopToMark()); break;
            case (byte)'}': _stack.Push(new PickleDictionary()); break;
            case (byte)'s': SetItems(PopPair()); break;
            case (byte)'u': SetItems(PopToMark()); break;

            case (byte)'q': _memo[reader.Byte()] = Peek(); break;
            case (byte)'r': _memo[(uint)reader.Int32()] = Peek(); break;
            case 0x94: _memo[_memo.Count] = Peek(); break;
            case (byte)'h': Recall(reader.Byte()); break;
            case (byte)'j': Recall((uint)reader.Int32()); break;

            case (byte)'c': PushGlobal(reader.Line(), reader.Line()); break;
            case 0x93: PushStackGlobal(); break;
            case (byte)'Q': _stack.Push(PickleGlobals.Storage(reader, Pop())); break;
            case (byte)'R' or 0x81: Call(); break;
            case (byte)'b': Build(); break;
            default: throw reader.Error($"unknown instruction 0x{opcode:x2}");
        }
    }

    void CheckProtocol(byte protocol)
    {
        if (protocol is < 2 or > 5)
            throw reader.Error($"protocol {protocol}, not 2 to 5");
    }

    object? Pop() => _stack.TryPop(out object? value) && value != Mark ? value : throw reader.Error("the stack is empty");

    object? Peek() => _stack.TryPeek(out object? value) && value != Mark ? value : throw reader.Error("the stack is empty");

    object?[] PopToMark()
    {
        var items = new List<object?>();
        while (_stack.TryPop(out object? value))
        {
            if (value == Mark)
            {
                items.Reverse();
                return [.. items];
            }
            items.Add(value);
        }
        throw reader.Error("a mark is missing");
    }

    object?[] PopPair()
    {
        object? value = Pop();
        return [Pop(), value];
    }

    void PushTuple(int count)
    {
        var items = new object?[count];
        for (int i = count - 1; i >= 0; i--)
            items[i] = Pop();
        _stack.Push(new PickleTuple(items));
    }

    void AppendTo(object?[] items) =>
        (Peek() as List<object?> ?? throw reader.Error("something is appended to what is no list")).AddRange(items);

    void SetItems(object?[] items) =>
        PickleGlobals.AddItems(reader, Peek() as PickleDictionary ?? throw reader.Error("items are set on what is no dictionary"), items);

    void Recall(long index) =>
        _stack.Push(_memo.TryGetValue(index, out object? value) ? value : throw reader.Error($"nothing was remembered as {index}"));

    object ParseInteger(string line) => line switch
    {
        "00" => false,
        "01" => true,
        _ => long.TryParse(line, CultureInfo.InvariantCulture, out long value) ? value : throw reader.Error("a number is not a number"),
    };

    object LongInteger(int length)
    {
        if (length > 64)
            throw reader.Error($"a number of {length} bytes");
        var value = new BigInteger(reader.Take(length));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    void PushGlobal(string module, string name) => _stack.Push(PickleGlobals.Allow(reader, module, name));

    void PushStackGlobal()
    {
        if (PopPair() is not [string module, string name])
            throw reader.Error("a global is named by something else than text");
        PushGlobal(module, name);
    }

    void Call()
    {
        object? arguments = Pop();
        if (Pop() is not PickleGlobal function || arguments is not PickleTuple tuple)
            throw reader.Error("something is called that is no function");
        _stack.Push(PickleGlobals.Call(reader, function, tuple.Items));
    }

    // State of an OrderedDict is attributes such as _metadata, which say nothing about tensors.
    void Build()
    {
        Pop();
        if (Peek() is not PickleDictionary)
            throw reader.Error("state is set on what has none");
    }
}
