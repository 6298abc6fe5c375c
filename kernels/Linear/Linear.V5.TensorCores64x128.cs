// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 x and weights
// Idea      tensor cores: a group computes 64 × 128 outputs, a warp 32 × 64 of them in fragments. A fragment comes from shared memory by
//           one instruction; rows lie 80 bytes apart there, so that eight of them meet every bank once
// Numerics  products are exact, sums in f32 in the order of the tensor core, which cuts: 2⁻²³ each
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    // Two bf16 are a word: 32 inputs of a row are 16 words, and 4 more keep rows in different banks.
    const int TensorDepth = 32, PaddedStride = 20, PaddedBytes = 4 * PaddedStride, TensorThreads = 128;
    const int TensorRows = 64, TensorColumns = 128;

    // 16 bytes of two rows of x and of four of W.
    struct CarriedRows
    {
        public Bits4 X0, X1, W0, W1, W2, W3;
    }

    static void ForwardV5(LinearArguments a)
    {
        var shared = SharedMemory.Allocate<float>(TensorThreads / 32 * SlabFloats); // more than the two tiles
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        // Four lanes bring a row, 16 bytes each; rows that are stored together are four apart, where banks differ.
        int part = lane & 3, row = warp * 8 + (lane >> 3) + (lane >> 2 & 1) * 4;
        int toX = row * PaddedStride + part * 4, toW = toX + TensorRows * PaddedStride;
        int m0 = Grid.IdxX * TensorRows, n0 = Grid.IdxY * TensorColumns;
        int x0 = RowOfX(a, m0 + row) + part * 8, x1 = RowOfX(a, m0 + row + 32) + part * 8;
        int w0 = WeightRow(a, n0 + row) * a.Inputs + part * 8, w1 = WeightRow(a, n0 + row + 32) * a.Inputs + part * 8;
        int w2 = WeightRow(a, n0 + row + 64) * a.Inputs + part * 8, w3 = WeightRow(a, n0 + row + 96) * a.Inputs + part * 8;
        // Warps 2 down and 2 across.
        int firstRow = (warp & 1) * 32, firstColumn = (warp >> 1) * 64;
        int fromX = (firstRow + (lane & 15)) * PaddedStride + (lane >> 4) * 4;
        int fromW = (TensorRows + firstColumn + (lane & 7) + (lane >> 4) * 8) * PaddedStride + (lane >> 3 & 1) * 4;

        FragmentRow upper = default, lower = default;
        for (int k0 = 0; k0 < a.Inputs; k0 += TensorDepth)
        {
            var rows = CarryRows(a.X.Address + 2L * k0, a.W.Values.Address + 2L * k0, x0, x1, w0, w1, w2, w3);
            Group.Barrier(); // all have read the tiles before
            VectorInstructions.StoreShared(ref shared[toX], 0, rows.X0);
            VectorInstructions.StoreShared(ref shared[toX], 32 * PaddedBytes, rows.X1);
            VectorInstructions.StoreShared(ref shared[toW], 0, rows.W0);
            VectorInstructions.StoreShared(ref shared[toW], 32 * PaddedBytes, rows.W1);
            VectorInstructions.StoreShared(ref shared[toW], 64 * PaddedBytes, rows.W2);
            VectorInstructions.StoreShared(ref shared[toW], 96 * PaddedBytes, rows.W3);
            Group.Barrier(); // the tiles are whole
            var weights = Fragments.LoadColumns(ref shared[fromW], 0, PaddedBytes);
            upper = Fragments.Multiply(upper, TensorInstructions.LoadMatrices(ref shared[fromX], 0), weights);
            lower = Fragments.Multiply(lower, TensorInstructions.LoadMatrices(ref shared[fromX], 16 * PaddedBytes), weights);
            weights = Fragments.LoadColumns(ref shared[fromW], TensorDepth, PaddedBytes); // 16 inputs on
            upper = Fragments.Multiply(upper, TensorInstructions.LoadMatrices(ref shared[fromX], TensorDepth), weights);
            lower = Fragments.Multiply(lower, TensorInstructions.LoadMatrices(ref shared[fromX], TensorDepth + 16 * PaddedBytes), weights);
        }

        Group.Barrier(); // all have read the last tiles
        FinishFragments(a, shared, warp * SlabFloats, upper, m0 + firstRow, n0 + firstColumn);
        FinishFragments(a, shared, warp * SlabFloats, lower, m0 + firstRow + SlabRows, n0 + firstColumn);
    }

    /// <summary>Where a row of x begins; beyond the edge the last one again, whose sums nobody stores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int RowOfX(LinearArguments a, int row) => Math.Min(row, a.Rows - 1) * a.Inputs;

    // Addresses move along k, indices of rows stay: one instruction for each load.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static CarriedRows CarryRows(long x, long w, int x0, int x1, int w0, int w1, int w2, int w3)
    {
        CarriedRows rows = default;
        rows.X0 = Eight(x, x0);
        rows.X1 = Eight(x, x1);
        rows.W0 = Eight(w, w0);
        rows.W1 = Eight(w, w1);
        rows.W2 = Eight(w, w2);
        rows.W3 = Eight(w, w3);
        return rows;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Bits4 Eight(long address, int index) => VectorInstructions.Load(ref *(Bits4*)((ushort*)address + index));
}
