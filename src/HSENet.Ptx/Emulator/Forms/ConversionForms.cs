// Conversions that kernels execute often, and the table's lines.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector512<uint>;

namespace HSENet.Ptx;

/// <summary>cvt to 32 bits from the low 8 or 16.</summary>
readonly struct ExtendByteSigned : IVectorUnary
{
    public static uint Of(uint a) => (uint)(sbyte)a;
    public static V Of(V a) => ((a << 24).AsInt32() >> 24).AsUInt32();
}

readonly struct ExtendByte : IVectorUnary
{
    public static uint Of(uint a) => (byte)a;
    public static V Of(V a) => a & Vector512.Create(0xffu);
}

readonly struct ExtendHalfWordSigned : IVectorUnary
{
    public static uint Of(uint a) => (uint)(short)a;
    public static V Of(V a) => ((a << 16).AsInt32() >> 16).AsUInt32();
}

readonly struct ExtendHalfWord : IVectorUnary
{
    public static uint Of(uint a) => (ushort)a;
    public static V Of(V a) => a & Vector512.Create(0xffffu);
}

readonly struct SingleFromSigned : IVectorUnary
{
    public static uint Of(uint a) => BitConverter.SingleToUInt32Bits((int)a);
    public static V Of(V a) => Vector512.ConvertToSingle(a.AsInt32()).AsUInt32();
}

readonly struct SingleFromUnsigned : IVectorUnary
{
    public static uint Of(uint a) => BitConverter.SingleToUInt32Bits(a);
    public static V Of(V a) => Vector512.ConvertToSingle(a).AsUInt32();
}

/// <summary>.rzi: NaN gives 0, what does not fit the nearest integer.</summary>
readonly struct SignedFromSingle : IVectorUnary
{
    public static uint Of(uint a) => (uint)Conversion.FloatToInteger(new(32, true), FloatFormat.Single, a, Rounding.Zero, false);
    public static V Of(V a) => Vector512.ConvertToInt32(a.AsSingle()).AsUInt32();
}

readonly struct UnsignedFromSingle : IVectorUnary
{
    public static uint Of(uint a) => (uint)Conversion.FloatToInteger(new(32, false), FloatFormat.Single, a, Rounding.Zero, false);
    public static V Of(V a) => Vector512.ConvertToUInt32(a.AsSingle());
}

readonly struct RoundNearestF32 : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical(MathF.Round(FloatBits.Single(a), MidpointRounding.ToEven));
    public static V Of(V a) => FloatBits.Canonical(Vector512.Round(a.AsSingle()));
}

readonly struct RoundZeroF32 : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical(MathF.Truncate(FloatBits.Single(a)));
    public static V Of(V a) => FloatBits.Canonical(Vector512.Truncate(a.AsSingle()));
}

readonly struct RoundDownF32 : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical(MathF.Floor(FloatBits.Single(a)));
    public static V Of(V a) => FloatBits.Canonical(Vector512.Floor(a.AsSingle()));
}

readonly struct RoundUpF32 : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical(MathF.Ceiling(FloatBits.Single(a)));
    public static V Of(V a) => FloatBits.Canonical(Vector512.Ceiling(a.AsSingle()));
}

readonly struct BFloat16FromSingle : IVectorUnary
{
    public static uint Of(uint a) => (uint)FloatFormat.BFloat16.FromDouble(FloatBits.Single(a), Rounding.Nearest);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of(V a)
    {
        V rounded = (a + Vector512.Create(0x7fffu) + ((a >> 16) & V.One)) >> 16;
        return Vector512.ConditionalSelect(Vector512.Equals(a.AsSingle(), a.AsSingle()).AsUInt32(), rounded, Vector512.Create(0x7fffu));
    }
}

readonly struct HalfFromSingle : IVectorUnary
{
    public static uint Of(uint a) => (uint)FloatFormat.Half.FromDouble(FloatBits.Single(a), Rounding.Nearest);
    public static V Of(V a) => HalfVectors.FromSingle(a.AsSingle());
}

readonly struct SingleFromBFloat16 : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical(FloatBits.Single(a << 16));
    public static V Of(V a) => FloatBits.Canonical((a << 16).AsSingle());
}

readonly struct SingleFromHalf : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical((float)BitConverter.UInt16BitsToHalf((ushort)a));
    public static V Of(V a) => FloatBits.Canonical(HalfVectors.ToSingle(a & Vector512.Create(0xffffu)));
}

/// <summary>cvt.rn.bf16x2.f32 and cvt.rn.f16x2.f32: the first operand goes to the upper half.</summary>
readonly struct PackPair<TOp> : IVectorBinary where TOp : IVectorUnary
{
    public static uint Of(uint a, uint b) => TOp.Of(a) << 16 | TOp.Of(b);
    public static V Of(V a, V b) => TOp.Of(a) << 16 | TOp.Of(b);
}

readonly struct DoubleFromSingle : IUnary<uint, ulong>
{
    public static ulong Of(uint a) => BitConverter.DoubleToUInt64Bits(FloatBits.Single(a));
}

readonly struct SingleFromDouble : IUnary<ulong, uint>
{
    public static uint Of(ulong a) => FloatBits.Canonical((float)FloatBits.Double(a));
}

readonly struct DoubleFromSigned : IUnary<uint, ulong>
{
    public static ulong Of(uint a) => BitConverter.DoubleToUInt64Bits((int)a);
}

readonly struct DoubleFromUnsigned : IUnary<uint, ulong>
{
    public static ulong Of(uint a) => BitConverter.DoubleToUInt64Bits(a);
}

sealed partial class DecodeTable
{
    void AddConversions()
    {
        Add("cvt.s32.s8 cvt.u32.s8", Form.VectorUnary<ExtendByteSigned>());
        Add("cvt.s32.u8 cvt.u32.u8 cvt.u8.u32 cvt.u8.s32 cvt.u16.u8", Form.VectorUnary<ExtendByte>());
        Add("cvt.s32.s16 cvt.u32.s16", Form.VectorUnary<ExtendHalfWordSigned>());
        Add("cvt.s32.u16 cvt.u32.u16 cvt.u16.u32 cvt.u16.s32", Form.VectorUnary<ExtendHalfWord>());
        Add("cvt.s32.u32 cvt.u32.s32", Form.VectorUnary<Copy32>());
        Add("cvt.u32.u64 cvt.s32.s64 cvt.u32.s64 cvt.s32.u64", Form.Unary<LowHalf, ulong, uint>());
        Add("cvt.rn.f32.s32", Form.VectorUnary<SingleFromSigned>());
        Add("cvt.rn.f32.u32", Form.VectorUnary<SingleFromUnsigned>());
        Add("cvt.rzi.s32.f32", Form.VectorUnary<SignedFromSingle>());
        Add("cvt.rzi.u32.f32", Form.VectorUnary<UnsignedFromSingle>());
        Add("cvt.rni.f32.f32", Form.VectorUnary<RoundNearestF32>());
        Add("cvt.rzi.f32.f32", Form.VectorUnary<RoundZeroF32>());
        Add("cvt.rmi.f32.f32", Form.VectorUnary<RoundDownF32>());
        Add("cvt.rpi.f32.f32", Form.VectorUnary<RoundUpF32>());
        Add("cvt.rn.bf16.f32", Form.VectorUnary<BFloat16FromSingle>());
        Add("cvt.rn.f16.f32", Form.VectorUnary<HalfFromSingle>());
        Add("cvt.f32.bf16", Form.VectorUnary<SingleFromBFloat16>());
        Add("cvt.f32.f16", Form.VectorUnary<SingleFromHalf>());
        Add("cvt.rn.bf16x2.f32", Form.Vector<PackPair<BFloat16FromSingle>>());
        Add("cvt.rn.f16x2.f32", Form.Vector<PackPair<HalfFromSingle>>());
        Add("cvt.f64.f32", Form.Unary<DoubleFromSingle, uint, ulong>());
        Add("cvt.rn.f32.f64", Form.Unary<SingleFromDouble, ulong, uint>());
        Add("cvt.rn.f64.s32", Form.Unary<DoubleFromSigned, uint, ulong>());
        Add("cvt.rn.f64.u32", Form.Unary<DoubleFromUnsigned, uint, ulong>());
    }
}
