// wmma: fragments of a shape and their registers.
namespace HSENet.Ptx;

unsafe partial class Decoder
{
    bool DecodeWmma()
    {
        if (_current.Opcode != "wmma")
            return false;
        string word = _current.Modifiers.First(modifier => modifier.Length > 2 && modifier[0] == 'm' && char.IsAsciiDigit(modifier[1]));
        int[] sizes = [.. word[1..].Split('n', 'k').Select(size => int.Parse(size, System.Globalization.CultureInfo.InvariantCulture))];
        WmmaShape shape = new(sizes[0], sizes[1], sizes[2]);
        if (_current.Has("mma"))
            DecodeWmmaMultiply(shape);
        else
            DecodeWmmaAccess(shape);
        return true;
    }

    void DecodeWmmaAccess(WmmaShape shape)
    {
        bool store = _current.Has("store");
        PtxType type = _current.Types[0];
        WmmaMatrix matrix = _current.Has("a") ? WmmaMatrix.A : _current.Has("b") ? WmmaMatrix.B : WmmaMatrix.Sums;
        WmmaFragment fragment = Fragment(shape, matrix, type, matrix == WmmaMatrix.Sums ? null : type);
        bool columnMajor = _current.Has("col");
        RowKind kind = fragment.ElementBytes == 8 ? RowKind.Bits64 : RowKind.Bits32;
        int[] rows = Registers(_current.Operands[store ? 1 : 0], fragment.Registers, kind, destination: !store);
        (int address, long offset) = Address((PtxAddress)_current.Operands[store ? 0 : 1]);
        int stride = _current.Operands.Count > 2 ? Source(_current.Operands[2], RowKind.Bits32)
            : _rows.Constant(RowKind.Bits32, (ulong)(columnMajor ? fragment.Rows : fragment.Columns));
        Emit(WmmaForms.Access(store, _current.Space, _level), 0, address, stride, WmmaAccess.Register(fragment, columnMajor), offset, rows,
            accessesMemory: true);
    }

    void DecodeWmmaMultiply(WmmaShape shape)
    {
        IReadOnlyList<PtxOperand> operands = _current.Operands;
        IReadOnlyList<PtxType> types = _current.Types;
        // wmma.mma of f16 names the types of d and c alone.
        (PtxType d, PtxType a, PtxType b, PtxType c) = types.Count == 2
            ? (types[0], PtxType.F16, PtxType.F16, types[1]) : (types[0], types[1], types[2], types[3]);
        WmmaFragment[] fragments = [Fragment(shape, WmmaMatrix.Sums, d, a), Fragment(shape, WmmaMatrix.A, a, a),
            Fragment(shape, WmmaMatrix.B, b, b), Fragment(shape, WmmaMatrix.Sums, c, a)];
        if (a == PtxType.F64)
        {
            int[][] wide = [.. fragments.Select((fragment, n) => Registers(operands[n], fragment.Registers, RowKind.Bits64, n == 0))];
            Emit(&WmmaInstructions.ToDouble, more: [.. wide.SelectMany(row => row)]);
            return;
        }
        int[][] rows = [.. fragments.Select((fragment, n) => Registers(operands[n], fragment.Registers, RowKind.Bits32, n == 0)
            .Take(fragment.Distinct).ToArray())];
        int[] sums = [.. Enumerable.Range(0, 8).Select(_ => _rows.Scratch(RowKind.Bits32))];
        (int first, int second) = shape.Transposed ? (2, 1) : (1, 2);
        WmmaBlocks blocks = new(shape.FirstBlocks, shape.SecondBlocks, shape.K / (4 * fragments[1].PerRegister));
        Execute execute = shape.Transposed ? WmmaForms.Multiply(b, a) : WmmaForms.Multiply(a, b);
        Emit(execute, rows[0].Length, b: blocks.Packed, c: rows[3].Length, immediate: _current.Has("satfinite") ? 1 : 0,
            more: [.. rows[0], .. sums, .. rows[first], .. rows[second], .. rows[3]]);
    }

    // The fragment, if there is such a shape of such a type; the type of the factors is null where the instruction does not name it.
    WmmaFragment Fragment(WmmaShape shape, WmmaMatrix matrix, PtxType type, PtxType? factors)
    {
        int[] depths = (factors ?? type) switch
        {
            PtxType.F64 => [4],
            PtxType.Tf32 => [8],
            PtxType.F32 => [8, 16],
            _ => [16],
        };
        bool isPair = matrix != WmmaMatrix.Sums || type switch
        {
            PtxType.F16 => factors is null or PtxType.F16,
            PtxType.F32 => factors is null or PtxType.F16 or PtxType.Bf16 or PtxType.Tf32,
            PtxType.S32 => factors is null or PtxType.S8 or PtxType.U8,
            _ => factors is null or PtxType.F64,
        };
        if (!isPair || !depths.Contains(shape.K))
            throw Fault($"the emulator does not execute '{_current.Mnemonic}'");
        return new WmmaFragment(shape, matrix, type);
    }

    int[] Registers(PtxOperand operand, int count, RowKind kind, bool destination)
    {
        IReadOnlyList<PtxOperand> registers = operand is PtxVector vector ? vector.Elements : [operand];
        if (registers.Count != count)
            throw Fault($"'{_current.Mnemonic}' takes {count} registers there, found {registers.Count}");
        return [.. registers.Select(register => destination ? Destination(register, kind) : Source(register, kind))];
    }
}

static unsafe class WmmaForms
{
    public static Execute Access(bool store, PtxSpace? space, CheckLevel level) => level switch
    {
        CheckLevel.Bounds => Access<BoundsOnly>(store, space),
        CheckLevel.Access => Access<AccessChecks>(store, space),
        CheckLevel.Races => Access<RaceChecks>(store, space),
        CheckLevel.Profile => Access<ProfiledChecks>(store, space),
        _ => Access<AllChecks>(store, space),
    };

    /// <summary>By the types of the two factors, which the table of instructions allows.</summary>
    public static Execute Multiply(PtxType first, PtxType second) => (first, second) switch
    {
        (PtxType.F16, _) => &WmmaInstructions.ToSingle<HalfElement>,
        (PtxType.Bf16, _) => &WmmaInstructions.ToSingle<BFloat16Element>,
        (PtxType.Tf32, _) => &WmmaInstructions.ToSingle<TensorFloat32Element>,
        (PtxType.S8, PtxType.S8) => &WmmaInstructions.ToInteger<SignedByteElement, SignedByteElement>,
        (PtxType.S8, _) => &WmmaInstructions.ToInteger<SignedByteElement, UnsignedByteElement>,
        (_, PtxType.S8) => &WmmaInstructions.ToInteger<UnsignedByteElement, SignedByteElement>,
        _ => &WmmaInstructions.ToInteger<UnsignedByteElement, UnsignedByteElement>,
    };

    static Execute Access<TMode>(bool store, PtxSpace? space) where TMode : ICheckMode => space switch
    {
        PtxSpace.Shared => Access<SharedSpace, TMode>(store),
        PtxSpace.Global => Access<GlobalSpace, TMode>(store),
        _ => Access<GenericSpace, TMode>(store),
    };

    static Execute Access<TSpace, TMode>(bool store) where TSpace : ISpace where TMode : ICheckMode =>
        store ? &WmmaInstructions.Store<TSpace, TMode> : &WmmaInstructions.Load<TSpace, TMode>;
}
