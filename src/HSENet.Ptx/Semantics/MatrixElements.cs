// What a 32-bit register of a matrix fragment holds, as floats: elements of bf16, f16, tf32, s8 and u8, and f32 rounded back to f16
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>An element type of mma's A and B.</summary>
interface IMatrixElement
{
    /// <summary>Elements in one register: consecutive along k, the first in the lowest bits.</summary>
    static abstract int PerRegister { get; }

    /// <summary>Element <paramref name="index"/> of each of 16 registers, exactly.</summary>
    static abstract Vector512<float> Element(Vector512<uint> registers, int index);
}

readonly struct BFloat16Element : IMatrixElement
{
    public static int PerRegister => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Element(Vector512<uint> registers, int index) =>
        (index == 0 ? registers << 16 : registers & Vector512.Create(0xffff0000)).AsSingle();
}

readonly struct HalfElement : IMatrixElement
{
    public static int PerRegister => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Element(Vector512<uint> registers, int index) =>
        HalfVectors.ToSingle(index == 0 ? registers & Vector512.Create(0xffffu) : registers >> 16);
}

/// <summary>The 13 lowest bits of a register are ignored.</summary>
readonly struct TensorFloat32Element : IMatrixElement
{
    public static int PerRegister => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Element(Vector512<uint> registers, int index) => (registers & Vector512.Create(0xffffe000)).AsSingle();
}

readonly struct SignedByteElement : IMatrixElement
{
    public static int PerRegister => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Element(Vector512<uint> registers, int index) =>
        Vector512.ConvertToSingle((registers << (24 - 8 * index)).AsInt32() >> 24);
}

readonly struct UnsignedByteElement : IMatrixElement
{
    public static int PerRegister => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Element(Vector512<uint> registers, int index) =>
        Vector512.ConvertToSingle((registers << (24 - 8 * index) >> 24).AsInt32());
}

/// <summary>f16 in the low halves of 16 words.</summary>
static class HalfVectors
{
    public static Vector512<float> ToSingle(Vector512<uint> bits)
    {
        // Moved under f32's exponent the number is 2^-112 times too small, subnormal or not; infinities and NaNs get the full exponent
        // afterwards
        Vector512<uint> magnitude = (bits & Vector512.Create(0x7fffu)) << 13;
        Vector512<uint> scaled = (magnitude.AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle((127 + 112) << 23))).AsUInt32();
        Vector512<uint> special = Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(0x7c00u << 13)) & Vector512.Create(0x7f800000u);
        return (scaled | special | (bits & Vector512.Create(0x8000u)) << 16).AsSingle();
    }

    /// <summary>Rounds to nearest, ties to even; a NaN becomes 0x7fff.</summary>
    public static Vector512<uint> FromSingle(Vector512<float> values)
    {
        Vector512<uint> sign = (values.AsUInt32() >> 16) & Vector512.Create(0x8000u);
        Vector512<uint> magnitude = values.AsUInt32() & Vector512.Create(0x7fffffffu);
        Vector512<uint> odd = (magnitude >> 13) & Vector512<uint>.One;
        Vector512<uint> normal = (magnitude + Vector512.Create(unchecked(0xfffu - (112u << 23))) + odd) >> 13;
        // One unit of the last place of 0.5 is 2^-24, f16's smallest number, so the sum rounds there
        Vector512<uint> half = Vector512.Create(0.5f).AsUInt32();
        Vector512<uint> subnormal = (magnitude.AsSingle() + half.AsSingle()).AsUInt32() - half;
        Vector512<uint> result = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(113u << 23)), subnormal,
            normal);
        Vector512<uint> overflow = Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(65520f).AsUInt32());
        result = Vector512.ConditionalSelect(overflow, Vector512.Create(0x7c00u), result) | sign;
        return Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, Vector512.Create(0x7f800000u)), Vector512.Create(0x7fffu),
            result);
    }
}
