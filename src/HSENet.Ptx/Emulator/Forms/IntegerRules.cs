// The table's rules of integer instructions and of instructions on bits that have no line of their own.
namespace HSENet.Ptx;

sealed partial class DecodeTable
{
    void AddIntegerRules()
    {
        AddRule("add", i => i.Has("sat")
            ? IntegerBinary(i, (type, a, b) => IntegerArithmetic.Add(type, a, b, true))
            : IntegerBinary(i, (type, a, b) => IntegerArithmetic.Add(type, a, b, false)));
        AddRule("sub", i => i.Has("sat")
            ? IntegerBinary(i, (type, a, b) => IntegerArithmetic.Subtract(type, a, b, true))
            : IntegerBinary(i, (type, a, b) => IntegerArithmetic.Subtract(type, a, b, false)));
        AddRule("mul", i => i.Has("wide") ? MultiplyWide(i) : IntegerBinary(i, Product(i)));
        AddRule("mad", MultiplyAdd);
        AddRule("mul24", Multiply24);
        AddRule("mad24", Multiply24);
        AddRule("sad", i => IntegerTernary(i, IntegerArithmetic.SumOfAbsoluteDifference));
        AddRule("div", i => IntegerBinary(i, IntegerArithmetic.Divide));
        AddRule("rem", i => IntegerBinary(i, IntegerArithmetic.Remainder));
        AddRule("abs", i => IntegerUnary(i, IntegerArithmetic.Abs));
        AddRule("neg", i => IntegerUnary(i, IntegerArithmetic.Negate));
        AddRule("min", i => i.Has("relu")
            ? IntegerBinary(i, (type, a, b) => IntegerArithmetic.Min(type, a, b, true))
            : IntegerBinary(i, (type, a, b) => IntegerArithmetic.Min(type, a, b)));
        AddRule("max", i => i.Has("relu")
            ? IntegerBinary(i, (type, a, b) => IntegerArithmetic.Max(type, a, b, true))
            : IntegerBinary(i, (type, a, b) => IntegerArithmetic.Max(type, a, b)));
        AddRule("dp4a", Dot);
        AddRule("dp2a", Dot);
    }

    void AddBitRules()
    {
        AddRule("not", i => IntegerUnary(i, (type, a) => ~a & type.Mask));
        AddRule("cnot", i => IntegerUnary(i, (type, a) => (a & type.Mask) == 0 ? 1UL : 0));
        AddRule("shl", i => i.Types[0].Bits() == 64 ? null
            : IntegerBinary(i, (type, a, b) => BitFields.ShiftLeft(type.Bits, a, (uint)b), false));
        AddRule("shr", i => i.Types[0].Bits() == 64 ? null
            : IntegerBinary(i, (type, a, b) => BitFields.ShiftRight(type, a, (uint)b), false));
        AddRule("brev", i => IntegerUnary(i, (type, a) => BitFields.Reverse(type.Bits, a)));
        AddRule("bfind", FindHighest);
        AddRule("bfe", i => LaneRules.Integer(i.Types[0]) is { } type
            ? LaneRules.Ternary(i, type.Bits == 64, false, false, (a, b, c) => BitFields.Extract(type, a, (uint)b, (uint)c)) : null);
        AddRule("fns", i => LaneRules.Ternary(i, false, false, false, (a, b, c) => BitFields.FindNth((uint)a, (uint)b, (int)c)));
        AddRule("bmsk", i => i.Has("clamp")
            ? LaneRules.Binary(i, false, false, (a, b) => BitFields.Ones((uint)a, (uint)b, true))
            : LaneRules.Binary(i, false, false, (a, b) => BitFields.Ones((uint)a, (uint)b, false)));
        AddRule("szext", i => i.Has("clamp")
            ? IntegerBinary(i, (type, a, b) => BitFields.Extend(type.Signed, (uint)a, (uint)b, true))
            : IntegerBinary(i, (type, a, b) => BitFields.Extend(type.Signed, (uint)a, (uint)b, false)));
        AddRule("shf", FunnelShift);
        AddRule("prmt", Permute);
        AddRule("slct", Choose);
    }

    static Form? IntegerUnary(PtxInstruction i, Func<IntegerFormat, ulong, ulong> function)
    {
        PtxType type = i.Types[0];
        if (LaneRules.Integer(type) is not { } format)
            return null;
        bool wide = LaneRules.IsWide(type);
        return LaneRules.Unary(i, wide, wide, a => LaneRules.Result(type, function(format, a)));
    }

    /// <param name="i">The instruction.</param>
    /// <param name="function">Its meaning.</param>
    /// <param name="narrow">False where the second source is 32 bits wide whatever the type.</param>
    static Form? IntegerBinary(PtxInstruction i, Func<IntegerFormat, ulong, ulong, ulong> function, bool narrow = true)
    {
        PtxType type = i.Types[0];
        if (LaneRules.Integer(type) is not { } format)
            return null;
        bool wide = LaneRules.IsWide(type);
        Func<ulong, ulong, ulong> element = (a, b) => LaneRules.Result(type, function(format, a, b));
        return LaneRules.Binary(i, wide, wide, narrow ? LaneRules.Each(type, element) : element);
    }

    static Form? IntegerTernary(PtxInstruction i, Func<IntegerFormat, ulong, ulong, ulong, ulong> function)
    {
        PtxType type = i.Types[0];
        if (LaneRules.Integer(type) is not { } format)
            return null;
        bool wide = LaneRules.IsWide(type);
        return LaneRules.Ternary(i, wide, wide, wide, (a, b, c) => LaneRules.Result(type, function(format, a, b, c)));
    }

    static Func<IntegerFormat, ulong, ulong, ulong> Product(PtxInstruction i) =>
        i.Has("hi") ? IntegerArithmetic.MultiplyHigh : IntegerArithmetic.MultiplyLow;

    static Form? MultiplyWide(PtxInstruction i) => LaneRules.Integer(i.Types[0]) is { Bits: < 64 } type
        ? LaneRules.Binary(i, type.Bits == 32, false, (a, b) => IntegerArithmetic.MultiplyWide(type, a, b)) : null;

    static Form Multiply24(PtxInstruction i)
    {
        bool high = i.Has("hi"), saturate = i.Has("sat"), signed = i.Types[0] == PtxType.S32;
        if (i.Opcode == "mul24")
            return LaneRules.Binary(i, false, false, (a, b) => IntegerArithmetic.Multiply24(signed, high, a, b));
        return LaneRules.Ternary(i, false, false, false, (a, b, c) =>
            IntegerArithmetic.Add(new(32, signed), IntegerArithmetic.Multiply24(signed, high, a, b), c, saturate));
    }

    static Form Dot(PtxInstruction i)
    {
        bool signedA = i.Types[0] == PtxType.S32, signedB = i.Types[1] == PtxType.S32, high = i.Has("hi");
        return LaneRules.Ternary(i, false, false, false, i.Opcode == "dp4a"
            ? (a, b, c) => IntegerArithmetic.DotBytes(signedA, signedB, a, b, c)
            : (a, b, c) => IntegerArithmetic.DotHalfWords(signedA, signedB, high, a, b, c));
    }

    static Form? FindHighest(PtxInstruction i)
    {
        bool shift = i.Has("shiftamt");
        return LaneRules.Integer(i.Types[0]) is { } type
            ? LaneRules.Unary(i, false, type.Bits == 64, a => BitFields.FindHighest(type, a, shift)) : null;
    }

    static Form FunnelShift(PtxInstruction i)
    {
        bool clamp = i.Has("clamp");
        return LaneRules.Ternary(i, false, false, false, i.Has("l")
            ? (a, b, c) => BitFields.FunnelLeft((uint)a, (uint)b, (uint)c, clamp)
            : (a, b, c) => BitFields.FunnelRight((uint)a, (uint)b, (uint)c, clamp));
    }

    static Form Permute(PtxInstruction i)
    {
        PermuteMode mode = i.Has("f4e") ? PermuteMode.Forward4 : i.Has("b4e") ? PermuteMode.Backward4
            : i.Has("rc8") ? PermuteMode.Replicate8
            : i.Has("ecl") ? PermuteMode.EdgeClampLeft : i.Has("ecr") ? PermuteMode.EdgeClampRight
            : i.Has("rc16") ? PermuteMode.Replicate16 : PermuteMode.Default;
        return LaneRules.Ternary(i, false, false, false, (a, b, c) => BitFields.Permute((uint)a, (uint)b, (uint)c, mode));
    }

    static Form? MultiplyAdd(PtxInstruction i)
    {
        if (LaneRules.Integer(i.Types[0]) is not { } type)
            return null;
        bool saturate = i.Has("sat");
        Func<IntegerFormat, ulong, ulong, ulong> product = Product(i);
        if (!i.Has("wide"))
            return IntegerTernary(i, (format, a, b, c) => IntegerArithmetic.Add(format, product(format, a, b), c, saturate));
        return type.Bits != 16 ? null : LaneRules.Ternary(i, false, false, false, (a, b, c) =>
            IntegerArithmetic.Add(new(32, type.Signed), IntegerArithmetic.MultiplyWide(type, a, b), c, false));
    }

    /// <summary>slct: a where c is at least zero, -0 included, else b; a NaN chooses b.</summary>
    static Form? Choose(PtxInstruction i)
    {
        if (i.Types is not [PtxType type, PtxType selector])
            return null;
        bool wide = LaneRules.IsWide(type), flush = i.Has("ftz");
        return LaneRules.Ternary(i, wide, wide, false, selector == PtxType.S32
            ? (a, b, c) => (int)c >= 0 ? a : b
            : (a, b, c) => FloatComparison.Compare(FloatFormat.Single, Comparison.GreaterOrEqual, c, 0, flush) ? a : b);
    }
}
