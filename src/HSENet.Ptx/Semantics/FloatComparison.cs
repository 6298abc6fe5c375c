// Comparisons, min, max, abs, neg, copysign and testp: instructions that look at a float's bits and never round
namespace HSENet.Ptx;

/// <summary>The comparison operators of set and setp. On floats the names with a trailing U are also true when an operand is NaN.</summary>
enum Comparison
{
    Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, EqualU, NotEqualU, LessU, LessOrEqualU, GreaterU,
    GreaterOrEqualU, BothNumbers, AnyNaN
}

/// <summary>What testp asks. Zeros count as normal.</summary>
enum FloatProperty { Finite, Infinite, Number, NotANumber, Normal, Subnormal }

static class FloatComparison
{
    public static bool Compare(FloatFormat format, Comparison comparison, ulong a, ulong b, bool flush)
    {
        if (flush)
        {
            a = format.Flush(a);
            b = format.Flush(b);
        }
        bool unordered = format.IsNaN(a) || format.IsNaN(b);
        double x = format.ToDouble(a), y = format.ToDouble(b);
        return comparison switch
        {
            Comparison.Equal => x == y,
            Comparison.NotEqual => !unordered && x != y,
            Comparison.Less => x < y,
            Comparison.LessOrEqual => x <= y,
            Comparison.Greater => x > y,
            Comparison.GreaterOrEqual => x >= y,
            Comparison.EqualU => unordered || x == y,
            Comparison.NotEqualU => unordered || x != y,
            Comparison.LessU => unordered || x < y,
            Comparison.LessOrEqualU => unordered || x <= y,
            Comparison.GreaterU => unordered || x > y,
            Comparison.GreaterOrEqualU => unordered || x >= y,
            Comparison.BothNumbers => !unordered,
            Comparison.AnyNaN => unordered,
            _ => throw new ArgumentOutOfRangeException(nameof(comparison)),
        };
    }

    /// <summary>
    /// -0 is less than +0. One NaN gives the other operand, two the canonical NaN; with <paramref name="propagateNaN"/> (.NaN) any NaN
    /// does. With <paramref name="xorSignAbs"/> (.xorsign.abs) magnitudes are compared and the result takes the product's sign.
    /// </summary>
    public static ulong Min(FloatFormat format, ulong a, ulong b, bool flush, bool propagateNaN, bool xorSignAbs) =>
        Extreme(format, a, b, flush, propagateNaN, xorSignAbs, larger: false);

    public static ulong Max(FloatFormat format, ulong a, ulong b, bool flush, bool propagateNaN, bool xorSignAbs) =>
        Extreme(format, a, b, flush, propagateNaN, xorSignAbs, larger: true);

    static ulong Extreme(FloatFormat format, ulong a, ulong b, bool flush, bool propagateNaN, bool xorSignAbs, bool larger)
    {
        if (flush)
        {
            a = format.Flush(a);
            b = format.Flush(b);
        }
        ulong sign = (a ^ b) & format.SignBit;
        if (xorSignAbs)
        {
            a &= format.MagnitudeMask;
            b &= format.MagnitudeMask;
        }
        ulong result;
        if (format.IsNaN(a) || format.IsNaN(b))
        {
            if (propagateNaN || (format.IsNaN(a) && format.IsNaN(b)))
                return format.CanonicalNaN;
            result = format.IsNaN(a) ? b : a;
        }
        else
            result = (Order(format, a) > Order(format, b)) == larger ? a : b;
        return xorSignAbs ? result | sign : result;
    }

    /// <summary>Numbers as integers in the same order, -0 before +0.</summary>
    static long Order(FloatFormat format, ulong bits) =>
        (bits & format.SignBit) != 0 ? ~(long)(bits & format.MagnitudeMask) : (long)bits;

    /// <summary>A NaN keeps its payload.</summary>
    public static ulong Abs(FloatFormat format, ulong a, bool flush) => (flush ? format.Flush(a) : a) & format.MagnitudeMask;

    public static ulong Negate(FloatFormat format, ulong a, bool flush) => (flush ? format.Flush(a) : a) ^ format.SignBit;

    /// <summary>The magnitude of <paramref name="b"/> with the sign of <paramref name="a"/>: PTX's order of operands.</summary>
    public static ulong CopySign(FloatFormat format, ulong a, ulong b) => (a & format.SignBit) | (b & format.MagnitudeMask);

    public static bool Test(FloatFormat format, FloatProperty property, ulong a) => property switch
    {
        FloatProperty.Finite => !format.IsNaN(a) && !format.IsInfinity(a),
        FloatProperty.Infinite => format.IsInfinity(a),
        FloatProperty.Number => !format.IsNaN(a),
        FloatProperty.NotANumber => format.IsNaN(a),
        FloatProperty.Normal => !format.IsNaN(a) && !format.IsInfinity(a) && !format.IsSubnormal(a),
        FloatProperty.Subnormal => format.IsSubnormal(a),
        _ => throw new ArgumentOutOfRangeException(nameof(property)),
    };
}
