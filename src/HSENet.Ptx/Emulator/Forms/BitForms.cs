// Dot products of bytes, byte permutations, funnel shifts and fields that kernels execute often, and the table's lines.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using V = System.Runtime.Intrinsics.Vector512<uint>;

namespace HSENet.Ptx;

/// <summary>Whether bytes are signed, as a type argument.</summary>
interface ISignedness
{
    static abstract bool Signed { get; }
}

readonly struct SignedBytes : ISignedness
{
    public static bool Signed => true;
}

readonly struct UnsignedBytes : ISignedness
{
    public static bool Signed => false;
}

/// <summary>dp4a.</summary>
readonly struct DotBytes<TA, TB> : IVectorTernary where TA : ISignedness where TB : ISignedness
{
    public static uint Of(uint a, uint b, uint c) => (uint)IntegerArithmetic.DotBytes(TA.Signed, TB.Signed, a, b, c);

    public static V Of(V a, V b, V c)
    {
        for (int i = 0; i < 4; i++)
            c += Byte(a, i, TA.Signed) * Byte(b, i, TB.Signed);
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static V Byte(V value, int index, bool signed) =>
        signed ? ((value << (24 - 8 * index)).AsInt32() >> 24).AsUInt32() : value << (24 - 8 * index) >> 24;
}

/// <summary>prmt without a mode.</summary>
readonly struct PermuteBytes : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint selector)
    {
        ulong source = (ulong)b << 32 | a;
        uint result = 0;
        for (int i = 0; i < 4; i++, selector >>= 4)
        {
            uint value = (byte)(source >> (int)(8 * (selector & 7)));
            if ((selector & 8) != 0)
                value = (uint)((sbyte)value >> 7) & 255;
            result |= value << (8 * i);
        }
        return result;
    }
}

readonly struct FunnelLeftWrap : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c) => (uint)((((ulong)b << 32 | a) << (int)(c & 31)) >> 32);
}

readonly struct FunnelRightWrap : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c) => (uint)(((ulong)b << 32 | a) >> (int)(c & 31));
}

readonly struct ExtractUnsigned : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint start, uint length) => (uint)BitFields.Extract(new(32, false), a, start, length);
}

readonly struct ExtractSigned : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint start, uint length) => (uint)BitFields.Extract(new(32, true), a, start, length);
}

sealed partial class DecodeTable
{
    void AddBits()
    {
        Add("dp4a.s32.s32", Form.VectorTernary<DotBytes<SignedBytes, SignedBytes>>());
        Add("dp4a.s32.u32", Form.VectorTernary<DotBytes<SignedBytes, UnsignedBytes>>());
        Add("dp4a.u32.s32", Form.VectorTernary<DotBytes<UnsignedBytes, SignedBytes>>());
        Add("dp4a.u32.u32", Form.VectorTernary<DotBytes<UnsignedBytes, UnsignedBytes>>());
        Add("prmt.b32", Form.Ternary<PermuteBytes, uint, uint, uint, uint>());
        Add("shf.l.wrap.b32", Form.Ternary<FunnelLeftWrap, uint, uint, uint, uint>());
        Add("shf.r.wrap.b32", Form.Ternary<FunnelRightWrap, uint, uint, uint, uint>());
        Add("bfe.u32", Form.Ternary<ExtractUnsigned, uint, uint, uint, uint>());
        Add("bfe.s32", Form.Ternary<ExtractSigned, uint, uint, uint, uint>());
    }
}
