// Elementary functions inside GPU kernels, in fused multiply-adds only: the same bits on a GPU and in the emulator.
using System.Runtime.CompilerServices;
using ILGPU;
using static HSENet.Kernels.ScalarInstructions;

namespace HSENet.Kernels;

/// <summary>Functions of one f32. Coefficients: Chebyshev fits of <see cref="ElementaryCoefficients"/>.</summary>
static class DeviceMath
{
    /// <summary>e^x, relative error at most 2e-7; 0 below the smallest normal number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x)
    {
        float clamped = MathF.Min(MathF.Max(x, ElementaryCoefficients.ExpLowest), ElementaryCoefficients.ExpHighest);
        float whole = RoundToEven(clamped * ElementaryCoefficients.Log2E);
        float fraction = FusedMultiplyAdd(clamped, ElementaryCoefficients.Log2E, -whole);
        fraction = FusedMultiplyAdd(clamped, ElementaryCoefficients.Log2ERest, fraction);
        float r = FusedMultiplyAdd(ElementaryCoefficients.Exp6, fraction, ElementaryCoefficients.Exp5);
        r = FusedMultiplyAdd(r, fraction, ElementaryCoefficients.Exp4);
        r = FusedMultiplyAdd(r, fraction, ElementaryCoefficients.Exp3);
        r = FusedMultiplyAdd(r, fraction, ElementaryCoefficients.Exp2);
        r = FusedMultiplyAdd(r, fraction, ElementaryCoefficients.Exp1);
        r = FusedMultiplyAdd(r, fraction, 1f);
        float power = Interop.IntAsFloat((uint)((int)whole + 127) << 23);
        return x < ElementaryCoefficients.ExpLowest ? 0f : r * power;
    }

    /// <summary>The natural logarithm of a normal x above 0, relative error at most 2.5e-7; infinity and NaN stay.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x)
    {
        // x = 2^exponent · m with m in [√½, √2), and ln m = 2 artanh((m − 1)/(m + 1)).
        int shifted = (int)(Interop.FloatAsInt(x) - ElementaryCoefficients.RootHalfBits);
        float m = Interop.IntAsFloat((uint)(shifted & 0x7FFFFF) + ElementaryCoefficients.RootHalfBits);
        float exponent = shifted >> 23;
        float s = Divide(m - 1f, m + 1f);
        float z = s * s;
        float r = FusedMultiplyAdd(ElementaryCoefficients.Artanh9, z, ElementaryCoefficients.Artanh7);
        r = FusedMultiplyAdd(r, z, ElementaryCoefficients.Artanh5);
        r = FusedMultiplyAdd(r, z, ElementaryCoefficients.Artanh3);
        r = FusedMultiplyAdd(r * z, s, exponent * ElementaryCoefficients.Ln2Rest);
        r = FusedMultiplyAdd(2f, s, r);
        r = FusedMultiplyAdd(exponent, ElementaryCoefficients.Ln2, r);
        return x - x == 0f ? r : x;
    }

    /// <summary>The error function, absolute error at most 1.2e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Erf(float x)
    {
        float t = MathF.Abs(x);
        float s = x * x;
        float small = FusedMultiplyAdd(ElementaryCoefficients.Erf6, s, ElementaryCoefficients.Erf5);
        small = FusedMultiplyAdd(small, s, ElementaryCoefficients.Erf4);
        small = FusedMultiplyAdd(small, s, ElementaryCoefficients.Erf3);
        small = FusedMultiplyAdd(small, s, ElementaryCoefficients.Erf2);
        small = FusedMultiplyAdd(small, s, ElementaryCoefficients.Erf1);
        small = FusedMultiplyAdd(small, s, ElementaryCoefficients.Erf0);
        small = FusedMultiplyAdd(small, x, x);

        t = MathF.Min(t, 4f); // erf(4) is 1 in f32
        float large = FusedMultiplyAdd(ElementaryCoefficients.Tail7, t, ElementaryCoefficients.Tail6);
        large = FusedMultiplyAdd(large, t, ElementaryCoefficients.Tail5);
        large = FusedMultiplyAdd(large, t, ElementaryCoefficients.Tail4);
        large = FusedMultiplyAdd(large, t, ElementaryCoefficients.Tail3);
        large = FusedMultiplyAdd(large, t, ElementaryCoefficients.Tail2);
        large = FusedMultiplyAdd(large, t, ElementaryCoefficients.Tail1);
        large = FusedMultiplyAdd(large, t, ElementaryCoefficients.Tail0);
        large = 1f - Exp(-(t + large));
        return MathF.Abs(x) <= 1f ? small : x < 0f ? -large : large;
    }

    /// <summary>x · Φ(x) with the exact (erf) form: GELU as the encoders use it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Gelu(float x) => 0.5f * x * (1f + Erf(x * ElementaryCoefficients.InverseSqrt2));

    /// <summary>The derivative of <see cref="Gelu"/>: Φ(x) + x · φ(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluSlope(float x)
    {
        float density = ElementaryCoefficients.InverseSqrt2Pi * Exp(-0.5f * x * x);
        return FusedMultiplyAdd(x, density, FusedMultiplyAdd(0.5f, Erf(x * ElementaryCoefficients.InverseSqrt2), 0.5f));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sigmoid(float x) => Divide(1f, 1f + Exp(-x));

    /// <summary>x · sigmoid(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Silu(float x) => Divide(x, 1f + Exp(-x));
}

/// <summary>Coefficients shared by kernels and host vectors.</summary>
static class ElementaryCoefficients
{
    public const float Log2E = 1.4426950216293335f, Log2ERest = 1.92596298909109e-08f; // their sum is log2(e) to 48 bits
    public const float ExpLowest = -87.33654f, ExpHighest = 88.02969f; // results are normal numbers
    public const float InverseSqrt2 = 0.70710678f, InverseSqrt2Pi = 0.39894228f;

    // 2^f on [-1/2, 1/2], relative error 1.9e-8; the constant term is 1
    public const float Exp1 = 0.6931471824645996f, Exp2 = 0.24022650718688965f, Exp3 = 0.05550327152013779f,
        Exp4 = 0.00961802527308464f, Exp5 = 0.0013400432653725147f, Exp6 = 0.00015469732170458883f;

    // Taylor's coefficients of 2 artanh(s): the first that is left out is 2e-9 of the sum at s = 0.172; √½; ln 2 in two parts, the first of
    // 15 bits
    public const uint RootHalfBits = 0x3F3504F3;
    public const float Artanh3 = 2f / 3, Artanh5 = 2f / 5, Artanh7 = 2f / 7, Artanh9 = 2f / 9, Ln2 = 0.693138122558594f,
        Ln2Rest = 9.05800061445916e-06f;

    // erf(x)/x − 1 in x² on [0, 1], relative error 1.2e-8
    public const float Erf0 = 0.12837916612625122f, Erf1 = -0.3761262595653534f, Erf2 = 0.11283597350120544f,
        Erf3 = -0.02685432881116867f, Erf4 = 0.005189312156289816f, Erf5 = -0.0008018855005502701f, Erf6 = 7.882497448008507e-05f;

    // −ln(1 − erf(x)) − x on [1, 4]; the error of 1 − e^−(…) is 5.4e-8
    public const float Tail0 = 0.0007569686276838183f, Tail1 = 0.1259259432554245f, Tail2 = 0.6390933394432068f,
        Tail3 = 0.10331898182630539f, Tail4 = -0.022621985524892807f, Tail5 = 0.0034368676133453846f,
        Tail6 = -0.0003175720339640975f, Tail7 = 1.3309389942151029e-05f;
}
