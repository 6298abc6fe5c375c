// cvt to and from pairs: f16x2 and bf16x2 from two f32, e4m3x2 and e5m2x2 from two f32 or from f16x2 and back, and f32 to tf32
namespace HSENet.Ptx;

static class PackedConversion
{
    /// <summary>cvt.*x2.f32: the first operand goes to the upper half. 16-bit formats give 32 bits, 8-bit formats 16.</summary>
    public static ulong Pair(FloatFormat target, ulong upper, ulong lower, FloatMode mode) =>
        (Narrow(target, FloatFormat.Single, upper, mode) << target.Bits) | Narrow(target, FloatFormat.Single, lower, mode);

    /// <summary>cvt.e4m3x2.f16x2, cvt.e5m2x2.f16x2, cvt.f16x2.e4m3x2 and cvt.f16x2.e5m2x2: element by element, the order is kept.</summary>
    public static ulong PairToPair(FloatFormat target, FloatFormat source, ulong pair, FloatMode mode) =>
        (Narrow(target, source, pair >> source.Bits, mode) << target.Bits) | Narrow(target, source, pair, mode);

    /// <summary>cvt.tf32.f32: the 13 bits below the ten of the mantissa are zero.</summary>
    public static ulong ToTensorFloat32(ulong a, FloatMode mode)
    {
        if (FloatFormat.Single.IsNaN(a))
            return FloatFormat.Single.CanonicalNaN;
        return Narrow(FloatFormat.TensorFloat32, FloatFormat.Single, a, mode) << 13;
    }

    /// <summary>cvt.pack.sat: b lowest, a above it, and above both the low bits of c; a and b are s32.</summary>
    public static ulong Saturated(IntegerFormat type, ulong a, ulong b, ulong c) =>
        (uint)(type.Clamp((int)b) | type.Clamp((int)a) << type.Bits | (type.Bits < 16 ? c << 2 * type.Bits : 0));

    static ulong Narrow(FloatFormat target, FloatFormat source, ulong a, FloatMode mode) =>
        FloatArithmetic.Round(target, source.ToDouble(a & (source.SignBit | source.MagnitudeMask)), mode);
}
