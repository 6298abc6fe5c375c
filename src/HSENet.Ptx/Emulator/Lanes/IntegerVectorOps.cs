// Integer arithmetic, logic and shifts of 32 and 64 bits.
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using V = System.Runtime.Intrinsics.Vector512<uint>;
using W = System.Runtime.Intrinsics.Vector512<ulong>;

namespace HSENet.Ptx;

readonly struct Copy32 : IVectorUnary
{
    public static uint Of(uint a) => a;
    public static V Of(V a) => a;
}

readonly struct Add32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => a + b;
    public static V Of(V a, V b) => a + b;
}

readonly struct Subtract32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => a - b;
    public static V Of(V a, V b) => a - b;
}

readonly struct MultiplyLow32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => a * b;
    public static V Of(V a, V b) => a * b;
}

readonly struct MultiplyAdd32 : IVectorTernary
{
    public static uint Of(uint a, uint b, uint c) => (a * b) + c;
    public static V Of(V a, V b, V c) => (a * b) + c;
}

readonly struct And32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => a & b;
    public static V Of(V a, V b) => a & b;
}

readonly struct Or32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => a | b;
    public static V Of(V a, V b) => a | b;
}

readonly struct Xor32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => a ^ b;
    public static V Of(V a, V b) => a ^ b;
}

/// <summary>Complement of a predicate, whose only source comes twice.</summary>
readonly struct NotAnd32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => ~(a & b);
}

readonly struct Not32 : IVectorUnary
{
    public static uint Of(uint a) => ~a;
    public static V Of(V a) => ~a;
}

readonly struct Negate32 : IVectorUnary
{
    public static uint Of(uint a) => 0 - a;
    public static V Of(V a) => V.Zero - a;
}

readonly struct MinSigned32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => (uint)Math.Min((int)a, (int)b);
    public static V Of(V a, V b) => Vector512.Min(a.AsInt32(), b.AsInt32()).AsUInt32();
}

readonly struct MaxSigned32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => (uint)Math.Max((int)a, (int)b);
    public static V Of(V a, V b) => Vector512.Max(a.AsInt32(), b.AsInt32()).AsUInt32();
}

readonly struct MinUnsigned32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => Math.Min(a, b);
    public static V Of(V a, V b) => Vector512.Min(a, b);
}

readonly struct MaxUnsigned32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => Math.Max(a, b);
    public static V Of(V a, V b) => Vector512.Max(a, b);
}

readonly struct ShiftLeft32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => b > 31 ? 0 : a << (int)b;
    public static V Of(V a, V b) => VectorShift.Left(a, b);
}

readonly struct ShiftRightUnsigned32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => b > 31 ? 0 : a >> (int)b;
    public static V Of(V a, V b) => VectorShift.RightUnsigned(a, b);
}

readonly struct ShiftRightSigned32 : IVectorBinary
{
    public static uint Of(uint a, uint b) => (uint)((int)a >> (int)Math.Min(b, 31));
    public static V Of(V a, V b) => VectorShift.RightSigned(a, b);
}

readonly struct Add64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => a + b;
    public static W Of(W a, W b) => a + b;
}

readonly struct And64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => a & b;
    public static W Of(W a, W b) => a & b;
}

readonly struct Or64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => a | b;
    public static W Of(W a, W b) => a | b;
}

readonly struct Subtract64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => a - b;
    public static W Of(W a, W b) => a - b;
}

readonly struct MultiplyLow64 : IVectorBinary64
{
    public static ulong Of(ulong a, ulong b) => a * b;
    public static W Of(W a, W b) => a * b;
}

readonly struct ZeroExtend : IVectorWiden
{
    public static ulong Of(uint a) => a;
    public static W Of(Vector256<uint> a)
    {
        (Vector256<ulong> low, Vector256<ulong> high) = Vector256.Widen(a);
        return Vector512.Create(low, high);
    }
}

readonly struct SignExtend : IVectorWiden
{
    public static ulong Of(uint a) => (ulong)(int)a;
    public static W Of(Vector256<uint> a)
    {
        (Vector256<long> low, Vector256<long> high) = Vector256.Widen(a.AsInt32());
        return Vector512.Create(low, high).AsUInt64();
    }
}

/// <summary>Shifts by a count of its own in each lane; counts above 31 shift everything out.</summary>
static class VectorShift
{
    public static V Left(V a, V b) => Avx512F.IsSupported ? Avx512F.ShiftLeftLogicalVariable(a, b)
        : Avx2.IsSupported ? Vector512.Create(Avx2.ShiftLeftLogicalVariable(a.GetLower(), b.GetLower()),
            Avx2.ShiftLeftLogicalVariable(a.GetUpper(), b.GetUpper()))
        : Each<ShiftLeft32>(a, b);

    public static V RightUnsigned(V a, V b) => Avx512F.IsSupported ? Avx512F.ShiftRightLogicalVariable(a, b)
        : Avx2.IsSupported ? Vector512.Create(Avx2.ShiftRightLogicalVariable(a.GetLower(), b.GetLower()),
            Avx2.ShiftRightLogicalVariable(a.GetUpper(), b.GetUpper()))
        : Each<ShiftRightUnsigned32>(a, b);

    public static V RightSigned(V a, V b) => Avx512F.IsSupported ? Avx512F.ShiftRightArithmeticVariable(a.AsInt32(), b).AsUInt32()
        : Avx2.IsSupported ? Vector512.Create(Avx2.ShiftRightArithmeticVariable(a.GetLower().AsInt32(), b.GetLower()).AsUInt32(),
            Avx2.ShiftRightArithmeticVariable(a.GetUpper().AsInt32(), b.GetUpper()).AsUInt32())
        : Each<ShiftRightSigned32>(a, b);

    static V Each<TOp>(V a, V b) where TOp : IBinary<uint, uint, uint>
    {
        V result = default;
        for (int i = 0; i < V.Count; i++)
            result = result.WithElement(i, TOp.Of(a[i], b[i]));
        return result;
    }
}
