// add, sub, mul and fma of f16, bf16 and their pairs, rounded to nearest, sixteen registers at a time, and the table's lines.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using F = System.Runtime.Intrinsics.Vector512<float>;
using V = System.Runtime.Intrinsics.Vector512<uint>;

namespace HSENet.Ptx;

/// <summary>A 16-bit float format for vectors. Its elements lie in the low half of a word; what is above does not matter.</summary>
interface IHalfFormat
{
    static abstract FloatFormat Format { get; }

    static abstract F Widen(V elements);

    /// <summary>Rounds to nearest.</summary>
    static abstract V Narrow(F values);

    /// <summary>Whether f32 holds every product of two elements exactly.</summary>
    static abstract bool ExactProducts { get; }
}

readonly struct HalfFormat : IHalfFormat
{
    public static FloatFormat Format => FloatFormat.Half;
    public static F Widen(V elements) => HalfVectors.ToSingle(elements & Vector512.Create(0xffffu));
    public static V Narrow(F values) => HalfVectors.FromSingle(values);
    public static bool ExactProducts => true;
}

readonly struct BFloat16Format : IHalfFormat
{
    public static FloatFormat Format => FloatFormat.BFloat16;
    public static F Widen(V elements) => (elements << 16).AsSingle();
    public static V Narrow(F values) => BFloat16FromSingle.Of(values.AsUInt32());
    public static bool ExactProducts => false;
}

/// <summary>
/// A sum of two such numbers, or a product, rounded to f32 and then to 16 bits is what rounding it once gives: f32 has more than twice as
/// many bits, and where a product of bf16 is so small that f32 rounds it, none of its 16 bits reaches a tie of the result.
/// </summary>
readonly struct HalfAdd<T> : IVectorBinary where T : IHalfFormat
{
    public static uint Of(uint a, uint b) => (uint)FloatArithmetic.Add(T.Format, a & 0xffff, b & 0xffff, default);
    public static V Of(V a, V b) => T.Narrow(T.Widen(a) + T.Widen(b));
}

readonly struct HalfSubtract<T> : IVectorBinary where T : IHalfFormat
{
    public static uint Of(uint a, uint b) => (uint)FloatArithmetic.Subtract(T.Format, a & 0xffff, b & 0xffff, default);
    public static V Of(V a, V b) => T.Narrow(T.Widen(a) - T.Widen(b));
}

readonly struct HalfMultiply<T> : IVectorBinary where T : IHalfFormat
{
    public static uint Of(uint a, uint b) => (uint)FloatArithmetic.Multiply(T.Format, a & 0xffff, b & 0xffff, default);
    public static V Of(V a, V b) => T.Narrow(T.Widen(a) * T.Widen(b));
}

/// <summary>The exact product plus c, rounded to odd in f32 (see <see cref="OddRounding"/>), then to 16 bits.</summary>
readonly struct HalfFusedMultiplyAdd<T> : IVectorTernary where T : IHalfFormat
{
    public static uint Of(uint a, uint b, uint c) =>
        (uint)FloatArithmetic.FusedMultiplyAdd(T.Format, a & 0xffff, b & 0xffff, c & 0xffff, default);

    public static V Of(V a, V b, V c)
    {
        F x = T.Widen(a), y = T.Widen(b), product = x * y;
        if (!T.ExactProducts)
        {
            F magnitude = Vector512.Abs(product);
            F exact = Vector512.GreaterThan(magnitude, Vector512.Create(1e-33f)) & Vector512.LessThan(magnitude, Vector512.Create(1e37f));
            exact |= Vector512.Equals(x, F.Zero) | Vector512.Equals(y, F.Zero);
            if (!Vector512.EqualsAll(exact.AsUInt32(), V.AllBitsSet))
                return OneByOne(a, b, c);
        }
        F addend = T.Widen(c), sum = product + addend;
        F partOfAddend = sum - product, partOfProduct = sum - partOfAddend;
        F error = (product - partOfProduct) + (addend - partOfAddend);
        V bits = sum.AsUInt32();
        V inexact = (Vector512.GreaterThan(error, F.Zero) | Vector512.LessThan(error, F.Zero)).AsUInt32();
        V even = Vector512.Equals(bits & V.One, V.Zero);
        V step = Vector512.ConditionalSelect(Vector512.LessThan((bits ^ error.AsUInt32()).AsInt32(), Vector512<int>.Zero).AsUInt32(),
            V.AllBitsSet, V.One);
        return T.Narrow((bits + (step & inexact & even)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static V OneByOne(V a, V b, V c)
    {
        V result = V.Zero;
        for (int lane = 0; lane < V.Count; lane++)
            result = result.WithElement(lane, Of(a[lane], b[lane], c[lane]));
        return result;
    }
}

/// <summary>An instruction on both halves of a register.</summary>
readonly struct BothHalves<TOp> : IVectorBinary where TOp : IVectorBinary
{
    public static uint Of(uint a, uint b) => TOp.Of(a, b) | TOp.Of(a >> 16, b >> 16) << 16;
    public static V Of(V a, V b) => TOp.Of(a, b) | TOp.Of(a >> 16, b >> 16) << 16;
}

readonly struct BothHalvesOfThree<TOp> : IVectorTernary where TOp : IVectorTernary
{
    public static uint Of(uint a, uint b, uint c) => TOp.Of(a, b, c) | TOp.Of(a >> 16, b >> 16, c >> 16) << 16;
    public static V Of(V a, V b, V c) => TOp.Of(a, b, c) | TOp.Of(a >> 16, b >> 16, c >> 16) << 16;
}

sealed partial class DecodeTable
{
    void AddHalves()
    {
        AddHalves<HalfFormat>("f16");
        AddHalves<BFloat16Format>("bf16");
    }

    void AddHalves<T>(string type) where T : IHalfFormat
    {
        AddHalf<HalfAdd<T>>("add", type);
        AddHalf<HalfSubtract<T>>("sub", type);
        AddHalf<HalfMultiply<T>>("mul", type);
        Add($"fma.rn.{type}", Form.VectorTernary<HalfFusedMultiplyAdd<T>>());
        Add($"fma.rn.{type}x2", Form.VectorTernary<BothHalvesOfThree<HalfFusedMultiplyAdd<T>>>());
    }

    void AddHalf<TOp>(string name, string type) where TOp : IVectorBinary
    {
        Add($"{name}.{type} {name}.rn.{type}", Form.Vector<TOp>());
        Add($"{name}.{type}x2 {name}.rn.{type}x2", Form.Vector<BothHalves<TOp>>());
    }
}
