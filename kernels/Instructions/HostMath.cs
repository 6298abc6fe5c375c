// Elementary functions of host rungs on vectors: the same polynomials as DeviceMath.
using System.Runtime.CompilerServices;
using static HSENet.Kernels.ElementaryCoefficients;

namespace HSENet.Kernels;

/// <summary>Functions of a vector of f32, place by place. NaN stays NaN. Coefficients: <see cref="ElementaryCoefficients"/>.</summary>
static class HostMath
{
    const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>e^x, relative error at most 2e-7; 0 below the smallest normal number.</summary>
    [MethodImpl(Inline)]
    public static T Exp<T>(T x) where T : unmanaged, IHostVector<T>
    {
        var lowest = T.Create(ExpLowest);
        return T.IfLess(x, lowest, T.Create(0f), ExpInRange(T.Min(T.Create(ExpHighest), T.Max(lowest, x))));
    }

    /// <summary>e^x of x whose result is a normal number.</summary>
    [MethodImpl(Inline)]
    static T ExpInRange<T>(T x) where T : unmanaged, IHostVector<T>
    {
        var whole = T.Round(x * T.Create(Log2E));
        var fraction = T.MultiplyAdd(x, T.Create(Log2E), T.Create(0f) - whole);
        return Exp2Fraction(T.MultiplyAdd(x, T.Create(Log2ERest), fraction)) * T.PowerOfTwo(whole);
    }

    /// <summary>2^x of x ≤ 0, relative error at most 1.5e-7; 2^−125 for all that is less.</summary>
    [MethodImpl(Inline)]
    public static T Exp2NotPositive<T>(T x) where T : unmanaged, IHostVector<T>
    {
        // A float of this size has no bits behind the point: adding it rounds, and leaves the whole number in the lowest bits.
        var shift = T.Create(3 << 22);
        var clamped = T.Max(T.Create(-125f), x);
        var shifted = clamped + shift;
        return T.ShiftExponent(Exp2Fraction(clamped - (shifted - shift)), shifted);
    }

    /// <summary>2^x of x in [−1/2, 1/2].</summary>
    [MethodImpl(Inline)]
    static T Exp2Fraction<T>(T fraction) where T : unmanaged, IHostVector<T>
    {
        var r = T.MultiplyAdd(T.Create(Exp6), fraction, T.Create(Exp5));
        r = T.MultiplyAdd(r, fraction, T.Create(Exp4));
        r = T.MultiplyAdd(r, fraction, T.Create(Exp3));
        r = T.MultiplyAdd(r, fraction, T.Create(Exp2));
        r = T.MultiplyAdd(r, fraction, T.Create(Exp1));
        return T.MultiplyAdd(r, fraction, T.Create(1f));
    }

    /// <summary>The error function, absolute error at most 1.2e-7.</summary>
    [MethodImpl(Inline)]
    public static T Erf<T>(T x) where T : unmanaged, IHostVector<T>
    {
        var magnitude = T.Abs(x);
        var s = x * x;
        var small = T.MultiplyAdd(T.Create(Erf6), s, T.Create(Erf5));
        small = T.MultiplyAdd(small, s, T.Create(Erf4));
        small = T.MultiplyAdd(small, s, T.Create(Erf3));
        small = T.MultiplyAdd(small, s, T.Create(Erf2));
        small = T.MultiplyAdd(small, s, T.Create(Erf1));
        small = T.MultiplyAdd(small, s, T.Create(Erf0));
        small = T.MultiplyAdd(small, x, x);

        var t = T.Min(T.Create(4f), magnitude); // erf(4) is 1 in f32
        var large = T.MultiplyAdd(T.Create(Tail7), t, T.Create(Tail6));
        large = T.MultiplyAdd(large, t, T.Create(Tail5));
        large = T.MultiplyAdd(large, t, T.Create(Tail4));
        large = T.MultiplyAdd(large, t, T.Create(Tail3));
        large = T.MultiplyAdd(large, t, T.Create(Tail2));
        large = T.MultiplyAdd(large, t, T.Create(Tail1));
        large = T.MultiplyAdd(large, t, T.Create(Tail0));
        large = T.Create(1f) - ExpInRange(T.Create(0f) - t - large);
        return T.IfLess(T.Create(1f), magnitude, T.IfLess(x, T.Create(0f), T.Create(0f) - large, large), small);
    }

    /// <summary>x · Φ(x) with the exact (erf) form: GELU as the encoders use it.</summary>
    [MethodImpl(Inline)]
    public static T Gelu<T>(T x) where T : unmanaged, IHostVector<T>
    {
        var half = T.Create(0.5f) * x;
        return T.MultiplyAdd(half, Erf(x * T.Create(InverseSqrt2)), half);
    }

    /// <summary>The derivative of <see cref="Gelu"/>: Φ(x) + x · φ(x).</summary>
    [MethodImpl(Inline)]
    public static T GeluSlope<T>(T x) where T : unmanaged, IHostVector<T>
    {
        var density = T.Create(InverseSqrt2Pi) * Exp(T.Create(-0.5f) * x * x);
        return T.MultiplyAdd(x, density, T.MultiplyAdd(T.Create(0.5f), Erf(x * T.Create(InverseSqrt2)), T.Create(0.5f)));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(Inline)]
    public static T Sigmoid<T>(T x) where T : unmanaged, IHostVector<T> => T.Create(1f) / (T.Create(1f) + Exp(T.Create(0f) - x));

    /// <summary>x · sigmoid(x).</summary>
    [MethodImpl(Inline)]
    public static T Silu<T>(T x) where T : unmanaged, IHostVector<T> => x / (T.Create(1f) + Exp(T.Create(0f) - x));
}
