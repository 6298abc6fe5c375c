// A warp's part of a product in the fragments of tensor cores: rows of 16 × 64 sums, multiplied from shared memory.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>16 × 64 sums of a warp: eight fragments of 16 × 8.</summary>
struct FragmentRow
{
    public Float4 T0, T1, T2, T3, T4, T5, T6, T7;
}

/// <summary>64 rows of the second matrix at 16 columns: four times 16 rows.</summary>
struct ColumnFragments
{
    public Bits4 W0, W1, W2, W3;
}

/// <summary>What rungs on tensor cores share.</summary>
static class Fragments
{
    /// <summary>Reads 64 rows of the second matrix, <paramref name="stride"/> bytes apart, 16 rows at a time: two matrices down and two
    /// across.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ColumnFragments LoadColumns(ref float from, int bytes, int stride)
    {
        ColumnFragments w = default;
        w.W0 = TensorInstructions.LoadMatrices(ref from, bytes);
        w.W1 = TensorInstructions.LoadMatrices(ref from, bytes + 16 * stride);
        w.W2 = TensorInstructions.LoadMatrices(ref from, bytes + 32 * stride);
        w.W3 = TensorInstructions.LoadMatrices(ref from, bytes + 48 * stride);
        return w;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FragmentRow Multiply(FragmentRow sums, Bits4 x, ColumnFragments w)
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

    // Of 16 rows the first eight, at all 16 columns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits2 Upper(Bits4 w)
    {
        Bits2 half = default;
        half.X = w.X;
        half.Y = w.Y;
        return half;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits2 Lower(Bits4 w)
    {
        Bits2 half = default;
        half.X = w.Z;
        half.Y = w.W;
        return half;
    }

    /// <summary>Four floats as two registers of bf16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits2 Pack(Float4 x)
    {
        Bits2 packed = default;
        packed.X = TensorInstructions.Pack(x.Y, x.X);
        packed.Y = TensorInstructions.Pack(x.W, x.Z);
        return packed;
    }

    /// <summary>Words from the begin of a row of 64 bytes to one of its four 16-byte parts: permuted, so that eight rows of a part meet
    /// every bank once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Permuted(int row, int part) => (part ^ row >> 1 & 3) << 2;
}
