// Arithmetic and comparisons of f64 that round to nearest, and the table's lines.
namespace HSENet.Ptx;

/// <summary>A NaN result is left to <see cref="FloatArithmetic"/>, which says whose payload it has.</summary>
readonly struct AddF64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) + FloatBits.Double(b) is var sum && double.IsNaN(sum)
        ? FloatArithmetic.Add(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(sum);
}

readonly struct SubtractF64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) - FloatBits.Double(b) is var difference && double.IsNaN(difference)
        ? FloatArithmetic.Subtract(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(difference);
}

readonly struct MultiplyF64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) * FloatBits.Double(b) is var product && double.IsNaN(product)
        ? FloatArithmetic.Multiply(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(product);
}

readonly struct DivideF64 : IBinary<ulong, ulong, ulong>
{
    public static ulong Of(ulong a, ulong b) => FloatBits.Double(a) / FloatBits.Double(b) is var quotient && double.IsNaN(quotient)
        ? FloatArithmetic.Divide(FloatFormat.Double, a, b, default) : BitConverter.DoubleToUInt64Bits(quotient);
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
        Add("add.f64 add.rn.f64", Form.Binary<AddF64, ulong>());
        Add("sub.f64 sub.rn.f64", Form.Binary<SubtractF64, ulong>());
        Add("mul.f64 mul.rn.f64", Form.Binary<MultiplyF64, ulong>());
        Add("div.rn.f64", Form.Binary<DivideF64, ulong>());
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
