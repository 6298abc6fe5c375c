// What PTX's arithmetic is measured against: exact rationals, rounded to a format by the definition of its roundings
using System.Numerics;

namespace HSENet.Ptx.Tests;

/// <summary>A float as a fraction, made from its fields by the formats' definitions and back by long division. Shares nothing with the code
/// under test.</summary>
readonly record struct Fraction(BigInteger Numerator, BigInteger Denominator)
{
    public static Fraction Of(BigInteger value) => new(value, 1);

    public static Fraction operator +(Fraction a, Fraction b) =>
        new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Fraction operator *(Fraction a, Fraction b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Fraction operator /(Fraction a, Fraction b) => b.Numerator.Sign >= 0
        ? new(a.Numerator * b.Denominator, a.Denominator * b.Numerator)
        : new(-a.Numerator * b.Denominator, a.Denominator * -b.Numerator);

    public BigInteger Floor() => BigInteger.Divide(Numerator - Modulo(Numerator, Denominator), Denominator);

    /// <summary>Rounded to an integer in one of .rn .rz .rm .rp .rna.</summary>
    public BigInteger Round(Rounding rounding)
    {
        BigInteger floor = Floor();
        BigInteger twiceRest = 2 * (Numerator - floor * Denominator);
        if (twiceRest.IsZero)
            return floor;
        int half = twiceRest.CompareTo(Denominator);
        bool up = rounding switch
        {
            Rounding.Nearest => half > 0 || (half == 0 && !floor.IsEven),
            Rounding.NearestAway => half > 0 || (half == 0 && Numerator.Sign > 0),
            Rounding.Zero => Numerator.Sign < 0,
            Rounding.Up => true,
            _ => false,
        };
        return up ? floor + 1 : floor;
    }

    static BigInteger Modulo(BigInteger a, BigInteger b) => ((a % b) + b) % b;
}

/// <summary>Field widths and special codes of a format, written down once more from IEEE 754 and the manual.</summary>
sealed record ReferenceFormat(FloatFormat Format, int ExponentBits, int MantissaBits, ulong NaN, bool HasInfinity = true)
{
    public static readonly ReferenceFormat Half = new(FloatFormat.Half, 5, 10, 0x7fff);
    public static readonly ReferenceFormat BFloat16 = new(FloatFormat.BFloat16, 8, 7, 0x7fff);
    public static readonly ReferenceFormat Single = new(FloatFormat.Single, 8, 23, 0x7fffffff);
    public static readonly ReferenceFormat Double = new(FloatFormat.Double, 11, 52, 0x7fffffffffffffff);
    public static readonly ReferenceFormat TensorFloat32 = new(FloatFormat.TensorFloat32, 8, 10, 0x3ffff);
    public static readonly ReferenceFormat E5M2 = new(FloatFormat.E5M2, 5, 2, 0x7f);
    public static readonly ReferenceFormat E4M3 = new(FloatFormat.E4M3, 4, 3, 0x7f, false);

    int Bias => (1 << (ExponentBits - 1)) - 1;

    public ulong SignBit => 1UL << (ExponentBits + MantissaBits);

    ulong ExponentMask => ((1UL << ExponentBits) - 1) << MantissaBits;

    public ulong Infinity => ExponentMask;

    public ulong LargestFinite => HasInfinity ? ExponentMask - 1 : NaN - 1;

    public bool IsNaN(ulong bits) => HasInfinity ? (bits & ~SignBit) > ExponentMask : (bits & ~SignBit) == NaN;

    public bool IsFinite(ulong bits) => (bits & ~SignBit) <= LargestFinite;

    public bool IsNegative(ulong bits) => (bits & SignBit) != 0;

    public Fraction Value(ulong bits)
    {
        long mantissa = (long)(bits & ((1UL << MantissaBits) - 1));
        int exponent = (int)((bits & ExponentMask) >> MantissaBits);
        if (exponent != 0)
            mantissa += 1L << MantissaBits;
        int scale = Math.Max(exponent, 1) - Bias - MantissaBits;
        BigInteger numerator = IsNegative(bits) ? -mantissa : mantissa;
        return scale >= 0 ? new(numerator << scale, 1) : new(numerator, BigInteger.One << -scale);
    }

    /// <summary>The code of the rounded value; <paramref name="negativeZero"/> is the sign of an exact zero.</summary>
    public ulong Round(Fraction value, Rounding rounding, bool negativeZero = false, bool finite = false)
    {
        bool negative = value.Numerator.IsZero ? negativeZero : value.Numerator.Sign < 0;
        ulong sign = negative ? SignBit : 0;
        if (value.Numerator.IsZero)
            return sign;
        BigInteger magnitude = BigInteger.Abs(value.Numerator);
        // The unit of the last place: 2^unit with the largest exponent that still gives at most MantissaBits + 1 bits, or the subnormals'
        // one
        int top = (int)((long)magnitude.GetBitLength() - (long)value.Denominator.GetBitLength());
        if (Scaled(magnitude, value.Denominator, top).Floor().IsZero)
            top--;
        int unit = Math.Max(top - MantissaBits, 1 - Bias - MantissaBits);
        Rounding mirrored = !negative ? rounding
            : rounding switch { Rounding.Up => Rounding.Down, Rounding.Down => Rounding.Up, _ => rounding };
        BigInteger count = Scaled(magnitude, value.Denominator, unit).Round(mirrored);
        if (count.GetBitLength() > MantissaBits + 1)
        {
            count >>= 1;
            unit++;
        }
        ulong bits = count < BigInteger.One << MantissaBits
            ? (ulong)count
            : ((ulong)(unit + MantissaBits + Bias) << MantissaBits) | ((ulong)count & ((1UL << MantissaBits) - 1));
        if (bits <= LargestFinite)
            return sign | bits;
        bool stays = finite || !HasInfinity || mirrored is Rounding.Zero or Rounding.Down;
        return sign | (stays ? LargestFinite : Infinity);
    }

    static Fraction Scaled(BigInteger numerator, BigInteger denominator, int power) =>
        power >= 0 ? new(numerator, denominator << power) : new(numerator << -power, denominator);

    public override string ToString() => Format.Name;
}
