// Integer instructions against the integers themselves, for every type and pairs of edge operands
using System.Numerics;

namespace HSENet.Ptx.Tests;

public class IntegerArithmeticTests
{
    static readonly IntegerFormat[] Types =
        [.. from bits in new[] { 16, 32, 64 } from signed in new[] { false, true } select new IntegerFormat(bits, signed)];

    static IEnumerable<(IntegerFormat Type, ulong A, ulong B, BigInteger X, BigInteger Y)> Pairs(int random = 4)
    {
        foreach (IntegerFormat type in Types)
        {
            List<ulong> samples = IntegerSamples.Of(type, random);
            foreach (ulong a in samples)
                foreach (ulong b in samples)
                    yield return (type, a, b, IntegerSamples.Value(type, a), IntegerSamples.Value(type, b));
        }
    }

    static ulong Bits(IntegerFormat type, BigInteger value) => (ulong)(value & ((BigInteger.One << type.Bits) - 1));

    static BigInteger Clamp(IntegerFormat type, BigInteger value)
    {
        BigInteger half = BigInteger.One << (type.Bits - 1);
        return type.Signed ? BigInteger.Clamp(value, -half, half - 1) : BigInteger.Clamp(value, 0, 2 * half - 1);
    }

    [Fact]
    public void Sums_and_differences_wrap_or_saturate()
    {
        foreach (var (type, a, b, x, y) in Pairs())
        {
            Assert.Equal(Bits(type, x + y), IntegerArithmetic.Add(type, a, b, false));
            Assert.Equal(Bits(type, x - y), IntegerArithmetic.Subtract(type, a, b, false));
            Assert.Equal(Bits(type, Clamp(type, x + y)), IntegerArithmetic.Add(type, a, b, true));
            Assert.Equal(Bits(type, Clamp(type, x - y)), IntegerArithmetic.Subtract(type, a, b, true));
        }
    }

    [Fact]
    public void Carries_and_borrows_make_longer_sums_exact()
    {
        foreach (var (type, a, b, x, y) in Pairs())
        {
            if (type.Signed || type.Bits == 16)
                continue;
            for (uint carry = 0; carry < 2; carry++)
            {
                var (sum, carryOut) = IntegerArithmetic.AddWithCarry(type.Bits, a, b, carry);
                Assert.Equal(x + y + carry, sum + ((BigInteger)carryOut << type.Bits));
                var (difference, borrow) = IntegerArithmetic.SubtractWithBorrow(type.Bits, a, b, carry);
                Assert.Equal(x - y - carry, difference - ((BigInteger)borrow << type.Bits));
            }
        }
    }

    [Fact]
    public void Products_have_a_low_a_high_and_a_wide_form()
    {
        foreach (var (type, a, b, x, y) in Pairs())
        {
            Assert.Equal(Bits(type, x * y), IntegerArithmetic.MultiplyLow(type, a, b));
            Assert.Equal(Bits(type, (x * y) >> type.Bits), IntegerArithmetic.MultiplyHigh(type, a, b));
            if (type.Bits < 64)
                Assert.Equal(Bits(new(2 * type.Bits, false), x * y), IntegerArithmetic.MultiplyWide(type, a, b));
        }
    }

    [Fact]
    public void Products_of_24_bits_give_either_end_of_48()
    {
        foreach (var (type, a, b, _, _) in Pairs())
        {
            if (type.Bits != 32)
                continue;
            BigInteger product = IntegerSamples.Value(new(24, type.Signed), a) * IntegerSamples.Value(new(24, type.Signed), b);
            Assert.Equal(Bits(type, product), IntegerArithmetic.Multiply24(type.Signed, false, a, b));
            Assert.Equal(Bits(type, product >> 16), IntegerArithmetic.Multiply24(type.Signed, true, a, b));
        }
    }

    [Fact]
    public void Quotients_are_truncated_and_division_by_zero_gives_all_ones()
    {
        foreach (var (type, a, b, x, y) in Pairs())
        {
            ulong quotient = IntegerArithmetic.Divide(type, a, b), remainder = IntegerArithmetic.Remainder(type, a, b);
            Assert.Equal(y.IsZero ? Bits(type, -1) : Bits(type, BigInteger.Divide(x, y)), quotient);
            Assert.Equal(y.IsZero ? Bits(type, -1) : Bits(type, BigInteger.Remainder(x, y)), remainder);
        }
        IntegerFormat int32 = new(32, true);
        Assert.Equal(0x80000000ul, IntegerArithmetic.Divide(int32, 0x80000000, 0xffffffff));
        Assert.Equal(0ul, IntegerArithmetic.Remainder(int32, 0x80000000, 0xffffffff));
    }

    [Fact]
    public void The_smallest_number_is_its_own_magnitude()
    {
        foreach (IntegerFormat type in Types)
            foreach (ulong a in IntegerSamples.Of(type, 20))
            {
                BigInteger x = IntegerSamples.Value(type, a);
                Assert.Equal(Bits(type, BigInteger.Abs(x)), IntegerArithmetic.Abs(type, a));
                Assert.Equal(Bits(type, -x), IntegerArithmetic.Negate(type, a));
            }
        Assert.Equal(0x8000ul, IntegerArithmetic.Abs(new(16, true), 0x8000));
        Assert.Equal(0x8000000000000000ul, IntegerArithmetic.Negate(new(64, true), 0x8000000000000000));
    }

    [Fact]
    public void Extremes_sums_of_differences_and_comparisons_follow_the_sign()
    {
        foreach (var (type, a, b, x, y) in Pairs())
        {
            Assert.Equal(Bits(type, BigInteger.Min(x, y)), IntegerArithmetic.Min(type, a, b));
            Assert.Equal(Bits(type, BigInteger.Max(x, y)), IntegerArithmetic.Max(type, a, b));
            Assert.Equal(Bits(type, BigInteger.Max(0, BigInteger.Min(x, y))), IntegerArithmetic.Min(type, a, b, relu: true));
            Assert.Equal(Bits(type, BigInteger.Max(0, BigInteger.Max(x, y))), IntegerArithmetic.Max(type, a, b, relu: true));
            Assert.Equal(Bits(type, x + BigInteger.Abs(x - y)), IntegerArithmetic.SumOfAbsoluteDifference(type, a, b, a));
            Assert.Equal(x == y, IntegerArithmetic.Compare(type, Comparison.Equal, a, b));
            Assert.Equal(x != y, IntegerArithmetic.Compare(type, Comparison.NotEqual, a, b));
            Assert.Equal(x < y, IntegerArithmetic.Compare(type, Comparison.Less, a, b));
            Assert.Equal(x <= y, IntegerArithmetic.Compare(type, Comparison.LessOrEqual, a, b));
            Assert.Equal(x > y, IntegerArithmetic.Compare(type, Comparison.Greater, a, b));
            Assert.Equal(x >= y, IntegerArithmetic.Compare(type, Comparison.GreaterOrEqual, a, b));
        }
    }

    [Fact]
    public void Dot_products_of_bytes_and_half_words_take_each_operand_with_its_own_sign()
    {
        Random random = new(5);
        for (int i = 0; i < 500; i++)
        {
            uint a = (uint)random.NextInt64(), b = (uint)random.NextInt64(), c = (uint)random.NextInt64();
            foreach (bool signedA in new[] { false, true })
                foreach (bool signedB in new[] { false, true })
                {
                    BigInteger bytes = c, low = c, high = c;
                    for (int n = 0; n < 4; n++)
                    {
                        BigInteger byteOfB = IntegerSamples.Value(new(8, signedB), b >> (8 * n));
                        bytes += IntegerSamples.Value(new(8, signedA), a >> (8 * n)) * byteOfB;
                        BigInteger half = IntegerSamples.Value(new(16, signedA), a >> (16 * (n % 2)));
                        if (n < 2)
                            low += half * byteOfB;
                        else
                            high += half * byteOfB;
                    }
                    IntegerFormat word = new(32, false);
                    Assert.Equal(Bits(word, bytes), IntegerArithmetic.DotBytes(signedA, signedB, a, b, c));
                    Assert.Equal(Bits(word, low), IntegerArithmetic.DotHalfWords(signedA, signedB, false, a, b, c));
                    Assert.Equal(Bits(word, high), IntegerArithmetic.DotHalfWords(signedA, signedB, true, a, b, c));
                }
        }
    }
}
