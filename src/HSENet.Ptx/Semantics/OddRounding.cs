// Sums, products, quotients and roots of numbers of at most 24 bits as doubles rounded to odd, so that one more rounding, in any mode, is
// exact
namespace HSENet.Ptx;

/// <summary>
/// Rounding to odd keeps an exact result and replaces every other by the neighbour whose last bit is 1. A double so rounded carries at
/// least two bits below any f32, f16 or bf16 and remembers that something was dropped, so rounding it again gives what rounding the exact
/// value once gives.
/// </summary>
static class OddRounding
{
    public static double Add(double a, double b)
    {
        double sum = a + b;
        double partOfB = sum - a;
        double partOfA = sum - partOfB;
        return Adjust(sum, (a - partOfA) + (b - partOfB));
    }

    public static double Divide(double a, double b)
    {
        double quotient = a / b;
        double remainder = Math.FusedMultiplyAdd(-quotient, b, a);
        return Adjust(quotient, double.IsNegative(b) ? -remainder : remainder);
    }

    public static double SquareRoot(double a)
    {
        double root = Math.Sqrt(a);
        return Adjust(root, Math.FusedMultiplyAdd(-root, root, a));
    }

    /// <summary>A magnitude of 64 bits.</summary>
    public static double FromInteger(ulong magnitude)
    {
        int dropped = Math.Max(0, 11 - System.Numerics.BitOperations.LeadingZeroCount(magnitude));
        ulong kept = magnitude >> dropped;
        if (kept << dropped != magnitude)
            kept |= 1;
        return (double)kept * (1UL << dropped);
    }

    /// <param name="nearest">The exact value rounded to nearest.</param>
    /// <param name="error">A number with the sign of the exact value minus <paramref name="nearest"/>; zero, or NaN beside infinities, if
    /// there is no difference.</param>
    static double Adjust(double nearest, double error)
    {
        if (!double.IsFinite(nearest) || (BitConverter.DoubleToUInt64Bits(nearest) & 1) != 0)
            return nearest;
        return error > 0 ? Math.BitIncrement(nearest) : error < 0 ? Math.BitDecrement(nearest) : nearest;
    }
}
