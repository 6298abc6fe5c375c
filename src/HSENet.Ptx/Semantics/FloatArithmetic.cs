// add, sub, mul, fma, div, rcp and sqrt of f16, bf16, f32 and f64 in PTX's four roundings, with .ftz, .sat and .relu
namespace HSENet.Ptx;

/// <summary>The modifiers of a floating-point instruction that change its result.</summary>
/// <param name="Rounding">.rn .rz .rm .rp.</param>
/// <param name="Flush">.ftz: subnormal operands and results become zeros of their sign.</param>
/// <param name="Saturate">.sat: the result is clamped to [0, 1], a NaN becomes +0.</param>
/// <param name="Relu">.relu: a negative result becomes +0, a NaN the canonical NaN.</param>
/// <param name="Finite">.satfinite, cvt only: a result beyond the largest finite number becomes that number.</param>
readonly record struct FloatMode(
    Rounding Rounding = Rounding.Nearest, bool Flush = false, bool Saturate = false, bool Relu = false, bool Finite = false);

/// <summary>
/// Operands and results are bits. A result is rounded once from the exact value. A NaN result is the format's canonical NaN, except in f64:
/// there it is the first NaN operand made quiet, and an invalid operation gives 0xfff8000000000000.
/// </summary>
static class FloatArithmetic
{
    const ulong InvalidDouble = 0xfff8000000000000;
    const ulong QuietBit = 0x0008000000000000;

    public static ulong Add(FloatFormat format, ulong a, ulong b, FloatMode mode)
    {
        a = Operand(format, a, mode);
        b = Operand(format, b, mode);
        double x = format.ToDouble(a), y = format.ToDouble(b);
        double sum = format == FloatFormat.Double ? DirectedDouble.Add(x, y, mode.Rounding) : Sum(x, y, mode);
        return Result(format, sum, mode, a, b, 0);
    }

    public static ulong Subtract(FloatFormat format, ulong a, ulong b, FloatMode mode) =>
        Add(format, a, format.IsNaN(b) ? b : b ^ format.SignBit, mode);

    public static ulong Multiply(FloatFormat format, ulong a, ulong b, FloatMode mode)
    {
        a = Operand(format, a, mode);
        b = Operand(format, b, mode);
        double x = format.ToDouble(a), y = format.ToDouble(b);
        double product = format == FloatFormat.Double ? DirectedDouble.Multiply(x, y, mode.Rounding) : x * y;
        return Result(format, product, mode, a, b, 0);
    }

    public static ulong FusedMultiplyAdd(FloatFormat format, ulong a, ulong b, ulong c, FloatMode mode)
    {
        a = Operand(format, a, mode);
        b = Operand(format, b, mode);
        c = Operand(format, c, mode);
        double x = format.ToDouble(a), y = format.ToDouble(b), z = format.ToDouble(c);
        double sum = format == FloatFormat.Double
            ? DirectedDouble.FusedMultiplyAdd(x, y, z, mode.Rounding)
            : Sum(x * y, z, mode); // the product of two numbers of at most 24 bits is exact
        return Result(format, sum, mode, a, b, c);
    }

    public static ulong Divide(FloatFormat format, ulong a, ulong b, FloatMode mode)
    {
        a = Operand(format, a, mode);
        b = Operand(format, b, mode);
        double x = format.ToDouble(a), y = format.ToDouble(b);
        double quotient = format == FloatFormat.Double ? DirectedDouble.Divide(x, y, mode.Rounding) : OddRounding.Divide(x, y);
        return Result(format, quotient, mode, a, b, 0);
    }

    public static ulong Reciprocal(FloatFormat format, ulong a, FloatMode mode) => Divide(format, format.One, a, mode);

    public static ulong SquareRoot(FloatFormat format, ulong a, FloatMode mode)
    {
        a = Operand(format, a, mode);
        double x = format.ToDouble(a);
        double root = format == FloatFormat.Double ? DirectedDouble.SquareRoot(x, mode.Rounding) : OddRounding.SquareRoot(x);
        return Result(format, root, mode, a, 0, 0);
    }

    /// <summary>Rounds and applies .ftz, .sat and .relu: the last step of every instruction with a floating-point result but f64's
    /// NaN.</summary>
    public static ulong Round(FloatFormat format, double value, FloatMode mode)
    {
        ulong bits = format.FromDouble(value, mode.Rounding, mode.Finite);
        if (mode.Flush)
            bits = format.Flush(bits);
        if (format.IsNaN(bits))
            return mode.Saturate ? 0 : bits;
        if ((mode.Saturate || mode.Relu) && (bits & format.SignBit) != 0)
            return 0;
        return mode.Saturate && bits > format.One ? format.One : bits;
    }

    static ulong Operand(FloatFormat format, ulong bits, FloatMode mode) => mode.Flush ? format.Flush(bits) : bits;

    static ulong Result(FloatFormat format, double value, FloatMode mode, ulong a, ulong b, ulong c)
    {
        if (format != FloatFormat.Double || !double.IsNaN(value) || mode.Saturate)
            return Round(format, value, mode);
        return format.IsNaN(a) ? a | QuietBit : format.IsNaN(b) ? b | QuietBit : format.IsNaN(c) ? c | QuietBit : InvalidDouble;
    }

    /// <summary>Rounded to odd. A sum that cancels to zero is +0, but -0 in rounding down.</summary>
    static double Sum(double a, double b, FloatMode mode)
    {
        double sum = OddRounding.Add(a, b);
        return sum == 0 && mode.Rounding == Rounding.Down && (double.IsNegative(a) || double.IsNegative(b)) ? -0.0 : sum;
    }
}
