// Arithmetic and comparisons of f64 that round to nearest, and the table's lines.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using W = System.Runtime.Intrinsics.Vector512<ulong>;

namespace HSENet.Ptx;

static class DoubleVectors
{
    /// <summary>The bits of a result; where it has a NaN all lanes are done once more, one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static W Checked<TOp>(Vector512<double> result, W a, W b) where TOp : IBinary<ulong, ulong, ulong> =>
        Vector512.EqualsAll(result, result) ? result.AsUInt64() : OneByOne<TOp>(a, b);

    [MethodImpl(MethodImplOptions.NoInlining)]
    static W OneByOne<TOp>(W a, W b) where TOp : IBinary<ulong, ulong, ulong>
    {
        W result = W.Zero;
        for (int lane = 0; lane < W.Count; lane++)
            result = result.WithElement(lane, TOp.Of(a[lane], b[lane]));
        return result;
    }
}

/// <summary>A NaN result is left to <see cref="FloatArithmetic"/>, which says whose payload it has.</summary>
readonly struct AddF64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) + FloatBits.Double(b) is var sum && double.IsNaN(sum)
        ? FloatArithmetic.Add(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(sum);

    public static W Of(W a, W b) => DoubleVectors.Checked<AddF64>(a.AsDouble() + b.AsDouble(), a, b);
}

readonly struct SubtractF64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) - FloatBits.Double(b) is var difference && double.IsNaN(difference)
        ? FloatArithmetic.Subtract(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(difference);

    public static W Of(W a, W b) => DoubleVectors.Checked<SubtractF64>(a.AsDouble() - b.AsDouble(), a, b);
}

readonly struct MultiplyF64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) * FloatBits.Double(b) is var product && double.IsNaN(product)
        ? FloatArithmetic.Multiply(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(product);

    public static W Of(W a, W b) => DoubleVectors.Checked<MultiplyF64>(a.AsDouble() * b.AsDouble(), a, b);
}

readonly struct DivideF64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) / FloatBits.Double(b) is var quotient && double.IsNaN(quotient)
        ? FloatArithmetic.Divide(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(quotient);

    public static W Of(W a, W b) => DoubleVectors.Checked<DivideF64>(a.AsDouble() / b.AsDouble(), a, b);
}

readonly struct FusedMultiplyAddF64 : ITernary<ulong, ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b, ulong c) =>
        Math.FusedMultiplyAdd(FloatBits.Double(a), FloatBits.Double(b), FloatBits.Double(c)) is var sum && double.IsNaN(sum)
            ? FloatArithmetic.FusedMultiplyAdd(FloatFormat.Double, a, b, c, default) : BitConverter.DoubleToUInt64Bits(sum);
}

readonly struct NegateF64 : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => a ^ 1UL << 63;
}

readonly struct AbsoluteF64 : IUnary<ulong, ulong>
{
    public static ulong Of(ulong a) => a & ulong.MaxValue >> 1;
}

readonly struct EqualF64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => FloatBits.Double(a) == FloatBits.Double(b);
}

readonly struct NotEqualOrNaNF64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => FloatBits.Double(a) != FloatBits.Double(b);
}

readonly struct LessF64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => FloatBits.Double(a) < FloatBits.Double(b);
}

readonly struct LessOrEqualF64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => FloatBits.Double(a) <= FloatBits.Double(b);
}

readonly struct GreaterF64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => FloatBits.Double(a) > FloatBits.Double(b);
}

readonly struct GreaterOrEqualF64 : ITest<ulong>
{
    public static bool Of(ulong a, ulong b) => FloatBits.Double(a) >= FloatBits.Double(b);
}

sealed partial class DecodeTable
{
    void AddDoubles()
    {
        Add("add.f64 add.rn.f64", Form.Vector64<AddF64>());
        Add("sub.f64 sub.rn.f64", Form.Vector64<SubtractF64>());
        Add("mul.f64 mul.rn.f64", Form.Vector64<MultiplyF64>());
        Add("div.rn.f64", Form.Vector64<DivideF64>());
        Add("fma.rn.f64 mad.rn.f64", Form.Ternary<FusedMultiplyAddF64, ulong, ulong, ulong, ulong>());
        Add("neg.f64", Form.Unary<NegateF64, ulong, ulong>());
        Add("abs.f64", Form.Unary<AbsoluteF64, ulong, ulong>());
        Add("setp.eq.f64", Form.Test<EqualF64, ulong>());
        Add("setp.neu.f64", Form.Test<NotEqualOrNaNF64, ulong>());
        Add("setp.lt.f64", Form.Test<LessF64, ulong>());
        Add("setp.le.f64", Form.Test<LessOrEqualF64, ulong>());
        Add("setp.gt.f64", Form.Test<GreaterF64, ulong>());
        Add("setp.ge.f64", Form.Test<GreaterOrEqualF64, ulong>());
    }
}
