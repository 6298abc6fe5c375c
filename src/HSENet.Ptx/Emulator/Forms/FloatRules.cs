// The table's rules of floating-point instructions in all formats, roundings and modes that have no line of their own.
namespace HSENet.Ptx;

sealed partial class DecodeTable
{
    void AddFloatRules()
    {
        AddRule("add", i => FloatBinary(i, FloatArithmetic.Add));
        AddRule("sub", i => FloatBinary(i, FloatArithmetic.Subtract));
        AddRule("mul", i => FloatBinary(i, FloatArithmetic.Multiply));
        AddRule("fma", FloatFused);
        AddRule("mad", FloatFused);
        AddRule("div", FloatDivide);
        AddRule("rcp", i => i.Has("approx") ? Approximate(i, Approximation.Reciprocal) : FloatUnary(i, FloatArithmetic.Reciprocal));
        AddRule("sqrt", i => i.Has("approx") ? Approximate(i, Approximation.SquareRoot) : FloatUnary(i, FloatArithmetic.SquareRoot));
        AddRule("rsqrt", i => Approximate(i, Approximation.ReciprocalSquareRoot));
        AddRule("ex2", i => Approximate(i, Approximation.Exponential2));
        AddRule("lg2", i => Approximate(i, Approximation.Logarithm2));
        AddRule("sin", i => Approximate(i, Approximation.Sine));
        AddRule("cos", i => Approximate(i, Approximation.Cosine));
        AddRule("tanh", i => Approximate(i, Approximation.HyperbolicTangent));
        AddRule("abs", i => FloatUnary(i, (format, a, mode) => FloatComparison.Abs(format, a, mode.Flush)));
        AddRule("neg", i => FloatUnary(i, (format, a, mode) => FloatComparison.Negate(format, a, mode.Flush)));
        AddRule("copysign", i => FloatBinary(i, (format, a, b, _) => FloatComparison.CopySign(format, a, b)));
        AddRule("min", i => FloatExtreme(i, FloatComparison.Min));
        AddRule("max", i => FloatExtreme(i, FloatComparison.Max));
        AddRule("testp", FloatTest);
        AddRule("setp", CompareToPredicate);
        AddRule("set", CompareToValue);
    }

    static Form? FloatUnary(PtxInstruction i, Func<FloatFormat, ulong, FloatMode, ulong> function)
    {
        if (LaneRules.Float(i.Types[0]) is not { } format)
            return null;
        FloatMode mode = LaneRules.Mode(i);
        bool wide = LaneRules.IsWide(i.Types[0]);
        return LaneRules.Unary(i, wide, wide, LaneRules.Each(i.Types[0], a => function(format, a, mode)));
    }

    static Form? FloatBinary(PtxInstruction i, Func<FloatFormat, ulong, ulong, FloatMode, ulong> function)
    {
        if (LaneRules.Float(i.Types[0]) is not { } format)
            return null;
        FloatMode mode = LaneRules.Mode(i);
        bool wide = LaneRules.IsWide(i.Types[0]);
        return LaneRules.Binary(i, wide, wide, LaneRules.Each(i.Types[0], (a, b) => function(format, a, b, mode)));
    }

    static Form? FloatFused(PtxInstruction i)
    {
        if (LaneRules.Float(i.Types[0]) is not { } format)
            return null;
        FloatMode mode = LaneRules.Mode(i);
        bool wide = LaneRules.IsWide(i.Types[0]);
        return LaneRules.Ternary(i, wide, wide, wide,
            LaneRules.Each(i.Types[0], (a, b, c) => FloatArithmetic.FusedMultiplyAdd(format, a, b, c, mode)));
    }

    static Form? FloatDivide(PtxInstruction i)
    {
        bool approximate = i.Has("approx"), full = i.Has("full");
        if (!approximate && !full)
            return FloatBinary(i, FloatArithmetic.Divide);
        if (i.Types[0] != PtxType.F32)
            return null;
        bool flush = i.Has("ftz");
        return LaneRules.Binary(i, false, false, approximate
            ? (a, b) => FloatApproximation.Divide(a, b, flush)
            : (a, b) => FloatApproximation.DivideFullRange(a, b, flush));
    }

    static Form? Approximate(PtxInstruction i, Approximation function) =>
        FloatUnary(i, (format, a, mode) => FloatApproximation.Apply(function, format, a, mode.Flush));

    static Form? FloatExtreme(PtxInstruction i, Func<FloatFormat, ulong, ulong, bool, bool, bool, ulong> function)
    {
        bool propagate = i.Has("NaN"), xorSign = i.Has("xorsign");
        return FloatBinary(i, (format, a, b, mode) => function(format, a, b, mode.Flush, propagate, xorSign));
    }

    static Form? FloatTest(PtxInstruction i)
    {
        if (LaneRules.Float(i.Types[0]) is not { } format)
            return null;
        FloatProperty property = Enum.Parse<FloatProperty>(i.Modifiers.First(modifier => modifier != i.Types[0].Word()), ignoreCase: true);
        return LaneRules.Property(i, LaneRules.IsWide(i.Types[0]), a => FloatComparison.Test(format, property, a));
    }

    static Form? CompareToPredicate(PtxInstruction i) =>
        i.Types.Count == 1 && !LaneRules.IsPacked(i.Types[0]) && LaneRules.Comparer(i, i.Types[0]) is { } compare
            ? LaneRules.Test(i, LaneRules.IsWide(i.Types[0]), compare) : null;

    /// <summary>set: 1.0 or all ones where the comparison holds, else zero.</summary>
    static Form? CompareToValue(PtxInstruction i)
    {
        if (i.Types is not [PtxType to, PtxType from]
            || (LaneRules.IsPacked(to) != LaneRules.IsPacked(from) && !(LaneRules.IsPacked(from) && to is PtxType.U32 or PtxType.S32))
            || LaneRules.Comparer(i, from) is not { } compare)
            return null;
        ulong one = TruthValue(to, from);
        return LaneRules.Binary(i, false, LaneRules.IsWide(from), LaneRules.Each(from, (a, b) => compare(a, b) ? one : 0));
    }

    /// <summary>What set writes for true into a register of a type, or into each half of one when it compares halves.</summary>
    public static ulong TruthValue(PtxType type, PtxType from) =>
        LaneRules.IsPacked(from) && !LaneRules.IsPacked(type) ? 0xffff : LaneRules.Float(type) is { } format ? format.One
            : LaneRules.Result(type, LaneRules.Integer(type)!.Value.Mask);
}
