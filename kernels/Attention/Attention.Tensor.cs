// What a warp of Attention's tensor rungs does with a tile: scores, mask, powers, sums over values, in the registers of fragments.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Attention
{
    /// <summary>Adds q · k over 64 dimensions, from a byte of K's rows on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow Scores<THead>(FragmentRow s, QueryFragments q, ArrayView<float> shared, int k, int row, int half, int bytes)
        where THead : struct, IHeadParts
    {
        int stride = TensorRowBytes<THead>();
        s = Fragments.Multiply(s, q.A0, Fragments.LoadColumns(ref shared[k + PartOf(row, half)], bytes, stride));
        s = Fragments.Multiply(s, q.A1, Fragments.LoadColumns(ref shared[k + PartOf(row, 2 + half)], bytes, stride));
        s = Fragments.Multiply(s, q.A2, Fragments.LoadColumns(ref shared[k + PartOf(row, 4 + half)], bytes, stride));
        return Fragments.Multiply(s, q.A3, Fragments.LoadColumns(ref shared[k + PartOf(row, 6 + half)], bytes, stride));
    }

    /// <summary>Adds p · v over 64 keys at 64 dimensions, from a byte of V's rows on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow Values<THead>(FragmentRow y, FragmentRow p, ArrayView<float> shared, int v, int row, int half, int bytes)
        where THead : struct, IHeadParts
    {
        int stride = 16 * TensorRowBytes<THead>();
        y = Values(y, First(p.T0, p.T1), shared, v, row, half, bytes);
        y = Values(y, First(p.T2, p.T3), shared, v, row, half, bytes + stride);
        y = Values(y, First(p.T4, p.T5), shared, v, row, half, bytes + 2 * stride);
        return Values(y, First(p.T6, p.T7), shared, v, row, half, bytes + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow Values(FragmentRow y, Bits4 p, ArrayView<float> shared, int v, int row, int half, int bytes)
    {
        ColumnFragments columns = default;
        columns.W0 = TensorInstructions.LoadTransposed(ref shared[v + PartOf(row, half)], bytes);
        columns.W1 = TensorInstructions.LoadTransposed(ref shared[v + PartOf(row, 2 + half)], bytes);
        columns.W2 = TensorInstructions.LoadTransposed(ref shared[v + PartOf(row, 4 + half)], bytes);
        columns.W3 = TensorInstructions.LoadTransposed(ref shared[v + PartOf(row, 6 + half)], bytes);
        return Fragments.Multiply(y, p, columns);
    }

    // Sums of 16 queries with 16 keys as the first factor of the next product: they lie where it wants them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Bits4 First(Float4 left, Float4 right)
    {
        Bits4 factor = default;
        factor.X = TensorInstructions.Pack(left.Y, left.X);
        factor.Y = TensorInstructions.Pack(left.W, left.Z);
        factor.Z = TensorInstructions.Pack(right.Y, right.X);
        factor.W = TensorInstructions.Pack(right.W, right.Z);
        return factor;
    }

    /// <summary>Makes scores −∞ from a number of keys on, counted from the lane's first column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow Mask(FragmentRow s, int upper, int lower)
    {
        s.T0 = Mask(s.T0, upper, lower);
        s.T1 = Mask(s.T1, upper - 8, lower - 8);
        s.T2 = Mask(s.T2, upper - 16, lower - 16);
        s.T3 = Mask(s.T3, upper - 24, lower - 24);
        s.T4 = Mask(s.T4, upper - 32, lower - 32);
        s.T5 = Mask(s.T5, upper - 40, lower - 40);
        s.T6 = Mask(s.T6, upper - 48, lower - 48);
        s.T7 = Mask(s.T7, upper - 56, lower - 56);
        return s;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Mask(Float4 s, int upper, int lower)
    {
        s.X = MathF.Min(s.X, Bound(upper));
        s.Y = MathF.Min(s.Y, Bound(upper - 1));
        s.Z = MathF.Min(s.Z, Bound(lower));
        s.W = MathF.Min(s.W, Bound(lower - 1));
        return s;
    }

    // Infinity with the sign of count − 1: without a branch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Bound(int count) => Interop.IntAsFloat(0x7F80_0000u | (uint)(count - 1) & 0x8000_0000u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float LargestUpper(FragmentRow s) => MathF.Max(
        MathF.Max(MathF.Max(MathF.Max(s.T0.X, s.T0.Y), MathF.Max(s.T1.X, s.T1.Y)),
            MathF.Max(MathF.Max(s.T2.X, s.T2.Y), MathF.Max(s.T3.X, s.T3.Y))),
        MathF.Max(MathF.Max(MathF.Max(s.T4.X, s.T4.Y), MathF.Max(s.T5.X, s.T5.Y)),
            MathF.Max(MathF.Max(s.T6.X, s.T6.Y), MathF.Max(s.T7.X, s.T7.Y))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float LargestLower(FragmentRow s) => MathF.Max(
        MathF.Max(MathF.Max(MathF.Max(s.T0.Z, s.T0.W), MathF.Max(s.T1.Z, s.T1.W)),
            MathF.Max(MathF.Max(s.T2.Z, s.T2.W), MathF.Max(s.T3.Z, s.T3.W))),
        MathF.Max(MathF.Max(MathF.Max(s.T4.Z, s.T4.W), MathF.Max(s.T5.Z, s.T5.W)),
            MathF.Max(MathF.Max(s.T6.Z, s.T6.W), MathF.Max(s.T7.Z, s.T7.W))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float SumUpper(FragmentRow s) => s.T0.X + s.T0.Y + (s.T1.X + s.T1.Y) + (s.T2.X + s.T2.Y + (s.T3.X + s.T3.Y))
        + (s.T4.X + s.T4.Y + (s.T5.X + s.T5.Y) + (s.T6.X + s.T6.Y + (s.T7.X + s.T7.Y)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float SumLower(FragmentRow s) => s.T0.Z + s.T0.W + (s.T1.Z + s.T1.W) + (s.T2.Z + s.T2.W + (s.T3.Z + s.T3.W))
        + (s.T4.Z + s.T4.W + (s.T5.Z + s.T5.W) + (s.T6.Z + s.T6.W + (s.T7.Z + s.T7.W)));

    // The four lanes of a row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float OfFour(float value)
    {
        value = MathF.Max(value, Warp.ShuffleXor(value, 1));
        return MathF.Max(value, Warp.ShuffleXor(value, 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float AddFour(float value)
    {
        value += Warp.ShuffleXor(value, 1);
        return value + Warp.ShuffleXor(value, 2);
    }

    /// <summary>2^(s · scale + offset).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow Powers(FragmentRow s, float scale, float upper, float lower)
    {
        s.T0 = Powers(s.T0, scale, upper, lower);
        s.T1 = Powers(s.T1, scale, upper, lower);
        s.T2 = Powers(s.T2, scale, upper, lower);
        s.T3 = Powers(s.T3, scale, upper, lower);
        s.T4 = Powers(s.T4, scale, upper, lower);
        s.T5 = Powers(s.T5, scale, upper, lower);
        s.T6 = Powers(s.T6, scale, upper, lower);
        s.T7 = Powers(s.T7, scale, upper, lower);
        return s;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Powers(Float4 s, float scale, float upper, float lower)
    {
        s.X = SpecialFunctions.Exponential2(ScalarInstructions.FusedMultiplyAdd(s.X, scale, upper));
        s.Y = SpecialFunctions.Exponential2(ScalarInstructions.FusedMultiplyAdd(s.Y, scale, upper));
        s.Z = SpecialFunctions.Exponential2(ScalarInstructions.FusedMultiplyAdd(s.Z, scale, lower));
        s.W = SpecialFunctions.Exponential2(ScalarInstructions.FusedMultiplyAdd(s.W, scale, lower));
        return s;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow Shrink(FragmentRow y, float upper, float lower)
    {
        y.T0 = Shrink(y.T0, upper, lower);
        y.T1 = Shrink(y.T1, upper, lower);
        y.T2 = Shrink(y.T2, upper, lower);
        y.T3 = Shrink(y.T3, upper, lower);
        y.T4 = Shrink(y.T4, upper, lower);
        y.T5 = Shrink(y.T5, upper, lower);
        y.T6 = Shrink(y.T6, upper, lower);
        y.T7 = Shrink(y.T7, upper, lower);
        return y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Shrink(Float4 y, float upper, float lower)
    {
        y.X *= upper;
        y.Y *= upper;
        y.Z *= lower;
        y.W *= lower;
        return y;
    }

    // A lane has two neighbours of rows g and g + 8, four lanes half a sector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreRows(AttentionArguments a, int b, int h, int row, int firstDimension, FragmentRow y)
    {
        int at = ((b * a.Queries + row) * a.QueryHeads + h) * a.HeadSize + firstDimension + 2 * (Group.IdxX & 3);
        int down = 8 * a.QueryHeads * a.HeadSize;
        if (row < a.Queries)
        {
            StorePair(a, at, y.T0.X, y.T0.Y);
            StorePair(a, at + 8, y.T1.X, y.T1.Y);
            StorePair(a, at + 16, y.T2.X, y.T2.Y);
            StorePair(a, at + 24, y.T3.X, y.T3.Y);
            StorePair(a, at + 32, y.T4.X, y.T4.Y);
            StorePair(a, at + 40, y.T5.X, y.T5.Y);
            StorePair(a, at + 48, y.T6.X, y.T6.Y);
            StorePair(a, at + 56, y.T7.X, y.T7.Y);
        }
        at += down;
        if (row + 8 < a.Queries)
        {
            StorePair(a, at, y.T0.Z, y.T0.W);
            StorePair(a, at + 8, y.T1.Z, y.T1.W);
            StorePair(a, at + 16, y.T2.Z, y.T2.W);
            StorePair(a, at + 24, y.T3.Z, y.T3.W);
            StorePair(a, at + 32, y.T4.Z, y.T4.W);
            StorePair(a, at + 40, y.T5.Z, y.T5.W);
            StorePair(a, at + 48, y.T6.Z, y.T6.W);
            StorePair(a, at + 56, y.T7.Z, y.T7.W);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void StorePair(AttentionArguments a, int at, float x, float y) =>
        ((uint*)a.Y.Address)[at >> 1] = TensorInstructions.Pack(y, x);
}
