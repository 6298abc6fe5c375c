// 2 to a power in double precision, on one number and on eight at once with the same operations
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>
/// The power is split into a whole number and a rest of at most a half; the rest's power is the Taylor series to the term of degree 13,
/// whose remainder is below 2^-57. Results are within two units of 2^-53, whole powers exact. Powers beyond ±1000, where every 32-bit
/// format has overflowed or vanished, count as ±1000.
/// </summary>
static class Exponential2
{
    const double Limit = 1000;

    static readonly double[] Coefficients =
        [.. Enumerable.Range(0, 14).Select(n => Enumerable.Range(1, n).Aggregate(1.0, (term, k) => term * Math.Log(2) / k))];

    public static double Of(double x) => double.IsNaN(x) ? x : Of(Vector512.Create(x))[0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Of(Vector512<double> x)
    {
        Vector512<double> power = Vector512.Min(Vector512.Max(x, Vector512.Create(-Limit)), Vector512.Create(Limit));
        Vector512<double> whole = Vector512.Round(power), rest = power - whole;
        double[] c = Coefficients;
        Vector512<double> sum = Vector512.Create(c[13]);
        for (int n = 12; n >= 0; n--)
            sum = Vector512.FusedMultiplyAdd(sum, rest, Vector512.Create(c[n]));
        // The exponent field of 2^whole: adding 2^52 + 2^51 leaves the whole number in the low bits of the sum
        Vector512<double> shifted = whole + Vector512.Create(6755399441055744.0 + 1023);
        return sum * (shifted.AsInt64() << 52).AsDouble();
    }
}
