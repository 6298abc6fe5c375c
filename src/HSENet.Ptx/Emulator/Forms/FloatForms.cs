// Arithmetic of f32 and f64 that rounds to nearest, as hosts do it, and the table's lines.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector512<uint>;

namespace HSENet.Ptx;

/// <summary>Floats as bits. A NaN that f32 arithmetic makes is the canonical one.</summary>
static class FloatBits
{
    public const uint CanonicalNaN = 0x7fffffff;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Single(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Double(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Canonical(float value) => float.IsNaN(value) ? CanonicalNaN : BitConverter.SingleToUInt32Bits(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Canonical(Vector512<float> value) =>
        Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), value.AsUInt32(), Vector512.Create(CanonicalNaN));
}

readonly struct AddF32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => FloatBits.Canonical(FloatBits.Single(a) + FloatBits.Single(b));
    public static V Of(V a, V b) => FloatBits.Canonical(a.AsSingle() + b.AsSingle());
}

readonly struct SubtractF32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => FloatBits.Canonical(FloatBits.Single(a) - FloatBits.Single(b));
    public static V Of(V a, V b) => FloatBits.Canonical(a.AsSingle() - b.AsSingle());
}

readonly struct MultiplyF32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => FloatBits.Canonical(FloatBits.Single(a) * FloatBits.Single(b));
    public static V Of(V a, V b) => FloatBits.Canonical(a.AsSingle() * b.AsSingle());
}

readonly struct FusedMultiplyAddF32 : IVectorTernary
{
    public static uint Of(uint a, uint b, uint c) =>
        FloatBits.Canonical(MathF.FusedMultiplyAdd(FloatBits.Single(a), FloatBits.Single(b), FloatBits.Single(c)));
    public static V Of(V a, V b, V c) => FloatBits.Canonical(Vector512.FusedMultiplyAdd(a.AsSingle(), b.AsSingle(), c.AsSingle()));
}

readonly struct DivideF32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => FloatBits.Canonical(FloatBits.Single(a) / FloatBits.Single(b));
    public static V Of(V a, V b) => FloatBits.Canonical(a.AsSingle() / b.AsSingle());
}

readonly struct SquareRootF32 : IVectorUnary
{
    public static uint Of(uint a) => FloatBits.Canonical(MathF.Sqrt(FloatBits.Single(a)));
    public static V Of(V a) => FloatBits.Canonical(Vector512.Sqrt(a.AsSingle()));
}

readonly struct MinF32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => FloatBits.Canonical(float.MinNumber(FloatBits.Single(a), FloatBits.Single(b)));
    public static V Of(V a, V b) => FloatBits.Canonical(Vector512.MinNumber(a.AsSingle(), b.AsSingle()));
}

readonly struct MaxF32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => FloatBits.Canonical(float.MaxNumber(FloatBits.Single(a), FloatBits.Single(b)));
    public static V Of(V a, V b) => FloatBits.Canonical(Vector512.MaxNumber(a.AsSingle(), b.AsSingle()));
}

sealed partial class DecodeTable
{
    void AddFloats()
    {
        Add("add.f32 add.rn.f32", Form.Vector<AddF32>());
        Add("sub.f32 sub.rn.f32", Form.Vector<SubtractF32>());
        Add("mul.f32 mul.rn.f32", Form.Vector<MultiplyF32>());
        Add("fma.rn.f32 mad.rn.f32", Form.VectorTernary<FusedMultiplyAddF32>());
        Add("div.rn.f32", Form.Vector<DivideF32>());
        Add("sqrt.rn.f32", Form.VectorUnary<SquareRootF32>());
        Add("min.f32", Form.Vector<MinF32>());
        Add("max.f32", Form.Vector<MaxF32>());
    }
}
