// cvt: between integers of every width and sign, between integers and floats, between floats, and rounding a float to an integral value
namespace HSENet.Ptx;

/// <summary>An integer type of PTX: 8 to 64 bits. Values are held in the low bits of a ulong; what lies above is ignored in operands, zero
/// in results.</summary>
readonly record struct IntegerFormat(int Bits, bool Signed)
{
    public ulong Mask => Bits == 64 ? ulong.MaxValue : (1UL << Bits) - 1;

    public ulong SignBit => 1UL << (Bits - 1);

    public Int128 Minimum => Signed ? -((Int128)1 << (Bits - 1)) : 0;

    public Int128 Maximum => ((Int128)1 << (Signed ? Bits - 1 : Bits)) - 1;

    /// <summary>The value; 128 bits hold every one of both signs.</summary>
    public Int128 Value(ulong bits) => Signed ? Extend(bits) : (Int128)(bits & Mask);

    /// <summary>The value sign-extended, or zero-extended, to 64 bits: what a wider register holds after cvt.</summary>
    public long Extend(ulong bits) => Signed ? (long)(bits << (64 - Bits)) >> (64 - Bits) : (long)(bits & Mask);

    public ulong Wrap(Int128 value) => (ulong)value & Mask;

    public ulong Clamp(Int128 value) => (ulong)Int128.Clamp(value, Minimum, Maximum) & Mask;
}

static class Conversion
{
    /// <summary>Without <paramref name="saturate"/> the low bits; with it the nearest value of the target type.</summary>
    public static ulong IntegerToInteger(IntegerFormat target, IntegerFormat source, ulong a, bool saturate) =>
        saturate ? target.Clamp(source.Value(a)) : (ulong)source.Extend(a) & target.Mask;

    public static ulong IntegerToFloat(FloatFormat target, IntegerFormat source, ulong a, FloatMode mode)
    {
        long value = source.Extend(a);
        bool negative = source.Signed && value < 0;
        ulong magnitude = negative ? (ulong)-value : (ulong)value;
        double rounded = OddRounding.FromInteger(magnitude);
        if (target == FloatFormat.Double)
            rounded = DoubleFromInteger(magnitude, negative ? Mirror(mode.Rounding) : mode.Rounding);
        return FloatArithmetic.Round(target, negative ? -rounded : rounded, mode);
    }

    static double DoubleFromInteger(ulong magnitude, Rounding rounding)
    {
        double nearest = magnitude;
        Int128 error = (Int128)magnitude - (Int128)nearest;
        if (error > 0 && rounding == Rounding.Up)
            return Math.BitIncrement(nearest);
        return error < 0 && rounding is Rounding.Down or Rounding.Zero ? Math.BitDecrement(nearest) : nearest;
    }

    static Rounding Mirror(Rounding rounding) =>
        rounding switch { Rounding.Down => Rounding.Up, Rounding.Up => Rounding.Down, _ => rounding };

    /// <summary>Rounds to an integral value, then takes the nearest value of the target type; a NaN gives 0.</summary>
    public static ulong FloatToInteger(IntegerFormat target, FloatFormat source, ulong a, Rounding rounding, bool flush)
    {
        double value = Integral(source.ToDouble(flush && source == FloatFormat.Single ? source.Flush(a) : a), rounding);
        if (double.IsNaN(value))
            return 0;
        // Converting a double to Int128 is exact in this range
        return Math.Abs(value) < 1.7e38 ? target.Clamp((Int128)value) : (ulong)(value < 0 ? target.Minimum : target.Maximum) & target.Mask;
    }

    /// <summary>A float to another format or its own; rounding matters where the target has fewer bits. .ftz touches f32 alone.</summary>
    public static ulong FloatToFloat(FloatFormat target, FloatFormat source, ulong a, FloatMode mode)
    {
        a = FlushSource(source, a, mode);
        if (source.IsNaN(a) && target == FloatFormat.Double && !mode.Saturate)
            return WidenNaN(source, a);
        return FloatArithmetic.Round(target, source.ToDouble(a), mode with { Flush = mode.Flush && target == FloatFormat.Single });
    }

    /// <summary>.rni .rzi .rmi .rpi between floats: an integral value in the same format, a zero keeps the operand's sign.</summary>
    public static ulong FloatToIntegral(FloatFormat format, ulong a, FloatMode mode)
    {
        a = FlushSource(format, a, mode);
        if (format.IsNaN(a) && format == FloatFormat.Double && !mode.Saturate)
            return WidenNaN(format, a);
        return FloatArithmetic.Round(format, Integral(format.ToDouble(a), mode.Rounding), mode);
    }

    static ulong FlushSource(FloatFormat source, ulong a, FloatMode mode) =>
        mode.Flush && source == FloatFormat.Single ? source.Flush(a) : a;

    static double Integral(double value, Rounding rounding) => rounding switch
    {
        Rounding.Nearest => Math.Round(value, MidpointRounding.ToEven),
        Rounding.Zero => Math.Truncate(value),
        Rounding.Down => Math.Floor(value),
        Rounding.Up => Math.Ceiling(value),
        _ => throw new ArgumentOutOfRangeException(nameof(rounding)),
    };

    /// <summary>f64 keeps sign and payload of a NaN, made quiet.</summary>
    static ulong WidenNaN(FloatFormat source, ulong a)
    {
        ulong sign = (a & source.SignBit) != 0 ? FloatFormat.Double.SignBit : 0;
        ulong payload = (a & (source.SmallestNormal - 1)) * (FloatFormat.Double.SmallestNormal / source.SmallestNormal);
        return sign | 0x7ff8000000000000 | payload;
    }
}
