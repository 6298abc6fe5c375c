// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      a group computes 128 × 128 outputs, a thread 8 × 8 of them in registers: four loads of 16 bytes from shared memory serve 64
//           multiply-adds. The tiles lie transposed there, so that such a load is four rows at one k; the next 16 inputs are on their way
//           from memory while these are multiplied
// Numerics  one sum in f32 from k = 0 up, fused multiply-adds
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    // A k of a tile is 132 floats after the one before: the lanes that store 16 rows at k and at k + 4 meet no bank twice.
    const int RegisterTile = 128, RegisterTileDepth = 16, RegisterTileStride = 132, RegisterTileThreads = 256;
    const int RegisterTileFloats = RegisterTileDepth * RegisterTileStride;

    // One row's sums: columns of the left and of the right half of the warp's 64.
    struct RowSums
    {
        public Float4 L, R;
    }

    struct ThreadSums
    {
        public RowSums R0, R1, R2, R3, R4, R5, R6, R7;
    }

    // What a thread carries from memory to the tiles.
    struct Carried
    {
        public Float4 X0, X1, W0, W1;
    }

    static void ForwardV4<TInput, TVectors>(LinearArguments a)
        where TInput : struct, IActivationFormat where TVectors : struct, IWeightVectors
    {
        var shared = SharedMemory.Allocate<float>(RegisterTileThreads / 32 * SlabFloats); // more than the two tiles
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int row = (warp << 4) + (lane & 15), part = lane >> 4 << 2;
        int x = Math.Min(Grid.IdxX * RegisterTile + row, a.Rows - 1) * a.Inputs + part;
        int w = WeightRow(a, Grid.IdxY * RegisterTile + row) * a.Inputs + part;
        int to = part * RegisterTileStride + row;
        // Warps 4 down and 2 across; lanes 4 down and 8 across: rows of 4 and, 16 below, 4 more; columns of 4 and, 32 further, 4 more.
        int firstRow = (warp & 3) * 32, firstColumn = (warp >> 2) * 64;
        int fromX = firstRow + (lane >> 3) * 4, fromW = RegisterTileFloats + firstColumn + (lane & 7) * 4;

        ThreadSums sums = default;
        var carried = Carry<TInput, TVectors>(a, x, w, part, 0);
        for (int k0 = 0; k0 < a.Inputs; k0 += RegisterTileDepth)
        {
            Group.Barrier(); // all have read the tiles before
            Scatter(ref shared[to], 0, carried.X0);
            Scatter(ref shared[to], 32 * RegisterTileStride, carried.X1);
            Scatter(ref shared[to], 4 * RegisterTileFloats, carried.W0);
            Scatter(ref shared[to], 4 * RegisterTileFloats + 32 * RegisterTileStride, carried.W1);
            Group.Barrier(); // the tiles are whole
            carried = Carry<TInput, TVectors>(a, x, w, part, k0 + RegisterTileDepth);
            for (int k = 0; k < RegisterTileFloats; k += 2 * RegisterTileStride)
            {
                ref float fromX2 = ref shared[fromX + k], fromW2 = ref shared[fromW + k];
                sums = Multiply(sums, ref fromX2, ref fromW2, 0);
                sums = Multiply(sums, ref fromX2, ref fromW2, 4 * RegisterTileStride);
            }
        }

        Group.Barrier(); // all have read the last tiles
        int slab = warp * SlabFloats, at = slab + (lane >> 3) * 4 * SlabStride + (lane & 7) * 4;
        int m = Grid.IdxX * RegisterTile + firstRow, n = Grid.IdxY * RegisterTile + firstColumn;
        StoreRows(shared, at, sums.R0, sums.R1, sums.R2, sums.R3);
        FinishSlab(a, shared, slab, m, n);
        StoreRows(shared, at, sums.R4, sums.R5, sums.R6, sums.R7);
        FinishSlab(a, shared, slab, m + SlabRows, n);
    }

    // The next 16 inputs of a row of x and of W, of which a thread takes eight; zeros behind the end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Carried Carry<TInput, TVectors>(LinearArguments a, int x, int w, int part, int k0)
        where TInput : struct, IActivationFormat where TVectors : struct, IWeightVectors
    {
        Carried carried = default;
        if (k0 + part < a.Inputs)
        {
            carried.X0 = TInput.LoadQuad(a.X, x + k0);
            carried.W0 = TVectors.Quad(a.W, w + k0);
        }
        if (k0 + part + 8 < a.Inputs)
        {
            carried.X1 = TInput.LoadQuad(a.X, x + k0 + 8);
            carried.W1 = TVectors.Quad(a.W, w + k0 + 8);
        }
        return carried;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Scatter(ref float to, int bytes, Float4 values)
    {
        VectorInstructions.StoreShared(ref to, bytes, values.X);
        VectorInstructions.StoreShared(ref to, bytes + 4 * RegisterTileStride, values.Y);
        VectorInstructions.StoreShared(ref to, bytes + 8 * RegisterTileStride, values.Z);
        VectorInstructions.StoreShared(ref to, bytes + 12 * RegisterTileStride, values.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ThreadSums Multiply(ThreadSums sums, ref float x, ref float w, int bytes)
    {
        Float4 x0 = VectorInstructions.LoadShared(ref x, bytes), x1 = VectorInstructions.LoadShared(ref x, bytes + 4 * 16);
        Float4 w0 = VectorInstructions.LoadShared(ref w, bytes), w1 = VectorInstructions.LoadShared(ref w, bytes + 4 * 32);
        sums.R0 = Multiply(sums.R0, x0.X, w0, w1);
        sums.R1 = Multiply(sums.R1, x0.Y, w0, w1);
        sums.R2 = Multiply(sums.R2, x0.Z, w0, w1);
        sums.R3 = Multiply(sums.R3, x0.W, w0, w1);
        sums.R4 = Multiply(sums.R4, x1.X, w0, w1);
        sums.R5 = Multiply(sums.R5, x1.Y, w0, w1);
        sums.R6 = Multiply(sums.R6, x1.Z, w0, w1);
        sums.R7 = Multiply(sums.R7, x1.W, w0, w1);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static RowSums Multiply(RowSums sums, float x, Float4 w0, Float4 w1)
    {
        sums.L = Multiply(sums.L, x, w0);
        sums.R = Multiply(sums.R, x, w1);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Multiply(Float4 sums, float x, Float4 w)
    {
        sums.X = ScalarInstructions.FusedMultiplyAdd(x, w.X, sums.X);
        sums.Y = ScalarInstructions.FusedMultiplyAdd(x, w.Y, sums.Y);
        sums.Z = ScalarInstructions.FusedMultiplyAdd(x, w.Z, sums.Z);
        sums.W = ScalarInstructions.FusedMultiplyAdd(x, w.W, sums.W);
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreRows(ArrayView<float> shared, int at, RowSums r0, RowSums r1, RowSums r2, RowSums r3)
    {
        StoreRow(ref shared[at], 0, r0);
        StoreRow(ref shared[at], 4 * SlabStride, r1);
        StoreRow(ref shared[at], 8 * SlabStride, r2);
        StoreRow(ref shared[at], 12 * SlabStride, r3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreRow(ref float at, int bytes, RowSums row)
    {
        VectorInstructions.StoreShared(ref at, bytes, row.L);
        VectorInstructions.StoreShared(ref at, bytes + 4 * 32, row.R);
    }
}
