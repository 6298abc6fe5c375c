// The elementary functions of kernels and of host vectors keep the errors that they state, over the whole range of f32.
namespace HSENet.Kernels.Tests;

public sealed class ElementaryFunctionTests
{
    // Every 40,009th bit pattern: some 100,000 numbers of all magnitudes, both signs; and the places where the functions change.
    static readonly float[] Inputs =
    [
        .. Enumerable.Range(0, (int)(0x1_0000_0000 / 40_009)).Select(i => BitConverter.UInt32BitsToSingle((uint)(i * 40_009L)))
            .Where(float.IsFinite),
        .. new[] { 0f, 1f, 4f, 0.5f, 10f, ElementaryCoefficients.ExpHighest, -ElementaryCoefficients.ExpLowest, 100f, 1e-40f }
            .SelectMany(x => new[] { x, MathF.BitIncrement(x), MathF.BitDecrement(x) }).SelectMany(x => new[] { x, -x }),
    ];

    public static TheoryData<string> Kinds => ["kernel", "128", "256", "512"];

    [Theory, MemberData(nameof(Kinds))]
    public void The_exponential_errs_by_less_than_2e_7_of_itself(string kind) =>
        Check(kind, Math.Exp, DeviceMath.Exp, HostMath.Exp, HostMath.Exp, HostMath.Exp, (x, y) =>
            x < ElementaryCoefficients.ExpLowest ? 1.2e-38 : x > ElementaryCoefficients.ExpHighest ? double.PositiveInfinity : 2e-7 * y);

    [Fact]
    public void The_logarithm_errs_by_less_than_2_5e_7_of_itself()
    {
        foreach (float x in Inputs.Where(x => x >= 1.17549435e-38f)
            .Concat(Inputs.Where(float.IsNormal).Select(x => 1 + x / (1 + Math.Abs(x))).Where(x => x > 0.01f)))
            Assert.True(Math.Abs(DeviceMath.Log(x) - Math.Log(x)) <= 2.5e-7 * Math.Abs(Math.Log(x)),
                $"{x:R}: got {DeviceMath.Log(x):R}, expected {Math.Log(x):R}");
        Assert.Equal([float.PositiveInfinity, float.NaN], new[] { float.PositiveInfinity, float.NaN }.Select(DeviceMath.Log));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void The_error_function_errs_by_less_than_1_2e_7(string kind) =>
        Check(kind, x => 1 - ReferenceMath.Erfc(x), DeviceMath.Erf, HostMath.Erf, HostMath.Erf, HostMath.Erf, (_, _) => 1.2e-7);

    // erf is wrong by 1.2e-7 and its argument by a rounding, which its slope of at most 1.13 (and less than 0.5 / |x|) passes on; three
    // roundings follow.
    [Theory, MemberData(nameof(Kinds))]
    public void Gelu_errs_by_little_more_than_its_error_function(string kind) =>
        Check(kind, ReferenceMath.Gelu, DeviceMath.Gelu, HostMath.Gelu, HostMath.Gelu, HostMath.Gelu, (x, y) =>
            Math.Abs(x) / 2 * (1.2e-7 + Numbers.U * Math.Min(0.5, 1.13 * Math.Abs(x)) * 2) + 4 * Numbers.U * Math.Abs(y) + 1.5e-45);

    // e^x errs by 2e-7 of itself, the sum and the quotient by a rounding each (of a denormal: 1.4e-45); above e^88 the exponential is cut.
    [Theory, MemberData(nameof(Kinds))]
    public void The_logistic_functions_err_by_little_more_than_their_exponential(string kind)
    {
        Check(kind, ReferenceMath.Sigmoid, DeviceMath.Sigmoid, HostMath.Sigmoid, HostMath.Sigmoid, HostMath.Sigmoid, (_, y) =>
            (2e-7 + 3 * Numbers.U) * y + Math.Exp(-88));
        Check(kind, ReferenceMath.Silu, DeviceMath.Silu, HostMath.Silu, HostMath.Silu, HostMath.Silu, (x, y) =>
            (2e-7 + 3 * Numbers.U) * Math.Abs(y) + Math.Abs(x) * Math.Exp(-88) + 1.5e-45);
    }

    static void Check(string kind, Func<double, double> reference, Func<float, float> kernel,
        Func<Wide128, Wide128> host128, Func<Wide256, Wide256> host256, Func<Wide512, Wide512> host512,
            Func<double, double, double> allowed)
    {
        foreach (float x in Inputs)
        {
            float got = kind switch
            {
                "kernel" => kernel(x),
                "128" => First(host128, x),
                "256" => First(host256, x),
                _ => First(host512, x),
            };
            double expected = reference(x);
            if (!(Math.Abs(got - expected) <= allowed(x, expected)))
                Assert.Fail($"{kind} of {x:R}: got {got:R}, expected {expected:R}, allowed {allowed(x, expected):G3}");
        }
    }

    static unsafe float First<TVector>(Func<TVector, TVector> function, float x) where TVector : unmanaged, IHostVector<TVector>
    {
        float* values = stackalloc float[TVector.Count];
        TVector.Store(values, function(TVector.Create(x)));
        return values[0];
    }
}
