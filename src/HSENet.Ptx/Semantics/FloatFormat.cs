// The binary floating-point formats of PTX: their bits to a double, which holds each of them exactly, and a double back to their bits in
// any rounding
namespace HSENet.Ptx;

/// <summary>How a result that the format cannot hold is rounded: PTX's .rn .rz .rm .rp, and .rna (ties away from zero), which only cvt
/// has.</summary>
enum Rounding { Nearest, Zero, Down, Up, NearestAway }

/// <summary>A floating-point format. Bits are held in the low end of a ulong, the rest is zero.</summary>
sealed class FloatFormat
{
    public static readonly FloatFormat Half = new("f16", 16, 10, 0x7fff);
    public static readonly FloatFormat BFloat16 = new("bf16", 16, 7, 0x7fff);
    public static readonly FloatFormat Single = new("f32", 32, 23, 0x7fffffff);
    public static readonly FloatFormat Double = new("f64", 64, 52, 0x7fffffffffffffff);

    /// <summary>The 19 bits of tf32; a register holds them above 13 zero bits.</summary>
    public static readonly FloatFormat TensorFloat32 = new("tf32", 19, 10, 0x3ffff);
    public static readonly FloatFormat E5M2 = new("e5m2", 8, 2, 0x7f);

    /// <summary>No infinity: the code above 448 is the only NaN.</summary>
    public static readonly FloatFormat E4M3 = new("e4m3", 8, 3, 0x7f, infinity: 0x7f);

    readonly int _mantissaBits;
    readonly int _bias;

    /// <summary>Exponent of the last bit of subnormal numbers: the smallest positive number is 2 to this power.</summary>
    readonly int _lowestExponent;

    FloatFormat(string name, int bits, int mantissaBits, ulong canonicalNaN, ulong infinity = 0)
    {
        Name = name;
        Bits = bits;
        _mantissaBits = mantissaBits;
        int exponentBits = bits - 1 - mantissaBits;
        _bias = (1 << (exponentBits - 1)) - 1;
        _lowestExponent = 1 - _bias - mantissaBits;
        SignBit = 1UL << (bits - 1);
        SmallestNormal = 1UL << mantissaBits;
        Infinity = infinity != 0 ? infinity : ((1UL << exponentBits) - 1) << mantissaBits;
        CanonicalNaN = canonicalNaN;
        HasInfinity = infinity == 0;
    }

    public string Name { get; }

    public int Bits { get; }

    public ulong SignBit { get; }

    public ulong MagnitudeMask => SignBit - 1;

    /// <summary>The bits of the smallest normal number; smaller non-zero magnitudes are subnormal.</summary>
    public ulong SmallestNormal { get; }

    /// <summary>The first magnitude above the largest finite number.</summary>
    public ulong Infinity { get; }

    public bool HasInfinity { get; }

    /// <summary>The NaN that arithmetic returns; f64 alone keeps the payload of a NaN operand instead.</summary>
    public ulong CanonicalNaN { get; }

    public ulong One => (ulong)_bias << _mantissaBits;

    public bool IsNaN(ulong bits) => HasInfinity ? (bits & MagnitudeMask) > Infinity : (bits & MagnitudeMask) == Infinity;

    public bool IsInfinity(ulong bits) => HasInfinity && (bits & MagnitudeMask) == Infinity;

    public bool IsSubnormal(ulong bits) => (bits & MagnitudeMask) is var magnitude && magnitude != 0 && magnitude < SmallestNormal;

    /// <summary>A subnormal number becomes a zero of its sign.</summary>
    public ulong Flush(ulong bits) => IsSubnormal(bits) ? bits & SignBit : bits;

    /// <summary>The number, exactly. A NaN is some NaN.</summary>
    public double ToDouble(ulong bits)
    {
        if (this == Double)
            return BitConverter.UInt64BitsToDouble(bits);
        if (this == Single)
            return BitConverter.UInt32BitsToSingle((uint)bits);
        ulong magnitude = bits & MagnitudeMask;
        double value;
        if (magnitude >= Infinity)
            value = IsNaN(bits) ? double.NaN : double.PositiveInfinity;
        else if (magnitude < SmallestNormal)
            value = magnitude * PowerOfTwo(_lowestExponent);
        else
            value = BitConverter.UInt64BitsToDouble((magnitude << (52 - _mantissaBits)) + ((ulong)(1023 - _bias) << 52));
        return (bits & SignBit) != 0 ? -value : value;
    }

    /// <summary>
    /// Rounds a double to this format. With <paramref name="finite"/> a magnitude beyond the largest finite number, infinity included,
    /// becomes that number; formats without infinity always do so.
    /// </summary>
    public ulong FromDouble(double value, Rounding rounding, bool finite = false)
    {
        if (double.IsNaN(value))
            return CanonicalNaN;
        bool negative = double.IsNegative(value);
        ulong sign = negative ? SignBit : 0;
        finite |= !HasInfinity;
        if (double.IsInfinity(value))
            return sign | (finite ? Infinity - 1 : Infinity);
        if (value == 0)
            return sign;
        if (this == Double)
            return BitConverter.DoubleToUInt64Bits(value);

        ulong bits = BitConverter.DoubleToUInt64Bits(value) & 0x7fffffffffffffff;
        int exponent = (int)(bits >> 52);
        ulong significand = exponent == 0 ? bits : (bits & 0xfffffffffffff) | 1UL << 52;
        exponent = Math.Max(exponent, 1) - 1075; // value = significand * 2^exponent
        int last = Math.Max(exponent + 52 - _mantissaBits, _lowestExponent); // exponent of the result's last bit
        int dropped = last - exponent;
        ulong kept = dropped > 63 ? 0 : significand >> dropped;
        // Twice the dropped part against one unit of the last place; 54 dropped bits or more are below a half
        int comparedToHalf = dropped > 54 ? -1 : ((significand & ((1UL << dropped) - 1)) << 1).CompareTo(1UL << dropped);
        bool inexact = dropped > 63 || (significand & ((1UL << dropped) - 1)) != 0;
        bool away = rounding switch
        {
            Rounding.Nearest => comparedToHalf > 0 || (comparedToHalf == 0 && (kept & 1) != 0),
            Rounding.NearestAway => comparedToHalf >= 0,
            Rounding.Down => negative && inexact,
            Rounding.Up => !negative && inexact,
            _ => false,
        };
        ulong result = kept + (away ? 1UL : 0);
        result += (ulong)(last - _lowestExponent) << _mantissaBits; // the leading bit of a normal number adds the missing 1 to the exponent
        if (result < Infinity)
            return sign | result;
        bool stays = finite || rounding == Rounding.Zero || (rounding == Rounding.Down && !negative)
            || (rounding == Rounding.Up && negative);
        return sign | (stays ? Infinity - 1 : Infinity);
    }

    static double PowerOfTwo(int exponent) => BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52);
}
