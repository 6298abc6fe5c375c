// Calls of the device's own functions, addresses of parameters, questions to the space of an address, and cache policies.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    bool DecodeDeviceCall()
    {
        if (!DeviceCalls.IsOne(_current))
            return false;
        (IReadOnlyList<PtxOperand> results, string target, IReadOnlyList<PtxOperand> arguments) = _current.Call();
        if (target == DeviceCalls.NoFunction)
        {
            Emit(&DeviceCalls.Refuse, a: Source(arguments[0], RowKind.Bits64));
            return true;
        }
        bool prints = target == "vprintf";
        int expected = prints ? 2 : 5;
        if (arguments.Count != expected)
            throw Fault($"'{target}' takes {expected} arguments");
        int[] places = [.. arguments.Select(argument => CallParameter(argument).Offset)];
        int result = prints && results is [not PtxSink] ? CallParameter(results[0]).Offset : -1;
        Emit(prints ? &DeviceCalls.Print : &DeviceCalls.Fail, result, more: places, accessesMemory: true);
        _kernel.Ordered |= prints;
        return true;
    }

    // A policy only says what a cache had better keep, so its bits mean nothing here.
    bool DecodePolicy()
    {
        if (_current.Opcode != "createpolicy")
            return false;
        Emit(&LaneVectors.Move64, Destination(_current.Operands[0], RowKind.Bits64), _rows.Constant(RowKind.Bits64, 0));
        return true;
    }

    bool DecodeDiscard()
    {
        if (_current.Opcode != "discard")
            return false;
        if (_current.Operands[1] is not PtxInteger { Value: DiscardedBytes.Count })
            throw Fault($"discard takes {DiscardedBytes.Count} bytes");
        (int address, long offset) = Address((PtxAddress)_current.Operands[0]);
        Emit(&DiscardedBytes.Execute, a: address, immediate: offset, accessesMemory: true);
        return true;
    }

    // isspacep of spaces that lie in the same memory as .global, and that of a kernel's parameters.
    bool DecodeIsInSpace()
    {
        if (_current.Opcode != "isspacep" || _current.Space is not (PtxSpace.Const or PtxSpace.Global or PtxSpace.Param))
            return false;
        int address = Source(_current.Operands[1], RowKind.Bits64), to = Destination(_current.Operands[0], RowKind.Predicate);
        Emit(&SpaceTests.Execute, to, address, immediate: (long)_current.Space);
        return true;
    }

    // mov and cvt of a special register that has 64 bits.
    bool DecodeWideSpecial(PtxOperand to, string name)
    {
        if (_current.Types[0].Bits() != 64 || !SpecialRegisters.IsKnown(name))
            return false;
        int low = _rows.Special(name);
        Emit(&LaneVectors.Widen<ZeroExtend>, Destination(to, RowKind.Bits64), low);
        return true;
    }
}
