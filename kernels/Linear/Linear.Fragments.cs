// A warp's sums in the fragments of tensor cores: rows of 16 × 64 outputs, multiplied from shared memory and spread to a slab.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    /// <summary>16 × 64 sums of a warp: eight fragments of 16 × 8.</summary>
    struct FragmentRow
    {
        public Float4 T0, T1, T2, T3, T4, T5, T6, T7;
    }

    /// <summary>64 rows of W at 16 inputs: four times 16 rows.</summary>
    struct WeightFragments
    {
        public Bits4 W0, W1, W2, W3;
    }

    /// <summary>Reads 64 rows of W, <paramref name="stride"/> bytes apart, 16 rows at a time: two matrices down and two across.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static WeightFragments LoadWeights(ref float from, int bytes, int stride)
    {
        WeightFragments w = default;
        w.W0 = TensorInstructions.LoadMatrices(ref from, bytes);
        w.W1 = TensorInstructions.LoadMatrices(ref from, bytes + 16 * stride);
        w.W2 = TensorInstructions.LoadMatrices(ref from, bytes + 32 * stride);
        w.W3 = TensorInstructions.LoadMatrices(ref from, bytes + 48 * stride);
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FragmentRow Multiply(FragmentRow sums, Bits4 x, WeightFragments w)
    {
        sums.T0 = TensorInstructions.Multiply(x, Upper(w.W0), sums.T0);
        sums.T1 = TensorInstructions.Multiply(x, Lower(w.W0), sums.T1);
        sums.T2 = TensorInstructions.Multiply(x, Upper(w.W1), sums.T2);
        sums.T3 = TensorInstructions.Multiply(x, Lower(w.W1), sums.T3);
        sums.T4 = TensorInstructions.Multiply(x, Upper(w.W2), sums.T4);
        sums.T5 = TensorInstructions.Multiply(x, Lower(w.W2), sums.T5);
        sums.T6 = TensorInstructions.Multiply(x, Upper(w.W3), sums.T6);
        sums.T7 = TensorInstructions.Multiply(x, Lower(w.W3), sums.T7);
        return sums;
    }

    // Of 16 rows of W the first eight, at all 16 inputs.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Bits2 Upper(Bits4 w)
    {
        Bits2 half = default;
        half.X = w.X;
        half.Y = w.Y;
        return half;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Bits2 Lower(Bits4 w)
    {
        Bits2 half = default;
        half.X = w.Z;
        half.Y = w.W;
        return half;
    }

    /// <summary>Four floats as two registers of bf16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Bits2 Pack(Float4 x)
    {
        Bits2 packed = default;
        packed.X = TensorInstructions.Pack(x.Y, x.X);
        packed.Y = TensorInstructions.Pack(x.W, x.Z);
        return packed;
    }

    /// <summary>From fragments to rows, and out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishFragments(LinearArguments a, ArrayView<float> shared, int slab, FragmentRow sums, int firstRow, int firstColumn)
    {
        int lane = Group.IdxX & 31, at = slab + (lane >> 2) * SlabStride + (lane & 3) * 2;
        Spread(ref shared[at], 0, sums.T0);
        Spread(ref shared[at], 32, sums.T1);
        Spread(ref shared[at], 64, sums.T2);
        Spread(ref shared[at], 96, sums.T3);
        Spread(ref shared[at], 128, sums.T4);
        Spread(ref shared[at], 160, sums.T5);
        Spread(ref shared[at], 192, sums.T6);
        Spread(ref shared[at], 224, sums.T7);
        FinishSlab(a, shared, slab, firstRow, firstColumn);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Spread(ref float at, int bytes, Float4 tile)
    {
        Float2 upper = default, lower = default;
        upper.X = tile.X;
        upper.Y = tile.Y;
        lower.X = tile.Z;
        lower.Y = tile.W;
        VectorInstructions.StoreShared(ref at, bytes, upper);
        VectorInstructions.StoreShared(ref at, bytes + 32 * SlabStride, lower);
    }
}
