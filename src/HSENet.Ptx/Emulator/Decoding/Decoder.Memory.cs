// Loads and stores: addresses, elements, and registers that are wider than what is moved.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    bool DecodeMemory()
    {
        if (_current.Opcode is not ("ld" or "ldu" or "st"))
            return false;
        bool store = _current.Opcode == "st";
        PtxAddress address = (PtxAddress)_current.Operands[store ? 0 : 1];
        PtxOperand value = _current.Operands[store ? 1 : 0];
        PtxType type = _current.Types[0];
        if (_current.Space == PtxSpace.Param && (address.Base is not PtxRegister || !_routine.Function.IsEntry))
        {
            DecodeParameter(store, address, value, type);
            return true;
        }
        IReadOnlyList<PtxOperand> values = value is PtxVector vector ? vector.Elements : [value];
        // The widest accesses, of 32 bytes, are made in halves.
        int parts = Math.Max(1, type.Bytes() * values.Count / 16), count = values.Count / parts;
        Execute execute = MemoryForms.Access(store, type, _current.Space, count, _level);
        if (execute == null || parts > 2)
            throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        (int a, long offset) = Address(address);
        if (parts > 1)
        {
            int copy = _rows.Scratch(RowKind.Bits64); // a load may write the register of the address
            Emit(&LaneVectors.Move64, copy, a);
            Emit(&AtomicVectors.CheckAlignment, a: a = copy, b: 32, immediate: offset);
        }
        List<(int Narrow, PtxRegister Wide)> widen = [];
        int[] rows = [.. values.Select(element => Value(element, type, store, widen))];
        MemoryOrder order = OrderOfAccess();
        for (int part = 0; part < parts; part++)
        {
            int[] own = rows[(part * count)..((part + 1) * count)];
            int index = Emit(execute, own[0], a, immediate: offset + 16 * part, more: own, accessesMemory: true);
            _instructions[index] = _instructions[index] with { Order = order };
        }
        _kernel.Ordered |= (order & MemoryOrder.Strong) != 0 && _current.Space != PtxSpace.Shared;
        Widen(widen, type);
        if (!store)
            foreach (PtxOperand element in values)
                CutSigned(element);
        return true;
    }

    void DecodeParameter(bool store, PtxAddress address, PtxOperand value, PtxType type)
    {
        if (address.Base is not PtxSymbol symbol)
            throw Fault("parameters are accessed by name");
        bool ofKernel = _routine.Function.IsEntry && _kernelParameters.ContainsKey(symbol.Name);
        if (!ofKernel && !_callParameters.ContainsKey((_routine.Name, symbol.Name)))
            throw Fault($"'{symbol.Name}' is no parameter");
        PtxVariable? declared = ofKernel ? _entry.Parameters.First(parameter => parameter.Name == symbol.Name) : null;
        (long start, long bytes) = ofKernel ? (_kernelParameters[symbol.Name], declared!.Bytes)
            : _callParameters[(_routine.Name, symbol.Name)];
        IReadOnlyList<PtxOperand> values = value is PtxVector vector ? vector.Elements : [value];
        if (address.Offset < 0 || address.Offset + type.Bytes() * values.Count > bytes)
            throw Fault($"'{symbol.Name}' has {bytes} bytes");
        if (ofKernel && store)
            throw Fault("parameters of a kernel cannot be written");
        Execute execute = ParameterAccess.Find(type, ofKernel, store);
        if (execute == null)
            throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        List<(int Narrow, PtxRegister Wide)> widen = [];
        for (int i = 0; i < values.Count; i++)
        {
            Emit(execute, Value(values[i], type, store, widen), immediate: start + address.Offset + i * type.Bytes());
            if (!store)
                CutSigned(values[i]);
        }
        Widen(widen, type);
    }

    // The row of a value that is moved. A register of 64 bits may hold less: it is cut before a store and extended after a load.
    int Value(PtxOperand operand, PtxType type, bool store, List<(int Narrow, PtxRegister Wide)> widen)
    {
        RowKind kind = type.Bytes() == 8 ? RowKind.Bits64 : RowKind.Bits32;
        if (kind == RowKind.Bits32 && operand is PtxRegister register && RegisterType(register).Bits() == 64)
        {
            int scratch = _rows.Scratch(RowKind.Bits32);
            if (store)
                Emit(&Lanes.Unary<LowHalf, ulong, uint>, scratch, Row(register, RowKind.Bits64));
            else
                widen.Add((scratch, register));
            return scratch;
        }
        return store ? Source(operand, kind) : Destination(operand, kind);
    }

    void Widen(List<(int Narrow, PtxRegister Wide)> widen, PtxType type)
    {
        bool signed = type is PtxType.S8 or PtxType.S16 or PtxType.S32;
        foreach ((int narrow, PtxRegister wide) in widen)
            Emit(signed ? &LaneVectors.Widen<SignExtend> : &LaneVectors.Widen<ZeroExtend>, Row(wide, RowKind.Bits64), narrow);
    }

    // Row of 64-bit addresses, and an offset.
    (int Row, long Offset) Address(PtxAddress address)
    {
        switch (address.Base)
        {
            case null:
                return (_rows.Constant(RowKind.Bits64, 0), address.Offset);
            case PtxSymbol symbol:
                return (_rows.Constant(RowKind.Bits64, SymbolAddress(symbol.Name)), address.Offset);
            case PtxRegister register when RegisterType(register).Bits() == 32:
                int wide = _rows.Scratch(RowKind.Bits64);
                Emit(&LaneVectors.Widen<ZeroExtend>, wide, Row(register, RowKind.Bits32));
                return (wide, address.Offset);
            case PtxRegister register:
                return (Row(register, RowKind.Bits64), address.Offset);
            default:
                throw Fault($"'{address}' is no address");
        }
    }
}

readonly struct LowHalf : IUnary<ulong, uint>
{
    public static uint Of(ulong a) => (uint)a;
}
