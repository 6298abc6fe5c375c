// f64 arithmetic rounded toward zero, down or up: the nearest double, moved one step when exact integers show that the true value lies
// beyond it
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>Slow and rarely used: processors round to nearest, and no wider format holds the operands exactly.</summary>
static class DirectedDouble
{
    public static double Add(double a, double b, Rounding rounding) =>
        rounding == Rounding.Nearest ? a + b : FusedMultiplyAdd(a, 1, b, rounding);

    public static double Multiply(double a, double b, Rounding rounding) =>
        rounding == Rounding.Nearest ? a * b : Step(a * b, rounding, a, b, 0, result => Exact(a) * Exact(b) - result);

    public static double FusedMultiplyAdd(double a, double b, double c, Rounding rounding)
    {
        double nearest = Math.FusedMultiplyAdd(a, b, c);
        if (rounding == Rounding.Nearest || !double.IsFinite(a) || !double.IsFinite(b) || !double.IsFinite(c))
            return nearest;
        Dyadic exact = Exact(a) * Exact(b) + Exact(c);
        bool anyNegative = double.IsNegative(c) || double.IsNegative(a) != double.IsNegative(b);
        if (exact.Sign == 0)
            return rounding == Rounding.Down && anyNegative ? -0.0 : nearest;
        return Step(nearest, rounding, a, b, c, result => exact - result);
    }

    public static double Divide(double a, double b, Rounding rounding) => rounding == Rounding.Nearest || b == 0
        ? a / b
        : Step(a / b, rounding, a, b, 0, result => (Exact(a) - result * Exact(b)) * Exact(Math.Sign(b)));

    public static double SquareRoot(double a, Rounding rounding) =>
        rounding == Rounding.Nearest ? Math.Sqrt(a) : Step(Math.Sqrt(a), rounding, a, 0, 0, result => Exact(a) - result * result);

    // difference: the exact result minus its argument, or that times a positive number
    static double Step(double nearest, Rounding rounding, double a, double b, double c, Func<Dyadic, Dyadic> difference)
    {
        if (double.IsNaN(nearest) || !double.IsFinite(a) || !double.IsFinite(b) || !double.IsFinite(c))
            return nearest;
        int error = double.IsInfinity(nearest) ? -Math.Sign(nearest) : difference(Exact(nearest)).Sign;
        bool up = error > 0 && (rounding == Rounding.Up || (rounding == Rounding.Zero && nearest < 0));
        bool down = error < 0 && (rounding == Rounding.Down || (rounding == Rounding.Zero && nearest > 0));
        return up ? Math.BitIncrement(nearest) : down ? Math.BitDecrement(nearest) : nearest;
    }

    static Dyadic Exact(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7ff;
        long significand = (bits & 0xfffffffffffff) | (exponent == 0 ? 0 : 1L << 52);
        return new Dyadic(bits < 0 ? -significand : significand, Math.Max(exponent, 1) - 1075);
    }

    /// <summary>significand · 2^exponent.</summary>
    readonly record struct Dyadic(BigInteger Significand, int Exponent)
    {
        public int Sign => Significand.Sign;

        public static Dyadic operator *(Dyadic a, Dyadic b) => new(a.Significand * b.Significand, a.Exponent + b.Exponent);

        public static Dyadic operator +(Dyadic a, Dyadic b)
        {
            int exponent = Math.Min(a.Exponent, b.Exponent);
            return new((a.Significand << (a.Exponent - exponent)) + (b.Significand << (b.Exponent - exponent)), exponent);
        }

        public static Dyadic operator -(Dyadic a, Dyadic b) => a + new Dyadic(-b.Significand, b.Exponent);
    }
}
