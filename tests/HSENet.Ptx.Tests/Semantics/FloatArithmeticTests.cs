// Floating-point arithmetic of PTX against exact fractions: every rounding, every format, edge operands in all pairs
using System.Numerics;

namespace HSENet.Ptx.Tests;

public class FloatArithmeticTests
{
    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Sums_products_and_quotients_are_rounded_once(string name)
    {
        ReferenceFormat format = FloatSamples.Named(name);
        List<ulong> samples = FloatSamples.Of(format, 20);
        foreach (Rounding rounding in FloatSamples.Roundings)
            foreach (ulong a in samples)
                foreach (ulong b in samples)
                {
                    FloatMode mode = new(rounding);
                    Check(format, Sum(format, a, b, rounding), FloatArithmetic.Add(format.Format, a, b, mode), $"{a:x} + {b:x} {rounding}",
                        a, b);
                    ulong minus = format.IsNaN(b) ? b : b ^ format.SignBit;
                    Check(format, Sum(format, a, minus, rounding), FloatArithmetic.Subtract(format.Format, a, b, mode),
                        $"{a:x} - {b:x} {rounding}", a, b);
                    Check(format, Product(format, a, b, rounding), FloatArithmetic.Multiply(format.Format, a, b, mode),
                        $"{a:x} * {b:x} {rounding}", a, b);
                    Check(format, Quotient(format, a, b, rounding), FloatArithmetic.Divide(format.Format, a, b, mode),
                        $"{a:x} / {b:x} {rounding}", a, b);
                }
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Fused_products_are_rounded_once(string name)
    {
        ReferenceFormat format = FloatSamples.Named(name);
        List<ulong> samples = FloatSamples.Of(format, 3);
        foreach (Rounding rounding in FloatSamples.Roundings)
            foreach (ulong a in samples)
                foreach (ulong b in samples)
                    foreach (ulong c in samples)
                        Check(format, Fused(format, a, b, c, rounding),
                            FloatArithmetic.FusedMultiplyAdd(format.Format, a, b, c, new(rounding)),
                            $"{a:x} * {b:x} + {c:x} {rounding}", a, b, c);
    }

    /// <summary>The addend is below the product's last place, on either side of a tie: what a sum rounded twice gets wrong.</summary>
    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Fused_products_see_an_addend_far_below_a_tie(string name)
    {
        ReferenceFormat format = FloatSamples.Named(name);
        ulong half = 1UL << (format.MantissaBits / 2);
        foreach (ulong a in new[] { format.Format.One + half, format.Format.One + (half << 1), format.Format.One + half + 1 })
            foreach (ulong b in new[] { format.Format.One + half, format.Format.One + (half >> 1), format.Format.One + 1 })
                foreach (ulong c in new ulong[] { 1, 1 | format.SignBit, format.Format.SmallestNormal,
                    format.Format.SmallestNormal | format.SignBit })
                    foreach (Rounding rounding in FloatSamples.Roundings)
                        Check(format, Fused(format, a, b, c, rounding),
                            FloatArithmetic.FusedMultiplyAdd(format.Format, a, b, c, new(rounding)), $"{a:x} {b:x} {c:x}");
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Roots_and_reciprocals_are_rounded_once(string name)
    {
        ReferenceFormat format = FloatSamples.Named(name);
        foreach (Rounding rounding in FloatSamples.Roundings)
            foreach (ulong a in FloatSamples.Of(format, 500))
            {
                Check(format, Root(format, a, rounding), FloatArithmetic.SquareRoot(format.Format, a, new(rounding)),
                    $"sqrt {a:x} {rounding}", a);
                Check(format, Quotient(format, format.Format.One, a, rounding), FloatArithmetic.Reciprocal(format.Format, a, new(rounding)),
                    $"1 / {a:x} {rounding}", a);
            }
    }

    [Fact]
    public void Flushing_replaces_subnormal_operands_and_results_by_zeros_of_their_sign()
    {
        FloatMode flush = new(Flush: true);
        Assert.Equal(0x80000000ul, FloatArithmetic.Multiply(FloatFormat.Single, 0x80800000, 0x3f000000, flush));
        Assert.Equal(0x80400000ul, FloatArithmetic.Multiply(FloatFormat.Single, 0x80800000, 0x3f000000, default));
        Assert.Equal(0x3f800000ul, FloatArithmetic.Add(FloatFormat.Single, 0x3f800000, 0x007fffff, flush));
        Assert.Equal(0xff800000ul, FloatArithmetic.Divide(FloatFormat.Single, 0x3f800000, 0x80000001, flush));
        Assert.Equal(0ul, FloatArithmetic.FusedMultiplyAdd(FloatFormat.Single, 0x3f800000, 0, 0x00000001, flush));
        Assert.Equal(0x8000ul, FloatArithmetic.Multiply(FloatFormat.Half, 0x8400, 0x3800, flush));
        Assert.Equal(0x80000000ul, FloatArithmetic.SquareRoot(FloatFormat.Single, 0x80000001, flush));
    }

    [Theory]
    [InlineData(0x3f800000u, 0x3f800000u, 0x3f800000u)] // 1 + 1
    [InlineData(0xbf800000u, 0x3f000000u, 0u)] // -1 + 0.5
    [InlineData(0x3e800000u, 0x3e800000u, 0x3f000000u)]
    [InlineData(0x7f800000u, 0xff800000u, 0u)] // a NaN
    [InlineData(0x7f800000u, 0x3f800000u, 0x3f800000u)]
    [InlineData(0x80000000u, 0x80000000u, 0u)]
    public void Saturation_clamps_to_zero_and_one_and_turns_a_nan_into_zero(uint a, uint b, uint expected) =>
        Assert.Equal(expected, FloatArithmetic.Add(FloatFormat.Single, a, b, new(Saturate: true)));

    [Fact]
    public void Relu_makes_negative_results_zero_and_keeps_nan()
    {
        FloatMode relu = new(Relu: true);
        Assert.Equal(0ul, FloatArithmetic.FusedMultiplyAdd(FloatFormat.Half, 0x3c00, 0xbc00, 0, relu));
        Assert.Equal(0x4000ul, FloatArithmetic.FusedMultiplyAdd(FloatFormat.Half, 0x3c00, 0x3c00, 0x3c00, relu));
        Assert.Equal(0x7ffful, FloatArithmetic.FusedMultiplyAdd(FloatFormat.BFloat16, 0xff80, 0, 0, relu));
    }

    [Fact]
    public void A_double_nan_keeps_its_payload()
    {
        Assert.Equal(0x7ff8000000001234ul, FloatArithmetic.Add(FloatFormat.Double, 0x7ff0000000001234, 0x7ff8000000005678, default));
        Assert.Equal(0xfff8000000005678ul, FloatArithmetic.Multiply(FloatFormat.Double, 0, 0xfff8000000005678, default));
        Assert.Equal(0xfff8000000000000ul, FloatArithmetic.Subtract(FloatFormat.Double, 0x7ff0000000000000, 0x7ff0000000000000, default));
    }

    static void Check(ReferenceFormat format, ulong expected, ulong actual, string what, params ulong[] operands)
    {
        if (format == ReferenceFormat.Double && format.IsNaN(expected))
        {
            ulong operand = operands.FirstOrDefault(format.IsNaN);
            expected = operand != 0 ? operand | 0x0008000000000000 : 0xfff8000000000000;
        }
        if (expected != actual)
            Assert.Fail($"{format}: {what}: expected {expected:x}, got {actual:x}");
    }

    static ulong Sum(ReferenceFormat f, ulong a, ulong b, Rounding rounding)
    {
        if (f.IsNaN(a) || f.IsNaN(b))
            return f.NaN;
        if (!f.IsFinite(a))
            return !f.IsFinite(b) && a != b ? f.NaN : a;
        if (!f.IsFinite(b))
            return b;
        bool sameSign = f.IsNegative(a) == f.IsNegative(b);
        return f.Round(f.Value(a) + f.Value(b), rounding, sameSign ? f.IsNegative(a) : rounding == Rounding.Down);
    }

    static ulong Product(ReferenceFormat f, ulong a, ulong b, Rounding rounding)
    {
        if (f.IsNaN(a) || f.IsNaN(b))
            return f.NaN;
        bool negative = f.IsNegative(a) != f.IsNegative(b);
        if (!f.IsFinite(a) || !f.IsFinite(b))
            return IsZero(f, a) || IsZero(f, b) ? f.NaN : f.Infinity | (negative ? f.SignBit : 0);
        return f.Round(f.Value(a) * f.Value(b), rounding, negative);
    }

    static ulong Quotient(ReferenceFormat f, ulong a, ulong b, Rounding rounding)
    {
        bool invalid = (IsZero(f, a) && IsZero(f, b)) || (!f.IsFinite(a) && !f.IsFinite(b));
        if (f.IsNaN(a) || f.IsNaN(b) || invalid)
            return f.NaN;
        bool negative = f.IsNegative(a) != f.IsNegative(b);
        ulong sign = negative ? f.SignBit : 0;
        if (!f.IsFinite(a) || IsZero(f, b))
            return sign | f.Infinity;
        return f.IsFinite(b) ? f.Round(f.Value(a) / f.Value(b), rounding, negative) : sign;
    }

    static ulong Fused(ReferenceFormat f, ulong a, ulong b, ulong c, Rounding rounding)
    {
        ulong product = Product(f, a, b, rounding); // only for what is not finite
        if (f.IsNaN(product) || f.IsNaN(c))
            return f.NaN;
        if (!f.IsFinite(a) || !f.IsFinite(b) || !f.IsFinite(c))
            return !f.IsFinite(a) || !f.IsFinite(b) ? Sum(f, product, c, rounding) : c;
        bool negative = f.IsNegative(a) != f.IsNegative(b);
        return f.Round(f.Value(a) * f.Value(b) + f.Value(c), rounding, negative == f.IsNegative(c) ? negative : rounding == Rounding.Down);
    }

    static ulong Root(ReferenceFormat f, ulong a, Rounding rounding)
    {
        if (f.IsNaN(a) || (f.IsNegative(a) && !IsZero(f, a)))
            return f.NaN;
        if (IsZero(f, a) || !f.IsFinite(a))
            return a;
        // 200 bits of the root and a last one that says whether anything follows: enough to see every tie and neighbour
        Fraction value = f.Value(a);
        int shift = 2 * (200 + (int)value.Denominator.GetBitLength());
        BigInteger square = (value.Numerator << shift) / value.Denominator;
        BigInteger root = IntegerRoot(square);
        BigInteger numerator = 2 * root + (root * root == square && (value.Numerator << shift) % value.Denominator == 0 ? 0 : 1);
        return f.Round(new Fraction(numerator, BigInteger.One << (shift / 2 + 1)), rounding);
    }

    static BigInteger IntegerRoot(BigInteger square)
    {
        BigInteger root = BigInteger.One << (int)((square.GetBitLength() + 1) / 2);
        while (true)
        {
            BigInteger next = (root + square / root) >> 1;
            if (next >= root)
                return root;
            root = next;
        }
    }

    static bool IsZero(ReferenceFormat f, ulong a) => (a & ~f.SignBit) == 0;
}
