// What the rules of the decode table share: types as formats, modifiers as modes, and forms from delegates.
namespace HSENet.Ptx;

static class LaneRules
{
    /// <summary>The format of an integer type; untyped bits count as unsigned.</summary>
    public static IntegerFormat? Integer(PtxType type) => type switch
    {
        PtxType.U8 or PtxType.B8 => new(8, false),
        PtxType.S8 => new(8, true),
        PtxType.U16 or PtxType.B16 or PtxType.U16x2 => new(16, false),
        PtxType.S16 or PtxType.S16x2 => new(16, true),
        PtxType.U32 or PtxType.B32 => new(32, false),
        PtxType.S32 => new(32, true),
        PtxType.U64 or PtxType.B64 => new(64, false),
        PtxType.S64 => new(64, true),
        _ => null,
    };

    /// <summary>The format of a float type or of its elements.</summary>
    public static FloatFormat? Float(PtxType type) => type switch
    {
        PtxType.F16 or PtxType.F16x2 => FloatFormat.Half,
        PtxType.Bf16 or PtxType.Bf16x2 => FloatFormat.BFloat16,
        PtxType.F32 => FloatFormat.Single,
        PtxType.F64 => FloatFormat.Double,
        PtxType.Tf32 => FloatFormat.TensorFloat32,
        PtxType.E4m3x2 => FloatFormat.E4M3,
        PtxType.E5m2x2 => FloatFormat.E5M2,
        _ => null,
    };

    public static bool IsPacked(PtxType type) =>
        type is PtxType.F16x2 or PtxType.Bf16x2 or PtxType.U16x2 or PtxType.S16x2 or PtxType.E4m3x2 or PtxType.E5m2x2;

    public static bool IsWide(PtxType type) => type.Bits() == 64;

    public static FloatMode Mode(PtxInstruction i) => new(
        i.Has("rz") || i.Has("rzi") ? Rounding.Zero
        : i.Has("rm") || i.Has("rmi") ? Rounding.Down
        : i.Has("rp") || i.Has("rpi") ? Rounding.Up
        : i.Has("rna") ? Rounding.NearestAway : Rounding.Nearest,
        i.Has("ftz"), i.Has("sat"), i.Has("relu"), i.Has("satfinite"));

    /// <summary>The comparison among the modifiers; lo, ls, hi and hs compare unsigned integers, whose types are unsigned
    /// already.</summary>
    public static Comparison? Compares(PtxInstruction i)
    {
        foreach (string modifier in i.Modifiers)
        {
            Comparison? found = modifier switch
            {
                "eq" => Comparison.Equal,
                "ne" => Comparison.NotEqual,
                "lt" or "lo" => Comparison.Less,
                "le" or "ls" => Comparison.LessOrEqual,
                "gt" or "hi" => Comparison.Greater,
                "ge" or "hs" => Comparison.GreaterOrEqual,
                "equ" => Comparison.EqualU,
                "neu" => Comparison.NotEqualU,
                "ltu" => Comparison.LessU,
                "leu" => Comparison.LessOrEqualU,
                "gtu" => Comparison.GreaterU,
                "geu" => Comparison.GreaterOrEqualU,
                "num" => Comparison.BothNumbers,
                "nan" => Comparison.AnyNaN,
                _ => null,
            };
            if (found != null)
                return found;
        }
        return null;
    }

    /// <summary>Compares elements of a type, of which a register may hold more bits than count.</summary>
    public static Func<ulong, ulong, bool>? Comparer(PtxInstruction i, PtxType type)
    {
        if (Compares(i) is not { } comparison)
            return null;
        if (Float(type) is { } format)
        {
            bool flush = i.Has("ftz");
            ulong mask = format.SignBit | format.MagnitudeMask;
            return (a, b) => FloatComparison.Compare(format, comparison, a & mask, b & mask, flush);
        }
        return Integer(type) is { } integer && comparison <= Comparison.GreaterOrEqual
            ? (a, b) => IntegerArithmetic.Compare(integer, comparison, a, b) : null;
    }

    /// <summary>A function of elements for a register: of its low half, or of both halves of packed types.</summary>
    public static Func<ulong, ulong> Each(PtxType type, Func<ulong, ulong> element) => IsPacked(type)
        ? a => element(a & 0xffff) | element(a >> 16 & 0xffff) << 16
        : type.Bits() == 16 ? a => element(a & 0xffff) : element;

    public static Func<ulong, ulong, ulong> Each(PtxType type, Func<ulong, ulong, ulong> element) => IsPacked(type)
        ? (a, b) => element(a & 0xffff, b & 0xffff) | element(a >> 16 & 0xffff, b >> 16 & 0xffff) << 16
        : type.Bits() == 16 ? (a, b) => element(a & 0xffff, b & 0xffff) : element;

    public static Func<ulong, ulong, ulong, ulong> Each(PtxType type, Func<ulong, ulong, ulong, ulong> element) => IsPacked(type)
        ? (a, b, c) => element(a & 0xffff, b & 0xffff, c & 0xffff) | element(a >> 16 & 0xffff, b >> 16 & 0xffff, c >> 16 & 0xffff) << 16
        : type.Bits() == 16 ? (a, b, c) => element(a & 0xffff, b & 0xffff, c & 0xffff) : element;

    /// <summary>Results of s8 and s16 are extended to the 32 bits of a row.</summary>
    public static ulong Result(PtxType type, ulong bits) =>
        type is PtxType.S8 or PtxType.S16 ? (uint)Integer(type)!.Value.Extend(bits) : bits;

    public static Form Unary(PtxInstruction i, bool wideD, bool wideA, Func<ulong, ulong> function)
    {
        long number = LaneFunctions<Func<ulong, ulong>>.Register(i.Mnemonic, function);
        return (wideD, wideA) switch
        {
            (false, false) => Form.ModalUnary<CallUnary<uint, uint>, uint, uint>(number),
            (false, true) => Form.ModalUnary<CallUnary<ulong, uint>, ulong, uint>(number),
            (true, false) => Form.ModalUnary<CallUnary<uint, ulong>, uint, ulong>(number),
            (true, true) => Form.ModalUnary<CallUnary<ulong, ulong>, ulong, ulong>(number),
        };
    }

    public static Form Binary(PtxInstruction i, bool wideD, bool wideSources, Func<ulong, ulong, ulong> function)
    {
        long number = LaneFunctions<Func<ulong, ulong, ulong>>.Register(i.Mnemonic, function);
        return (wideD, wideSources) switch
        {
            (false, false) => Form.ModalBinary<CallBinary<uint, uint, uint>, uint, uint, uint>(number),
            (false, true) => Form.ModalBinary<CallBinary<ulong, ulong, uint>, ulong, ulong, uint>(number),
            (true, false) => Form.ModalBinary<CallBinary<uint, uint, ulong>, uint, uint, ulong>(number),
            (true, true) => Form.ModalBinary<CallBinary<ulong, ulong, ulong>, ulong, ulong, ulong>(number),
        };
    }

    /// <summary>The destination and the first source have the instruction's width.</summary>
    public static Form Ternary(PtxInstruction i, bool wide, bool wideB, bool wideC, Func<ulong, ulong, ulong, ulong> function)
    {
        long number = LaneFunctions<Func<ulong, ulong, ulong, ulong>>.Register(i.Mnemonic, function);
        return (wide, wideB, wideC) switch
        {
            (false, _, _) => Form.ModalTernary<CallTernary<uint, uint, uint, uint>, uint, uint, uint, uint>(number),
            (true, true, true) => Form.ModalTernary<CallTernary<ulong, ulong, ulong, ulong>, ulong, ulong, ulong, ulong>(number),
            (true, true, false) => Form.ModalTernary<CallTernary<ulong, ulong, uint, ulong>, ulong, ulong, uint, ulong>(number),
            (true, false, _) => Form.ModalTernary<CallTernary<ulong, uint, uint, ulong>, ulong, uint, uint, ulong>(number),
        };
    }

    public static Form Test(PtxInstruction i, bool wide, Func<ulong, ulong, bool> function)
    {
        long number = LaneFunctions<Func<ulong, ulong, bool>>.Register(i.Mnemonic, function);
        return wide ? Form.ModalTest<CallTest<ulong>, ulong>(number) : Form.ModalTest<CallTest<uint>, uint>(number);
    }

    /// <summary>A test of one source.</summary>
    public static Form Property(PtxInstruction i, bool wide, Func<ulong, bool> function)
    {
        long number = LaneFunctions<Func<ulong, ulong, bool>>.Register(i.Mnemonic, (a, _) => function(a));
        return wide ? Form.ModalProperty<CallTest<ulong>, ulong>(number) : Form.ModalProperty<CallTest<uint>, uint>(number);
    }
}
