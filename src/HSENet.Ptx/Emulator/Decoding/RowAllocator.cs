// Gives registers, constants and special registers their rows.
namespace HSENet.Ptx;

/// <summary>
/// Predicates come first, then registers, then scratch rows for instructions that are executed in several steps, then rows that are
/// filled once. The first part is known before decoding starts, so offsets never move.
/// </summary>
sealed class RowAllocator
{
    // No register is called so: names have no dots.
    const string CarryName = "CC.CF";
    const int Row32 = 128, Row64 = 256, ScratchPredicates = 4, ScratchRows = 12;

    readonly DecodedKernel _kernel;
    readonly Dictionary<(string Function, string Register), (int Offset, RowKind Kind)> _registers = [];
    readonly Dictionary<(RowKind, ulong), int> _constants = [];
    readonly Dictionary<string, int> _specials = [];
    readonly int _scratchPredicates, _scratchRows;
    int _nextPredicate, _nextScratch;

    public RowAllocator(DecodedKernel kernel, IEnumerable<PtxCode> functions)
    {
        _kernel = kernel;
        PtxCode[] codes = [.. functions];
        int offset = 0;
        foreach (PtxCode code in codes)
            foreach ((string name, PtxType type) in code.Registers)
                if (type == PtxType.Pred)
                    offset = Place(code, name, RowKind.Predicate, offset, 4);
        foreach (PtxCode code in codes.Where(code => code.Instructions.Any(Decoder.IsCarrying)))
            offset = Place(code, CarryName, RowKind.Predicate, offset, 4);
        _scratchPredicates = offset;
        offset = (offset + 4 * ScratchPredicates + 63) / 64 * 64;
        foreach (PtxCode code in codes)
            foreach ((string name, PtxType type) in code.Registers)
                if (type.Bits() > 64)
                    throw new PtxException(code.Function.Line,
                        $"register {name} of '{code.Function.Name}' has {type.Bits()} bits; the emulator knows up to 64");
                else if (type != PtxType.Pred)
                    offset = type.Bits() == 64 ? Place(code, name, RowKind.Bits64, offset, Row64)
                        : Place(code, name, RowKind.Bits32, offset, Row32);
        kernel.VariableBytes = offset;
        _scratchRows = offset;
        kernel.RowBytes = offset + ScratchRows * Row64;
    }

    /// <summary>Makes all scratch free again; done before each instruction.</summary>
    public void StartInstruction() => _nextPredicate = _nextScratch = 0;

    public (int Offset, RowKind Kind) Register(string function, string name) => _registers[(function, name)];

    /// <summary>The carry of a function that has instructions of extended precision.</summary>
    public int Carry(string function) => _registers[(function, CarryName)].Offset;

    public int Scratch(RowKind kind) => kind == RowKind.Predicate
        ? _nextPredicate < ScratchPredicates ? _scratchPredicates + 4 * _nextPredicate++
            : throw new InvalidOperationException("scratch predicates are used up")
        : _nextScratch < ScratchRows ? _scratchRows + Row64 * _nextScratch++
            : throw new InvalidOperationException("scratch rows are used up");

    public int Constant(RowKind kind, ulong bits)
    {
        if (_constants.TryGetValue((kind, bits), out int offset))
            return offset;
        offset = Grow(kind);
        _kernel.Constants.Add(new ConstantRow(offset, kind, bits));
        return _constants[(kind, bits)] = offset;
    }

    public int Special(string name)
    {
        if (_specials.TryGetValue(name, out int offset))
            return offset;
        offset = Grow(RowKind.Bits32);
        _kernel.Specials.Add(new SpecialRow(offset, name));
        return _specials[name] = offset;
    }

    int Grow(RowKind kind)
    {
        int offset = _kernel.RowBytes;
        _kernel.RowBytes += kind == RowKind.Bits64 ? Row64 : Row32;
        return offset;
    }

    int Place(PtxCode code, string name, RowKind kind, int offset, int bytes)
    {
        _registers[(code.Function.Name, name)] = (offset, kind);
        return offset + bytes;
    }
}
