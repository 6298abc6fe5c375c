// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 weights
// Idea      tensor cores: a group computes 64 × 128 outputs, a warp 32 × 64 of them in fragments. A fragment comes from shared memory by
//           one instruction; rows lie 80 bytes apart there, so that eight of them meet every bank once. x becomes bf16 on its way there
// Numerics  x is rounded to bf16 (2⁻⁸ of itself), products are exact, sums in f32 in the order of the tensor core, which cuts: 2⁻²³ each
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    // Two bf16 are a word: 32 inputs of a row are 16 words, and 4 more keep rows in different banks.
    const int TensorDepth = 32, PaddedStride = 20, PaddedBytes = 4 * PaddedStride, TensorThreads = 128;
    const int TensorRows = 64, TensorColumns = 128;

    struct CarriedX
    {
        public Float4 X0, X1, X2, X3;
    }

    struct CarriedW
    {
        public Bits4 W0, W1, W2, W3;
    }

    static void ForwardV5(LinearArguments a)
    {
        var shared = SharedMemory.Allocate<float>(TensorThreads / 32 * SlabFloats); // more than the two tiles
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        // Eight lanes bring a row of x, 16 bytes each, four a row of W; rows that are stored together are four apart, where banks differ.
        int partX = lane & 7, rowX = warp * 8 + (lane >> 3 & 1) * 4 + (lane >> 4);
        int partW = lane & 3, rowW = warp * 8 + (lane >> 3) + (lane >> 2 & 1) * 4;
        int toX = rowX * PaddedStride + partX * 2, toW = (TensorRows + rowW) * PaddedStride + partW * 4;
        int m0 = Grid.IdxX * TensorRows, n0 = Grid.IdxY * TensorColumns;
        int x0 = RowOfX(a, m0 + rowX) + partX * 4, x1 = RowOfX(a, m0 + rowX + 2) + partX * 4;
        int x2 = RowOfX(a, m0 + rowX + 32) + partX * 4, x3 = RowOfX(a, m0 + rowX + 34) + partX * 4;
        int w0 = WeightRow(a, n0 + rowW) * a.Inputs + partW * 8, w1 = WeightRow(a, n0 + rowW + 32) * a.Inputs + partW * 8;
        int w2 = WeightRow(a, n0 + rowW + 64) * a.Inputs + partW * 8, w3 = WeightRow(a, n0 + rowW + 96) * a.Inputs + partW * 8;
        // Warps 2 down and 2 across.
        int firstRow = (warp & 1) * 32, firstColumn = (warp >> 1) * 64;
        int fromX = (firstRow + (lane & 15)) * PaddedStride + (lane >> 4) * 4;
        int fromW = (TensorRows + firstColumn + (lane & 7) + (lane >> 4) * 8) * PaddedStride + (lane >> 3 & 1) * 4;

        FragmentRow upper = default, lower = default;
        for (int k0 = 0; k0 < a.Inputs; k0 += TensorDepth)
        {
            var x = CarryX(a.X.Address + 4L * k0, x0, x1, x2, x3);
            var w = CarryW(a.W.Values.Address + 2L * k0, w0, w1, w2, w3);
            Group.Barrier(); // all have read the tiles before
            VectorInstructions.StoreShared(ref shared[toX], 0, Fragments.Pack(x.X0));
            VectorInstructions.StoreShared(ref shared[toX], 2 * PaddedBytes, Fragments.Pack(x.X1));
            VectorInstructions.StoreShared(ref shared[toX], 32 * PaddedBytes, Fragments.Pack(x.X2));
            VectorInstructions.StoreShared(ref shared[toX], 34 * PaddedBytes, Fragments.Pack(x.X3));
            VectorInstructions.StoreShared(ref shared[toW], 0, w.W0);
            VectorInstructions.StoreShared(ref shared[toW], 32 * PaddedBytes, w.W1);
            VectorInstructions.StoreShared(ref shared[toW], 64 * PaddedBytes, w.W2);
            VectorInstructions.StoreShared(ref shared[toW], 96 * PaddedBytes, w.W3);
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
    static unsafe CarriedX CarryX(long address, int x0, int x1, int x2, int x3)
    {
        CarriedX x = default;
        x.X0 = VectorInstructions.Load(ref *(Float4*)((float*)address + x0));
        x.X1 = VectorInstructions.Load(ref *(Float4*)((float*)address + x1));
        x.X2 = VectorInstructions.Load(ref *(Float4*)((float*)address + x2));
        x.X3 = VectorInstructions.Load(ref *(Float4*)((float*)address + x3));
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe CarriedW CarryW(long address, int w0, int w1, int w2, int w3)
    {
        CarriedW w = default;
        w.W0 = VectorInstructions.Load(ref *(Bits4*)((ushort*)address + w0));
        w.W1 = VectorInstructions.Load(ref *(Bits4*)((ushort*)address + w1));
        w.W2 = VectorInstructions.Load(ref *(Bits4*)((ushort*)address + w2));
        w.W3 = VectorInstructions.Load(ref *(Bits4*)((ushort*)address + w3));
        return w;
    }
}
