// .approx instructions: the manual's corner cases, and its error bounds against double precision
namespace HSENet.Ptx.Tests;

public class FloatApproximationTests
{
    const uint Infinity = 0x7f800000, MinusInfinity = 0xff800000, MinusZero = 0x80000000, NaN = 0x7fffffff, One = 0x3f800000,
        MinusOne = 0xbf800000;

    /// <summary>Results for -infinity, -1, -0, +0, +infinity and NaN.</summary>
    [Theory]
    [InlineData("Reciprocal", MinusZero, MinusOne, MinusInfinity, Infinity, 0u, NaN)]
    [InlineData("SquareRoot", NaN, NaN, MinusZero, 0u, Infinity, NaN)]
    [InlineData("ReciprocalSquareRoot", NaN, NaN, MinusInfinity, Infinity, 0u, NaN)]
    [InlineData("Exponential2", 0u, 0x3f000000u, One, One, Infinity, NaN)]
    [InlineData("Logarithm2", NaN, NaN, MinusInfinity, MinusInfinity, Infinity, NaN)]
    [InlineData("Sine", NaN, 0xbf576aa4u, MinusZero, 0u, NaN, NaN)]
    [InlineData("Cosine", NaN, 0x3f0a5140u, One, One, NaN, NaN)]
    [InlineData("HyperbolicTangent", MinusOne, 0xbf42f7d6u, MinusZero, 0u, One, NaN)]
    public void Corner_cases_are_the_manuals(string name, params uint[] expected)
    {
        Approximation function = Enum.Parse<Approximation>(name);
        uint[] inputs = [MinusInfinity, MinusOne, MinusZero, 0, Infinity, 0xffc12345];
        for (int i = 0; i < inputs.Length; i++)
            Assert.Equal(expected[i], FloatApproximation.Apply(function, FloatFormat.Single, inputs[i], false));
    }

    [Fact]
    public void Errors_stay_inside_the_manuals_bounds()
    {
        Random random = new(9);
        for (int i = 0; i < 20000; i++)
        {
            uint bits = (uint)random.NextInt64() & 0x7fffffff;
            float x = BitConverter.UInt32BitsToSingle(bits);
            if (!float.IsFinite(x) || x == 0)
                continue;
            Relative(Approximation.Reciprocal, x, 1.0 / x, Math.Pow(2, -23));
            Relative(Approximation.SquareRoot, x, Math.Sqrt(x), Math.Pow(2, -23));
            Relative(Approximation.ReciprocalSquareRoot, x, 1 / Math.Sqrt(x), Math.Pow(2, -22.9));
            float exponent = (float)(random.NextDouble() * 250 - 125), angle = (float)(random.NextDouble() * 200 - 100) * MathF.PI;
            Relative(Approximation.Exponential2, exponent, Math.Exp(exponent * Math.Log(2)), Math.Pow(2, -22));
            Relative(Approximation.HyperbolicTangent, exponent / 16, Math.Tanh(exponent / 16), Math.Pow(2, -11));
            double logarithm = Math.Log(x) / Math.Log(2);
            if (x is > 0.5f and < 2)
                Absolute(Approximation.Logarithm2, x, logarithm, Math.Pow(2, -22));
            else
                Relative(Approximation.Logarithm2, x, logarithm, Math.Pow(2, -22));
            Absolute(Approximation.Sine, angle, Math.Cos(angle - Math.PI / 2), Math.Pow(2, -20.5));
            Absolute(Approximation.Cosine, angle, Math.Sin(angle + Math.PI / 2), Math.Pow(2, -20.5));
        }
    }

    [Fact]
    public void Powers_of_two_are_within_three_units_of_a_double_and_whole_powers_exact()
    {
        Random random = new(4);
        for (int i = 0; i < 20000; i++)
        {
            double x = (random.NextDouble() - 0.5) * 1990, exact = Math.Pow(2, x);
            Assert.True(Math.Abs(Exponential2.Of(x) - exact) <= exact * 3 * Math.Pow(2, -53));
        }
        for (int x = -1000; x <= 1000; x++)
            Assert.Equal(Math.ScaleB(1, x), Exponential2.Of(x));
        Assert.Equal(Math.ScaleB(1, 1000), Exponential2.Of(double.PositiveInfinity));
        Assert.Equal(Math.ScaleB(1, -1000), Exponential2.Of(double.NegativeInfinity));
        Assert.True(double.IsNaN(Exponential2.Of(double.NaN)));
    }

    static double Value(Approximation function, float x)
    {
        ulong bits = FloatApproximation.Apply(function, FloatFormat.Single, BitConverter.SingleToUInt32Bits(x), false);
        return BitConverter.UInt32BitsToSingle((uint)bits);
    }

    static void Relative(Approximation function, float x, double exact, double bound)
    {
        double result = Value(function, x);
        // Below the normal numbers a unit of the last place is absolute, above the largest is infinity
        double allowed = Math.Abs(exact) > float.MaxValue ? double.PositiveInfinity : Math.Max(Math.Abs(exact) * bound, Math.Pow(2, -149));
        if (double.IsInfinity(result) && Math.Abs(exact) < float.MaxValue || Math.Abs(result - exact) > allowed)
            Assert.Fail($"{function}({x}): {result}, exactly {exact}");
    }

    static void Absolute(Approximation function, float x, double exact, double bound)
    {
        if (Math.Abs(Value(function, x) - exact) > bound)
            Assert.Fail($"{function}({x}): {Value(function, x)}, exactly {exact}");
    }

    [Theory]
    [InlineData("f16", -9.9)]
    [InlineData("bf16", -7)]
    public void Every_16_bit_exponent_stays_inside_its_relative_bound(string name, double bound)
    {
        ReferenceFormat f = FloatSamples.Named(name);
        for (ulong a = 0; a < 65536; a++)
        {
            ulong result = FloatApproximation.Apply(Approximation.Exponential2, f.Format, a, false);
            if (f.IsNaN(a))
            {
                Assert.Equal(f.NaN, result);
                continue;
            }
            double exact = Math.Pow(2, f.Format.ToDouble(a)), value = f.Format.ToDouble(result);
            double smallest = f.Format.ToDouble(f.Format.SmallestNormal), largest = f.Format.ToDouble(f.LargestFinite);
            if (exact >= smallest && exact <= largest && double.IsFinite(exact))
                Assert.True(Math.Abs(value - exact) <= exact * Math.Pow(2, bound));
            Assert.True(Math.Abs(Math.Tanh(f.Format.ToDouble(a))
                - f.Format.ToDouble(FloatApproximation.Apply(Approximation.HyperbolicTangent, f.Format, a, false)))
                <= Math.Pow(2, name == "f16" ? -10.987 : -8));
        }
    }

    [Fact]
    public void Flushing_reads_subnormals_as_zero_and_writes_them_as_zero()
    {
        Assert.Equal(0xff800000ul, FloatApproximation.Apply(Approximation.Reciprocal, FloatFormat.Single, 0x807fffff, true));
        Assert.Equal(0ul, FloatApproximation.Apply(Approximation.Exponential2, FloatFormat.Single, 0xc2fe0000, true)); // 2^-127
        Assert.Equal(0x00400000ul, FloatApproximation.Apply(Approximation.Exponential2, FloatFormat.Single, 0xc2fe0000, false));
        Assert.Equal(0xff800000ul, FloatApproximation.Apply(Approximation.Logarithm2, FloatFormat.Single, 0x80000001, true));
    }

    [Fact]
    public void Gross_f64_forms_read_and_write_the_upper_half()
    {
        Assert.Equal(0x3fd5555500000000ul,
            FloatApproximation.Apply(Approximation.Reciprocal, FloatFormat.Double, 0x4008000000000000, true));
        Assert.Equal(0x3fd5555500000000ul,
            FloatApproximation.Apply(Approximation.Reciprocal, FloatFormat.Double, 0x40080000ffffffff, true));
        Assert.Equal(0xfff0000000000000ul,
            FloatApproximation.Apply(Approximation.Reciprocal, FloatFormat.Double, 0x8000000100000000, true));
        Assert.Equal(0x7fffffff00000000ul,
            FloatApproximation.Apply(Approximation.Reciprocal, FloatFormat.Double, 0xfff8000000000000, true));
        Assert.Equal(0x3fe0000000000000ul,
            FloatApproximation.Apply(Approximation.ReciprocalSquareRoot, FloatFormat.Double, 0x4010000000000000, true));
        Assert.Equal(0x3fe0000000000000ul,
            FloatApproximation.Apply(Approximation.ReciprocalSquareRoot, FloatFormat.Double, 0x4010000000000000, false));
    }

    [Theory]
    [InlineData(0x40400000u, 0x40000000u, 0x3fc00000u, 0x3fc00000u)] // 3 / 2
    [InlineData(One, 0x7f000000u, 0u, 0x00400000u)] // 1 / 2^127: a divisor above 2^126
    [InlineData(MinusOne, 0x7f000000u, MinusZero, 0x80400000u)]
    [InlineData(Infinity, 0x7f000000u, NaN, Infinity)]
    [InlineData(One, 0x7e800000u, 0x00800000u, 0x00800000u)]
    [InlineData(One, Infinity, 0u, 0u)]
    [InlineData(0xffc00000u, 0x7f000000u, NaN, NaN)]
    [InlineData(0u, MinusZero, NaN, NaN)]
    public void Approximate_quotients_lose_divisors_above_two_to_the_126(uint a, uint b, uint approximate, uint full)
    {
        Assert.Equal(approximate, FloatApproximation.Divide(a, b, false));
        Assert.Equal(full, FloatApproximation.DivideFullRange(a, b, false));
    }
}
