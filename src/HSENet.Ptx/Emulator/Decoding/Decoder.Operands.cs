// Operands as rows, and the instructions that are found in the table.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    // Adds an instruction; its index is returned.
    int Emit(Execute execute, int d = 0, int a = 0, int b = 0, int c = 0, long immediate = 0, int[]? more = null,
        bool accessesMemory = false)
    {
        Instruction instruction = new()
        {
            Execute = execute,
            D = d,
            A = a,
            B = b,
            C = c,
            Immediate = immediate,
            Statement = _statement,
            More = (int*)_operands.Count,
            Slot = accessesMemory ? _kernel.SlotCount++ : 0,
        };
        _operands.AddRange(more ?? []);
        _instructions.Add(instruction);
        return _instructions.Count - 1;
    }

    // A predicate before an instruction takes lanes away from each of its steps.
    void DecodeGuarded()
    {
        int start = _instructions.Count;
        DecodePlain();
        if (_current.Predicate is not { } predicate)
            return;
        int guard = Source(predicate, RowKind.Predicate);
        for (int i = start; i < _instructions.Count; i++)
        {
            Instruction instruction = _instructions[i];
            instruction.Guarded = instruction.Execute;
            instruction.Execute = i == start && _level is CheckLevel.Profile or CheckLevel.All
                ? &Guard.Count : &Guard.Execute;
            instruction.Guard = guard;
            instruction.GuardNegated = _current.PredicateNegated;
            _instructions[i] = instruction;
        }
    }

    void DecodePlain()
    {
        if (DecodeMemory() || DecodeWarp() || DecodeMove() || DecodeScalar() || DecodeCompare() || DecodeCarry() || DecodeWmma()
            || DecodeDeviceCall() || DecodePolicy() || DecodeIsInSpace() || DecodeDiscard())
            return;
        Form form = DecodeTable.Instance.Find(_current) ?? throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        EmitForm(form, _current.Operands);
    }

    void EmitForm(Form form, IReadOnlyList<PtxOperand> operands)
    {
        if (operands.Count != form.Sources.Length + 1)
            throw Fault($"'{_current.Mnemonic}' takes {form.Sources.Length + 1} operands");
        Span<int> sources = stackalloc int[3];
        for (int i = 0; i < form.Sources.Length; i++)
            sources[i] = IsWider(operands[i + 1], form.Sources[i]) ? LowPart((PtxRegister)operands[i + 1])
                : Source(operands[i + 1], form.Sources[i]);
        if (form.Sources.Length == 1)
            sources[1] = sources[0];
        bool widens = IsWider(operands[0], form.Destination);
        int destination = widens ? _rows.Scratch(RowKind.Bits32) : Destination(operands[0], form.Destination);
        Emit(form.Execute, destination, sources[0], sources[1], sources[2], form.Mode);
        if (widens)
            Widen([(destination, (PtxRegister)operands[0])], _current.Types[0]);
        CutSigned(operands[0]);
    }

    // cvt takes registers that are wider than its types: of a source the low bits count, a result is extended (PTX ISA, Operand Size
    // Exceeding Instruction-Type Size).
    bool IsWider(PtxOperand operand, RowKind kind) => _current.Opcode == "cvt" && kind == RowKind.Bits32
        && operand is PtxRegister register && RegisterType(register).Bits() == 64;

    int LowPart(PtxRegister register)
    {
        int low = _rows.Scratch(RowKind.Bits32);
        Emit(&Lanes.Unary<LowHalf, ulong, uint>, low, Row(register, RowKind.Bits64));
        return low;
    }

    // A signed value of 8 or 16 bits is extended to 32 when it is made; a register of 16 bits keeps only its own.
    void CutSigned(PtxOperand destination)
    {
        if (destination is PtxRegister register && RegisterType(register).Bits() <= 16 && RegisterType(register) != PtxType.Pred
            && _current.Types is [PtxType.S8 or PtxType.S16, ..])
            Emit(&LaneVectors.Binary<And32>, Destination(destination, RowKind.Bits32), Destination(destination, RowKind.Bits32),
                _rows.Constant(RowKind.Bits32, 0xffff));
    }

    PtxType RegisterType(PtxRegister register) => _routine.Graph.Code.Registers[register.Name];

    int Destination(PtxOperand operand, RowKind kind)
    {
        if (operand is PtxSink)
            return _rows.Scratch(kind);
        return operand is PtxRegister register ? Row(register, kind) : throw Fault($"'{operand}' is no register");
    }

    int Row(PtxRegister register, RowKind kind)
    {
        (int offset, RowKind found) = _rows.Register(_routine.Name, register.Name);
        if (found != kind)
            throw Fault($"register {register.Name} is .{RegisterType(register).Word()}, which '{_current.Mnemonic}' does not take there");
        return offset;
    }

    int Source(PtxOperand operand, RowKind kind)
    {
        switch (operand)
        {
            case PtxRegister register:
                return Row(register, kind);
            case PtxNegated negated when kind == RowKind.Predicate:
                int row = Row(negated.Register, kind), scratch = _rows.Scratch(kind);
                Emit(&Lanes.Predicates<NotAnd32>, scratch, row, row);
                return scratch;
            case PtxInteger integer:
                ulong bits = (ulong)integer.Value;
                if (kind == RowKind.Bits32)
                    bits = _current.Types is [_, ..] types && types.All(type => type.Bits() == 16) ? bits & 0xffff : bits & uint.MaxValue;
                return _rows.Constant(kind, bits);
            case PtxFloat32 number when kind == RowKind.Bits32:
                return _rows.Constant(kind, number.Bits);
            case PtxFloat64 number when kind == RowKind.Bits64:
                return _rows.Constant(kind, number.Bits);
            case PtxSpecialRegister special when kind == RowKind.Bits32 && SpecialRegisters.IsKnown(special.Name):
                return _rows.Special(special.Name);
            case PtxSymbol symbol when kind != RowKind.Predicate:
                return _rows.Constant(kind, SymbolAddress(symbol.Name) + (ulong)symbol.Offset);
            default:
                throw Fault($"'{operand}' cannot be an operand of '{_current.Mnemonic}' there");
        }
    }

    // The address of a variable in its own space.
    ulong SymbolAddress(string name)
    {
        if (_variables.TryGetValue((_routine.Name, name), out ulong address) || _variables.TryGetValue(("", name), out address))
            return address;
        if (_routine.Function.IsEntry && _kernelParameters.TryGetValue(name, out int parameter))
            return (ulong)parameter;
        return _module.AddressOf(name) ?? throw Fault($"'{name}' is no variable whose address the emulator knows");
    }

    // mov between predicates, of clocks, and of vectors of registers into a wider one and back.
    bool DecodeMove()
    {
        if (_current.Opcode != "mov")
            return false;
        PtxOperand to = _current.Operands[0], from = _current.Operands[1];
        if (_current.VectorWidth > 1)
            return MoveEach(((PtxVector)to).Elements, ((PtxVector)from).Elements);
        if (to is PtxVector parts)
            return Unpack(parts.Elements, from);
        if (from is PtxVector elements)
            return Pack(to, elements.Elements);
        if (from is PtxSpecialRegister { Name: string number } && !SpecialRegisters.IsClock(number) && DecodeWideSpecial(to, number))
            return true;
        if (from is not PtxSpecialRegister special || !SpecialRegisters.IsClock(special.Name))
            return false;
        bool wide = _current.Types[0].Bits() == 64, high = special.Name.EndsWith("hi", StringComparison.Ordinal);
        Emit(wide ? &Clock.Read64 : &Clock.Read32, Destination(to, wide ? RowKind.Bits64 : RowKind.Bits32), immediate: high ? 32 : 0);
        return true;
    }

    // All are read before the first is written.
    bool MoveEach(IReadOnlyList<PtxOperand> to, IReadOnlyList<PtxOperand> from)
    {
        RowKind kind = LaneRules.IsWide(_current.Types[0]) ? RowKind.Bits64 : RowKind.Bits32;
        Execute move = kind == RowKind.Bits64 ? &LaneVectors.Move64 : &LaneVectors.Unary<Copy32>;
        int[] copies = [.. from.Select(_ => _rows.Scratch(kind))];
        for (int n = 0; n < copies.Length; n++)
            Emit(move, copies[n], Source(from[n], kind));
        for (int n = 0; n < copies.Length; n++)
            if (to[n] is not PtxSink)
                Emit(move, Destination(to[n], kind), copies[n]);
        return true;
    }

    bool Pack(PtxOperand to, IReadOnlyList<PtxOperand> from)
    {
        int bits = _current.Types[0].Bits(), part = bits / from.Count;
        RowKind kind = bits == 64 ? RowKind.Bits64 : RowKind.Bits32;
        if (part is not (8 or 16 or 32))
            throw Fault($"{from.Count} parts of {bits} bits are not supported");
        int[] more = [.. from.Select(element => Source(element, RowKind.Bits32))];
        // The destination may be one of the parts, so it is written last, from a scratch row.
        int result = _rows.Scratch(kind);
        for (int i = 0; i < more.Length; i++)
            Emit(kind == RowKind.Bits64 ? &Vectors.Insert<ulong> : &Vectors.Insert<uint>, result, more[i], immediate: i * part, b: part);
        Emit(kind == RowKind.Bits64 ? &LaneVectors.Move64 : &LaneVectors.Unary<Copy32>, Destination(to, kind), result);
        return true;
    }

    bool Unpack(IReadOnlyList<PtxOperand> to, PtxOperand from)
    {
        int bits = _current.Types[0].Bits(), part = bits / to.Count;
        RowKind kind = bits == 64 ? RowKind.Bits64 : RowKind.Bits32;
        if (part is not (8 or 16 or 32))
            throw Fault($"{to.Count} parts of {bits} bits are not supported");
        int source = Source(from, kind), copy = _rows.Scratch(kind);
        Emit(kind == RowKind.Bits64 ? &LaneVectors.Move64 : &LaneVectors.Unary<Copy32>, copy, source);
        for (int i = 0; i < to.Count; i++)
            if (to[i] is not PtxSink)
                Emit(kind == RowKind.Bits64 ? &Vectors.Extract<ulong> : &Vectors.Extract<uint>, Destination(to[i], RowKind.Bits32), copy,
                    immediate: i * part, b: part);
        return true;
    }

    // setp with a second destination or with another predicate is executed in steps.
    bool DecodeCompare()
    {
        if (_current.Opcode != "setp" || (_current.Operands[0] is not PtxPair && _current.Operands.Count == 3))
            return false;
        string? combine = _current.Modifiers.FirstOrDefault(modifier => modifier is "and" or "or" or "xor");
        PtxInstruction plain = _current with { Modifiers = [.. _current.Modifiers.Where(modifier => modifier != combine)] };
        Form form = DecodeTable.Instance.Find(plain) ?? throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        int result = _rows.Scratch(RowKind.Predicate);
        Emit(form.Execute, result, Source(_current.Operands[1], form.Sources[0]), Source(_current.Operands[2], form.Sources[1]),
            immediate: form.Mode);
        int other = combine == null ? _rows.Constant(RowKind.Predicate, 1) : Source(_current.Operands[3], RowKind.Predicate);
        Execute merge = combine switch
        {
            "or" => &Lanes.Predicates<Or32>,
            "xor" => &Lanes.Predicates<Xor32>,
            _ =>
            &Lanes.Predicates<And32>
        };
        PtxPair pair = _current.Operands[0] as PtxPair ?? new PtxPair(_current.Operands[0], new PtxSink());
        if (pair.Second is not PtxSink)
        {
            int opposite = _rows.Scratch(RowKind.Predicate);
            Emit(&Lanes.Predicates<NotAnd32>, opposite, result, result);
            Emit(merge, opposite, opposite, other);
            Emit(merge, result, result, other);
            Emit(&Lanes.Predicates<Or32>, Destination(pair.Second, RowKind.Predicate), opposite, opposite);
        }
        else
            Emit(merge, result, result, other);
        Emit(&Lanes.Predicates<Or32>, Destination(pair.First, RowKind.Predicate), result, result);
        return true;
    }
}
