// Elementary functions on host vectors against double precision, at every width.
namespace HSENet.Kernels.Tests;

public sealed unsafe class HostMathTests
{
    [Fact]
    public void Functions_stay_within_their_error_at_every_width()
    {
        Check<Wide128>();
        Check<Wide256>();
        Check<Wide512>();
    }

    [Fact]
    public void Not_a_number_stays_one_and_far_arguments_end_in_limits()
    {
        Assert.True(float.IsNaN(One(HostMath.Exp(Wide256.Create(float.NaN)))));
        Assert.True(float.IsNaN(One(HostMath.Gelu(Wide256.Create(float.NaN)))));
        Assert.Equal(0f, One(HostMath.Exp(Wide256.Create(float.NegativeInfinity))));
        Assert.Equal(1f, One(HostMath.Erf(Wide256.Create(50f))));
        Assert.Equal(-1f, One(HostMath.Erf(Wide256.Create(-50f))));
        Assert.Equal(100f, One(HostMath.Silu(Wide256.Create(100f))));
        Assert.InRange(One(HostMath.Exp2NotPositive(Wide256.Create(float.NegativeInfinity))), 0f, 1e-37f);
    }

    // Relative errors as documented; those of sums and quotients add a rounding or two. Sigmoid and SiLU magnify nothing.
    static void Check<T>() where T : unmanaged, IHostVector<T>
    {
        const double u = Numbers.U;
        Compare<T>(HostMath.Exp, Math.Exp, -87, 88, (_, y) => 2e-7 * y);
        Compare<T>(HostMath.Exp2NotPositive, x => Math.Pow(2, x), -124, 0, (_, y) => 1.5e-7 * y);
        Compare<T>(HostMath.Erf, x => 1 - ReferenceMath.Erfc(x), -6, 6, (_, _) => 1.2e-7);
        Compare<T>(HostMath.Gelu, ReferenceMath.Gelu, -8, 8, (x, y) => 0.5 * Math.Abs(x) * (1.2e-7 + 2 * u) + 2 * u * Math.Abs(y));
        Compare<T>(HostMath.Sigmoid, ReferenceMath.Sigmoid, -80, 80, (_, y) => (2e-7 + 3 * u) * y);
        Compare<T>(HostMath.Silu, ReferenceMath.Silu, -80, 80, (_, y) => (2e-7 + 3 * u) * Math.Abs(y));
    }

    static void Compare<T>(Func<T, T> function, Func<double, double> exact, float from, float to, Func<double, double, double> allowed)
        where T : unmanaged, IHostVector<T>
    {
        float* x = stackalloc float[T.Count], y = stackalloc float[T.Count];
        const int steps = 4096;
        for (int i = 0; i < steps; i += T.Count)
        {
            for (int j = 0; j < T.Count; j++)
                x[j] = from + (to - from) * (i + j) / (steps - 1);
            T.Store(y, function(T.Load(x)));
            for (int j = 0; j < T.Count; j++)
            {
                double expected = exact(x[j]);
                Assert.True(Math.Abs(y[j] - expected) <= allowed(x[j], expected),
                    $"{typeof(T).Name}, {function.Method.Name}({x[j]:R}): got {y[j]:R}, expected {expected:R}");
            }
        }
    }

    static float One(Wide256 value)
    {
        float* values = stackalloc float[8];
        Wide256.Store(values, value);
        return values[3];
    }
}
