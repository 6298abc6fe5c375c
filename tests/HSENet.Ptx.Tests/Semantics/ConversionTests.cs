// cvt against exact fractions: all 65,536 values of the 16-bit formats, all 8-bit ones, edge values of the wide ones, all integer types
using System.Numerics;

namespace HSENet.Ptx.Tests;

public class ConversionTests
{
    static readonly IntegerFormat[] Integers =
        [.. from bits in new[] { 8, 16, 32, 64 } from signed in new[] { false, true } select new IntegerFormat(bits, signed)];

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Every_16_bit_float_converts_to_every_integer_in_every_rounding(string name)
    {
        ReferenceFormat source = FloatSamples.Named(name);
        for (ulong a = 0; a < 65536; a++)
            foreach (Rounding rounding in FloatSamples.Roundings)
                CheckToIntegers(source, a, rounding);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Wide_floats_convert_to_every_integer_in_every_rounding(string name)
    {
        ReferenceFormat source = FloatSamples.Named(name);
        List<ulong> samples = FloatSamples.Of(source, 200);
        // The neighbours of every integer type's limits, and halves
        foreach (int power in new[] { 0, 1, 7, 8, 15, 16, 22, 23, 31, 32, 51, 52, 63, 64 })
            for (ulong step = 0; step < 5; step++)
            {
                ulong bits = source.Format.One + ((ulong)power << source.MantissaBits) + step - 2;
                samples.AddRange([bits, bits | source.SignBit, bits + (1UL << (source.MantissaBits - 1))]);
            }
        foreach (ulong a in samples)
            foreach (Rounding rounding in FloatSamples.Roundings)
                CheckToIntegers(source, a, rounding);
    }

    static void CheckToIntegers(ReferenceFormat source, ulong a, Rounding rounding)
    {
        BigInteger value = 0;
        if (source.IsFinite(a))
            value = source.Value(a).Round(rounding);
        else if (!source.IsNaN(a))
            value = source.IsNegative(a) ? -(BigInteger.One << 100) : BigInteger.One << 100;
        foreach (IntegerFormat target in Integers)
        {
            BigInteger clamped = BigInteger.Clamp(value, Minimum(target), Maximum(target));
            ulong expected = (ulong)(clamped & target.Mask);
            ulong actual = Conversion.FloatToInteger(target, source.Format, a, rounding, false);
            if (expected != actual)
                Assert.Fail($"{source} {a:x} to {target} {rounding}: expected {expected:x}, got {actual:x}");
        }
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Every_16_bit_float_converts_to_every_float(string name)
    {
        ReferenceFormat source = FloatSamples.Named(name);
        string[] targets = ["f16", "bf16", "f32", "f64", "tf32", "e4m3", "e5m2"];
        for (ulong a = 0; a < 65536; a++)
            foreach (string target in targets)
                foreach (Rounding rounding in FloatSamples.Roundings)
                    CheckFloat(FloatSamples.Named(target), source, a, rounding);
    }

    [Theory]
    [InlineData("e4m3")]
    [InlineData("e5m2")]
    public void Every_8_bit_float_converts_to_f16_exactly(string name)
    {
        for (ulong a = 0; a < 256; a++)
            CheckFloat(ReferenceFormat.Half, FloatSamples.Named(name), a, Rounding.Nearest);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Wide_floats_convert_to_every_float_with_ties_on_both_sides(string name)
    {
        ReferenceFormat source = FloatSamples.Named(name);
        foreach (string target in new[] { "f16", "bf16", "f32", "f64", "tf32", "e4m3", "e5m2" })
        {
            ReferenceFormat to = FloatSamples.Named(target);
            List<ulong> samples = FloatSamples.Of(source, 200);
            // Numbers half way between neighbours of the narrow format, and just beside
            int dropped = source.MantissaBits - to.MantissaBits;
            if (dropped > 1)
                foreach (ulong start in FloatSamples.Of(source, 100, seed: 2))
                    for (int beside = -1; beside <= 1; beside++)
                        samples.Add(((start >> dropped << dropped) | 1UL << (dropped - 1)) + (ulong)beside);
            // Around the narrow format's subnormals and its largest number
            foreach (ulong edge in new ulong[] { 0, 1, 2, 3, to.LargestFinite - 1, to.LargestFinite })
            {
                Fraction middle = (to.Value(edge) + to.Value(Math.Max(edge, 1) - 1)) * new Fraction(1, 2);
                ulong bits = source.Round(middle, Rounding.Nearest);
                samples.AddRange([bits, bits + 1, bits - 1, bits | source.SignBit]);
            }
            foreach (ulong a in samples)
                foreach (Rounding rounding in FloatSamples.Roundings.Append(Rounding.NearestAway))
                    CheckFloat(to, source, a, rounding);
        }
    }

    static void CheckFloat(ReferenceFormat target, ReferenceFormat source, ulong a, Rounding rounding)
    {
        foreach (bool finite in new[] { false, true })
        {
            if (source == target && source == ReferenceFormat.Double && source.IsNaN(a))
                return;
            ulong sign = source.IsNegative(a) ? target.SignBit : 0;
            ulong expected = source.IsNaN(a) ? target.NaN
                : source.IsFinite(a) ? target.Round(source.Value(a), rounding, source.IsNegative(a), finite)
                : sign | (finite || !target.HasInfinity ? target.LargestFinite : target.Infinity);
            ulong actual = Conversion.FloatToFloat(target.Format, source.Format, a, new(rounding, Finite: finite));
            bool bothNaN = target == ReferenceFormat.Double && source.IsNaN(a) && target.IsNaN(actual);
            if (expected != actual && !bothNaN)
                Assert.Fail($"{source} {a:x} to {target} {rounding} finite {finite}: expected {expected:x}, got {actual:x}");
        }
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Every_integer_type_converts_to_floats_rounded_once(string name)
    {
        ReferenceFormat target = FloatSamples.Named(name);
        foreach (IntegerFormat source in Integers)
            foreach (ulong a in IntegerSamples.Of(source, 200))
                foreach (Rounding rounding in FloatSamples.Roundings)
                {
                    ulong expected = target.Round(Fraction.Of(Value(source, a)), rounding);
                    ulong actual = Conversion.IntegerToFloat(target.Format, source, a, new(rounding));
                    if (expected != actual)
                        Assert.Fail($"{source} {a:x} to {target} {rounding}: expected {expected:x}, got {actual:x}");
                }
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Every_16_bit_integer_converts_to_16_bit_floats(string name)
    {
        ReferenceFormat target = FloatSamples.Named(name);
        foreach (bool signed in new[] { false, true })
            for (ulong a = 0; a < 65536; a++)
                Assert.Equal(target.Round(Fraction.Of(Value(new(16, signed), a)), Rounding.Nearest),
                    Conversion.IntegerToFloat(target.Format, new(16, signed), a, default));
    }

    [Fact]
    public void Integers_convert_by_their_low_bits_or_saturate()
    {
        foreach (IntegerFormat source in Integers)
            foreach (IntegerFormat target in Integers)
                foreach (ulong a in IntegerSamples.Of(source, 50))
                {
                    BigInteger value = Value(source, a);
                    Assert.Equal((ulong)(value & target.Mask), Conversion.IntegerToInteger(target, source, a, false));
                    Assert.Equal((ulong)(BigInteger.Clamp(value, Minimum(target), Maximum(target)) & target.Mask),
                        Conversion.IntegerToInteger(target, source, a, true));
                }
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    [InlineData("f32")]
    [InlineData("f64")]
    public void Rounding_to_an_integral_float_keeps_the_sign_of_zero(string name)
    {
        ReferenceFormat format = FloatSamples.Named(name);
        IEnumerable<ulong> samples = format.ExponentBits + format.MantissaBits == 15 ? Enumerable.Range(0, 65536).Select(a => (ulong)a)
            : FloatSamples.Of(format, 1000);
        foreach (ulong a in samples)
            foreach (Rounding rounding in FloatSamples.Roundings)
            {
                ulong expected = format.IsFinite(a)
                    ? format.Round(Fraction.Of(format.Value(a).Round(rounding)), Rounding.Nearest, format.IsNegative(a))
                    : !format.IsNaN(a) ? a
                    : format == ReferenceFormat.Double ? a | 0x0008000000000000
                    : format.NaN;
                Assert.Equal(expected, Conversion.FloatToIntegral(format.Format, a, new(rounding)));
            }
    }

    [Fact]
    public void Flushing_touches_the_f32_side_alone()
    {
        FloatMode flush = new(Flush: true);
        Assert.Equal(0x80000000ul, Conversion.FloatToFloat(FloatFormat.Single, FloatFormat.Double, 0xb7f0000000000000, flush)); // -2^-128
        Assert.Equal(0x80200000ul, Conversion.FloatToFloat(FloatFormat.Single, FloatFormat.Double, 0xb7f0000000000000, default));
        Assert.Equal(0ul, Conversion.FloatToFloat(FloatFormat.Double, FloatFormat.Single, 1, flush));
        Assert.Equal(1ul, Conversion.FloatToFloat(FloatFormat.Half, FloatFormat.Single, 0x33800000, flush)); // 2^-24, subnormal in f16
        Assert.Equal(0x33800000ul, Conversion.FloatToFloat(FloatFormat.Single, FloatFormat.Half, 1, flush));
        Assert.Equal(0ul, Conversion.FloatToInteger(new(32, true), FloatFormat.Single, 1, Rounding.Up, true));
        Assert.Equal(1ul, Conversion.FloatToInteger(new(32, true), FloatFormat.Single, 1, Rounding.Up, false));
    }

    [Fact]
    public void A_nan_becomes_zero_as_an_integer_canonical_as_a_float_and_keeps_its_payload_in_f64()
    {
        Assert.Equal(0ul, Conversion.FloatToInteger(new(64, true), FloatFormat.Single, 0xffc00000, Rounding.Zero, false));
        Assert.Equal(0x7ffffffful, Conversion.FloatToFloat(FloatFormat.Single, FloatFormat.Half, 0xfe01, default));
        Assert.Equal(0xfff8024680000000ul | 0x7ff8000000000000,
            Conversion.FloatToFloat(FloatFormat.Double, FloatFormat.Single, 0xff801234, default));
        Assert.Equal(0ul, Conversion.FloatToFloat(FloatFormat.Single, FloatFormat.Half, 0xfe01, new(Saturate: true)));
    }

    [Fact]
    public void Packing_puts_the_first_operand_into_the_upper_half()
    {
        Assert.Equal(0x3c00c000ul, PackedConversion.Pair(FloatFormat.Half, 0x3f800000, 0xc0000000, default));
        Assert.Equal(0x3f80c000ul, PackedConversion.Pair(FloatFormat.BFloat16, 0x3f800000, 0xc0000000, default));
        Assert.Equal(0x3f800000ul, PackedConversion.Pair(FloatFormat.BFloat16, 0x3f800000, 0xc0000000, new(Relu: true)));
        Assert.Equal(0x7bfffbfful, PackedConversion.Pair(FloatFormat.Half, 0x7f800000, 0xff7fffff, new(Finite: true)));
        Assert.Equal(0x387ful, PackedConversion.Pair(FloatFormat.E4M3, 0x3f800000, 0x7fc00000, new(Finite: true)));
        Assert.Equal(0x7efeul, PackedConversion.Pair(FloatFormat.E4M3, 0x7f800000, 0xff800000, new(Finite: true)));
        Assert.Equal(0x7bfbul, PackedConversion.Pair(FloatFormat.E5M2, 0x7f800000, 0xff800000, new(Finite: true)));
        Assert.Equal(0x3cbcul, PackedConversion.PairToPair(FloatFormat.E5M2, FloatFormat.Half, 0x3c00bc00, new(Finite: true)));
        Assert.Equal(0x3c00bc00ul, PackedConversion.PairToPair(FloatFormat.Half, FloatFormat.E5M2, 0x3cbc, default));
        Assert.Equal(0x3c007ffful, PackedConversion.PairToPair(FloatFormat.Half, FloatFormat.E4M3, 0x38ff, default));
    }

    [Fact]
    public void Tf32_keeps_ten_bits_of_the_mantissa()
    {
        Assert.Equal(0x3f802000ul, PackedConversion.ToTensorFloat32(0x3f801000, new(Rounding.NearestAway)));
        Assert.Equal(0x3f800000ul, PackedConversion.ToTensorFloat32(0x3f801000, new(Rounding.Nearest)));
        Assert.Equal(0x3f800000ul, PackedConversion.ToTensorFloat32(0x3f801fff, new(Rounding.Zero)));
        Assert.Equal(0x7f800000ul, PackedConversion.ToTensorFloat32(0x7f7fffff, new(Rounding.NearestAway)));
        Assert.Equal(0x7f7fe000ul, PackedConversion.ToTensorFloat32(0x7f7fffff, new(Rounding.NearestAway, Finite: true)));
        Assert.Equal(0x7ffffffful, PackedConversion.ToTensorFloat32(0x7f800001, default));
    }

    static BigInteger Minimum(IntegerFormat type) => type.Signed ? -BigInteger.Pow(2, type.Bits - 1) : 0;

    static BigInteger Maximum(IntegerFormat type) => BigInteger.Pow(2, type.Signed ? type.Bits - 1 : type.Bits) - 1;

    static BigInteger Value(IntegerFormat type, ulong bits) => IntegerSamples.Value(type, bits);
}
