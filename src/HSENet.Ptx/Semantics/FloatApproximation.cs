// rcp, sqrt, rsqrt, ex2, lg2, sin, cos, tanh .approx and div.approx, div.full: the values that this emulator gives within the manual's
// error bounds
namespace HSENet.Ptx;

/// <summary>The functions that exist as .approx.</summary>
enum Approximation { Reciprocal, SquareRoot, ReciprocalSquareRoot, Exponential2, Logarithm2, Sine, Cosine, HyperbolicTangent }

/// <summary>
/// A GPU's tables cannot be known, so each function is computed in double, where its error is at most a few units of 2^-53, and rounded to
/// nearest: nearly always the correctly rounded value, and inside every bound of the manual (2 ulp for ex2, 1 for rcp; relative 2^-23 for
/// sqrt, 2^-22.9 for rsqrt, 2^-11 for tanh; 2^-22 for lg2; absolute 2^-20.5 for sin and cos). Kernels are compared with a GPU within those
/// bounds, never bit by bit.
/// </summary>
static class FloatApproximation
{
    public static ulong Apply(Approximation function, FloatFormat format, ulong a, bool flush)
    {
        if (format == FloatFormat.Double)
            return flush ? Gross(function, a) : BitConverter.DoubleToUInt64Bits(Evaluate(function, format.ToDouble(a)));
        double x = format.ToDouble(flush ? format.Flush(a) : a);
        return FloatArithmetic.Round(format, Evaluate(function, x), new(Flush: flush));
    }

    /// <summary>div.approx.f32. Divisors above 2^126 give 0, or NaN for an infinite dividend; what is left is rounded once.</summary>
    public static ulong Divide(ulong a, ulong b, bool flush)
    {
        FloatFormat single = FloatFormat.Single;
        ulong magnitude = b & single.MagnitudeMask;
        if (magnitude > 0x7e800000 && magnitude < single.Infinity && !single.IsNaN(a))
            return single.IsInfinity(a) ? single.CanonicalNaN : (a ^ b) & single.SignBit;
        return DivideFullRange(a, b, flush);
    }

    /// <summary>div.full.f32: rounded once from the exact quotient.</summary>
    public static ulong DivideFullRange(ulong a, ulong b, bool flush) =>
        FloatArithmetic.Divide(FloatFormat.Single, a, b, new(Flush: flush));

    static double Evaluate(Approximation function, double x) => function switch
    {
        Approximation.Reciprocal => 1 / x,
        Approximation.SquareRoot => Math.Sqrt(x),
        Approximation.ReciprocalSquareRoot => 1 / Math.Sqrt(x), // -0 gives -infinity
        Approximation.Exponential2 => Exponential2.Of(x),
        Approximation.Logarithm2 => Math.Log2(x),
        Approximation.Sine => Math.Sin(x),
        Approximation.Cosine => Math.Cos(x),
        Approximation.HyperbolicTangent => Math.Tanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    /// <summary>rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64 read the upper 32 bits of the operand and give the upper 32 bits of a
    /// result.</summary>
    static ulong Gross(Approximation function, ulong a)
    {
        const ulong upper = 0xffffffff00000000;
        a = FloatFormat.Double.Flush(a & upper);
        if (FloatFormat.Double.IsNaN(a))
            return 0x7fffffff00000000;
        double value = Evaluate(function, BitConverter.UInt64BitsToDouble(a));
        return double.IsNaN(value) ? 0x7fffffff00000000 : FloatFormat.Double.Flush(BitConverter.DoubleToUInt64Bits(value)) & upper;
    }
}
