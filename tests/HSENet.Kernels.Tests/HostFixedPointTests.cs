// One row of x in fixed point times rows of int8: within its bound of the product in double, whatever x and W hold.
namespace HSENet.Kernels.Tests;

public sealed unsafe class HostFixedPointTests
{
    const int Outputs = 13, Group = Weights.ScaleGroup;

    public static TheoryData<string, int> Rows => new()
    {
        { "uniform", 128 }, { "uniform", 384 }, { "uniform", 4224 }, { "uniform", 16384 }, { "uniform", 16512 },
        { "one large value in each group", 640 }, { "groups far apart", 1280 }, { "zeros", 256 }, { "ends of the digits", 256 },
        { "largest of all digits", 128 }, { "beyond fixed point", 256 },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_row_errs_by_its_bound_at_most(string kind, int length)
    {
        float[] x = Row(kind, length);
        double[] expected = Multiply(x, out double[] bounds);
        float[] sums = Launch(x);
        for (int n = 0; n < Outputs; n++)
            Assert.True(Math.Abs(sums[n] - expected[n]) <= bounds[n], $"{kind}, row {n}: {sums[n]}, expected {expected[n]} ± {bounds[n]}");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_no_finite_number_stays_so(float value)
    {
        float[] x = Row("uniform", 384);
        x[200] = value;
        Assert.All(Launch(x), sum => Assert.False(float.IsFinite(sum)));
    }

    [Fact]
    public void Rows_of_both_kinds_of_arithmetic_agree()
    {
        float[] x = Row("uniform", 1280);
        Multiply(x, out double[] bounds);
        float[] fixedPoint = Launch(x), floats = Launch([.. x, .. x], rows: 2); // two rows are multiplied in f32
        for (int n = 0; n < Outputs; n++)
            Assert.InRange(fixedPoint[n] - floats[n], -2 * bounds[n], 2 * bounds[n]);
    }

    [ByteProductsFact]
    public void What_fixed_point_does_not_hold_is_left_to_f32()
    {
        Assert.True(Prepares(Row("groups far apart", 1280)));
        Assert.False(Prepares(Row("beyond fixed point", 256)));
        Assert.False(Prepares([.. Row("uniform", 127), float.NaN]));

        static bool Prepares(float[] x)
        {
            fixed (float* from = x, to = new float[x.Length])
                return HostFixedPoint.TryPrepare(from, to, x.Length);
        }
    }

    sealed class ByteProductsFactAttribute : FactAttribute
    {
        public ByteProductsFactAttribute() => Skip = HostFixedPoint.IsSupported ? null : "this processor does not multiply bytes";
    }

    static float[] Row(string kind, int length)
    {
        float[] x = Numbers.Uniform(length, 7);
        for (int k = 0; k < length; k++)
            x[k] = kind switch
            {
                "one large value in each group" => k % Group == 5 ? 1000 : x[k] / 1000,
                "groups far apart" => x[k] * MathF.Pow(2, k / Group * 16 - 70),
                "zeros" => 0,
                // Whole numbers at which a digit overflows into the next, and both ends of the range.
                "ends of the digits" => (k % 8) switch
                {
                    0 => 8355711,
                    1 => -8355711,
                    2 => 127,
                    3 => 128,
                    4 => -128,
                    5 => -129,
                    6 => 32639,
                    _ => 32640,
                },
                "largest of all digits" => k % 2 == 0 ? MathF.BitDecrement(2) : -MathF.BitDecrement(2),
                "beyond fixed point" => x[k] * 1e-30f,
                _ => x[k],
            };
        return x;
    }

    // Every byte, −128 among them; row 5 is the lowest and row 6 the highest throughout.
    static sbyte Weight(int n, int k) => n switch { 5 => -128, 6 => 127, _ => (sbyte)(37 * k + 101 * n + k / 7) };

    static float Scale(int n, int group) => group % 3 == 2 ? 0 : 0.01f * (1 + n + group);

    static double[] Multiply(float[] x, out double[] bounds)
    {
        var sums = new double[Outputs];
        bounds = new double[Outputs];
        for (int n = 0; n < Outputs; n++)
            for (int k = 0; k < x.Length; k++)
            {
                double w = Math.Abs(Weight(n, k) * (double)Scale(n, k / Group)), group = k / Group * Group;
                double largest = x.AsSpan((int)group, Group).ToArray().Max(MathF.Abs);
                sums[n] += Weight(n, k) * (double)Scale(n, k / Group) * x[k];
                // Rounded to whole numbers; f32 in the sum over groups, or over all products where it is f32 throughout.
                bounds[n] += w * (largest * Math.Pow(2, -22) + Math.Abs(x[k]) * (x.Length + 6) * Numbers.U);
            }
        return sums;
    }

    static float[] Launch(float[] x, int rows = 1)
    {
        int length = x.Length / rows;
        using var device = new HostDevice(2);
        sbyte[] w = new sbyte[Outputs * length];
        float[] scales = new float[w.Length / Group], y = new float[rows * Outputs];
        for (int i = 0; i < w.Length; i++)
            w[i] = Weight(i / length, i % length);
        for (int i = 0; i < scales.Length; i++)
            scales[i] = Scale(i / (length / Group), i % (length / Group));
        fixed (float* px = x, ps = scales, py = y)
        fixed (sbyte* pw = w)
            Linear.Forward(device, new LinearArguments
            {
                X = new Activations(new View<float>((nint)px, x.Length)),
                W = new Weights(new View<byte>((nint)pw, w.Length), WeightType.Int8, new View<float>((nint)ps, scales.Length)),
                Y = new Activations(new View<float>((nint)py, y.Length)),
                Rows = rows,
                Inputs = length,
                Outputs = Outputs,
            });
        return y[..Outputs];
    }
}
