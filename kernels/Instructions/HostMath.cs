// Elementary functions of host rungs on vectors: the same polynomials as DeviceMath.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

/// <summary>Functions of sixteen f32 at a time. Coefficients: <see cref="ElementaryCoefficients"/>.</summary>
static class HostMath
{
    /// <summary>e^x, relative error at most 2e-7; 0 below the smallest normal number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var clamped = Vector512.Min(Vector512.Max(x, Vector512.Create(ElementaryCoefficients.ExpLowest)), Vector512.Create(ElementaryCoefficients.ExpHighest));
        var log2E = Vector512.Create(ElementaryCoefficients.Log2E);
        var whole = Vector512.Round(clamped * log2E);
        var fraction = Vector512.FusedMultiplyAdd(clamped, log2E, -whole);
        fraction = Vector512.FusedMultiplyAdd(clamped, Vector512.Create(ElementaryCoefficients.Log2ERest), fraction);
        var r = Vector512.FusedMultiplyAdd(Vector512.Create(ElementaryCoefficients.Exp6), fraction, Vector512.Create(ElementaryCoefficients.Exp5));
        r = Vector512.FusedMultiplyAdd(r, fraction, Vector512.Create(ElementaryCoefficients.Exp4));
        r = Vector512.FusedMultiplyAdd(r, fraction, Vector512.Create(ElementaryCoefficients.Exp3));
        r = Vector512.FusedMultiplyAdd(r, fraction, Vector512.Create(ElementaryCoefficients.Exp2));
        r = Vector512.FusedMultiplyAdd(r, fraction, Vector512.Create(ElementaryCoefficients.Exp1));
        r = Vector512.FusedMultiplyAdd(r, fraction, Vector512<float>.One);
        var power = ((Vector512.ConvertToInt32(whole) + Vector512.Create(127)) << 23).AsSingle();
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(ElementaryCoefficients.ExpLowest)), Vector512<float>.Zero, r * power);
    }
}
