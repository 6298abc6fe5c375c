// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 x and weights
// Idea      asynchronous copies bring tiles of both, three ahead of the product, with one barrier a tile. A group computes 128 × 128
//           outputs or 192 × 256, a warp 64 or 96 rows of 64: each fragment is used more often than in V5, so that the load-store unit
//           and the second-level cache are quicker than the tensor cores. The fragments of the next product are loaded while the tensor
//           cores work on this one, across the barrier, too. A row's four 16-byte parts are permuted (part ^ row / 2 % 4), so that
//           eight rows of a part meet every bank once
// Numerics  as V5: products are exact, sums in f32 in the order of the tensor core
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int PipelineStages = 4, RowWords = TensorDepth / 2, RowBytes = 4 * RowWords;

    /// <summary>What a group computes: two warps down and some across, each 64 columns wide.</summary>
    interface IPipelineTile
    {
        /// <summary>How many times 16 rows a warp computes: 4 or 6.</summary>
        static abstract int RowFragments { get; }

        /// <summary>Warps side by side: 2 or 4.</summary>
        static abstract int Across { get; }
    }

    readonly struct Tile128x128 : IPipelineTile
    {
        public static int RowFragments => 4;

        public static int Across => 2;
    }

    readonly struct Tile192x256 : IPipelineTile
    {
        public static int RowFragments => 6;

        public static int Across => 4;
    }

    struct PipelineSums
    {
        public FragmentRow R0, R1, R2, R3, R4, R5;
    }

    // 16 inputs of all rows and columns of a warp.
    struct PipelineFragments
    {
        public ColumnFragments W;
        public Bits4 X0, X1, X2, X3, X4, X5;
    }

    static int PipelineRows<TTile>() where TTile : struct, IPipelineTile => 32 * TTile.RowFragments;

    static int PipelineColumns<TTile>() where TTile : struct, IPipelineTile => 64 * TTile.Across;

    /// <summary>Rows that all threads copy at a time, four a row.</summary>
    static int CopiedRows<TTile>() where TTile : struct, IPipelineTile => 16 * TTile.Across;

    static int StageWords<TTile>() where TTile : struct, IPipelineTile => (PipelineRows<TTile>() + PipelineColumns<TTile>()) * RowWords;

    static int PipelineBytes<TTile>() where TTile : struct, IPipelineTile => 4 * PipelineStages * StageWords<TTile>();

    // Where a thread's copies come from and go to: a quarter of a row each, 16 rows a pair of warps.
    struct Copies
    {
        public int X0, X1, X2, X3, W0, W1, W2, W3, To;
    }

    static void ForwardV6<TTile>(LinearArguments a) where TTile : struct, IPipelineTile
    {
        var shared = SharedMemory.GetDynamic<float>();
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int m0 = Grid.IdxX * PipelineRows<TTile>(), n0 = Grid.IdxY * PipelineColumns<TTile>();
        var copies = CopiesOf<TTile>(a, m0, n0);
        // Fragments: the permutation depends on a row's place among eight, so that all of a lane's rows share it.
        int firstRow = (warp & 1) * 16 * TTile.RowFragments, firstColumn = (warp >> 1) * 64;
        int rowX = firstRow + (lane & 15), rowW = firstColumn + (lane & 7) + (lane >> 4) * 8;
        int tileW = PipelineRows<TTile>() * RowWords;
        int fromX = rowX * RowWords + Fragments.Permuted(rowX, lane >> 4),
            fromX16 = rowX * RowWords + Fragments.Permuted(rowX, 2 + (lane >> 4));
        int fromW = tileW + rowW * RowWords + Fragments.Permuted(rowW, lane >> 3 & 1);
        int fromW16 = tileW + rowW * RowWords + Fragments.Permuted(rowW, 2 + (lane >> 3 & 1));

        for (int tile = 0; tile < PipelineStages; tile++)
            CopyTiles<TTile>(a, ref shared[copies.To + tile * StageWords<TTile>()], copies, tile * TensorDepth);
        TensorInstructions.WaitForAllButTwo();
        Group.Barrier(); // the first tile is whole
        PipelineSums sums = default;
        int stage = 0;
        var fragments = LoadFragments<TTile>(ref shared[fromX], ref shared[fromW]);
        for (int k0 = 0; k0 < a.Inputs; k0 += TensorDepth)
        {
            sums = Multiply<TTile>(sums, fragments);
            fragments = LoadFragments<TTile>(ref shared[stage + fromX16], ref shared[stage + fromW16]);
            TensorInstructions.WaitForAllButTwo();
            Group.Barrier(); // the next tile is whole, and all have this one in registers
            CopyTiles<TTile>(a, ref shared[copies.To + stage], copies, k0 + PipelineStages * TensorDepth);
            sums = Multiply<TTile>(sums, fragments);
            // While the tensor cores work on this; behind the last tile it is that one again.
            if (k0 + TensorDepth < a.Inputs)
                stage = stage == (PipelineStages - 1) * StageWords<TTile>() ? 0 : stage + StageWords<TTile>();
            fragments = LoadFragments<TTile>(ref shared[stage + fromX], ref shared[stage + fromW]);
        }

        TensorInstructions.WaitForAll();
        Group.Barrier(); // all have read the last tiles
        int slab = warp * SlabFloats, m = m0 + firstRow, n = n0 + firstColumn;
        FinishQuads(a, shared, slab, sums.R0, m, n);
        FinishQuads(a, shared, slab, sums.R1, m + SlabRows, n);
        FinishQuads(a, shared, slab, sums.R2, m + 2 * SlabRows, n);
        FinishQuads(a, shared, slab, sums.R3, m + 3 * SlabRows, n);
        if (TTile.RowFragments == 6)
        {
            FinishQuads(a, shared, slab, sums.R4, m + 4 * SlabRows, n);
            FinishQuads(a, shared, slab, sums.R5, m + 5 * SlabRows, n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Copies CopiesOf<TTile>(LinearArguments a, int m0, int n0) where TTile : struct, IPipelineTile
    {
        int part = Group.IdxX & 3, row = Group.IdxX >> 2;
        Copies copies = default;
        copies.X0 = RowOfX(a, m0 + row) + part * 8;
        copies.X1 = RowOfX(a, m0 + row + CopiedRows<TTile>()) + part * 8;
        copies.X2 = RowOfX(a, m0 + row + 2 * CopiedRows<TTile>()) + part * 8;
        copies.X3 = RowOfX(a, m0 + row + 3 * CopiedRows<TTile>()) + part * 8;
        copies.W0 = WeightRow(a, n0 + row) * a.Inputs + part * 8;
        copies.W1 = WeightRow(a, n0 + row + CopiedRows<TTile>()) * a.Inputs + part * 8;
        copies.W2 = WeightRow(a, n0 + row + 2 * CopiedRows<TTile>()) * a.Inputs + part * 8;
        copies.W3 = WeightRow(a, n0 + row + 3 * CopiedRows<TTile>()) * a.Inputs + part * 8;
        copies.To = row * RowWords + Fragments.Permuted(row, part);
        return copies;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyTiles<TTile>(LinearArguments a, ref float to, Copies copies, int k0) where TTile : struct, IPipelineTile
    {
        if (k0 < a.Inputs)
        {
            long x = a.X.Address + 2L * k0, w = a.W.Values.Address + 2L * k0;
            int bytes = CopiedRows<TTile>() * RowBytes, rows = PipelineRows<TTile>() * RowBytes;
            CopyPart(ref to, 0, x, copies.X0);
            CopyPart(ref to, bytes, x, copies.X1);
            CopyPart(ref to, 2 * bytes, x, copies.X2);
            if (PipelineRows<TTile>() > 3 * CopiedRows<TTile>())
                CopyPart(ref to, 3 * bytes, x, copies.X3);
            CopyPart(ref to, rows, w, copies.W0);
            CopyPart(ref to, rows + bytes, w, copies.W1);
            CopyPart(ref to, rows + 2 * bytes, w, copies.W2);
            CopyPart(ref to, rows + 3 * bytes, w, copies.W3);
        }
        TensorInstructions.Commit(); // an empty group, too: what is waited for is counted in groups
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void CopyPart(ref float to, int bytes, long address, int index) =>
        TensorInstructions.Copy(ref to, bytes, ref *(Bits4*)((ushort*)address + index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineFragments LoadFragments<TTile>(ref float x, ref float w) where TTile : struct, IPipelineTile
    {
        PipelineFragments f = default;
        f.W = Fragments.LoadColumns(ref w, 0, RowBytes);
        f.X0 = TensorInstructions.LoadMatrices(ref x, 0);
        f.X1 = TensorInstructions.LoadMatrices(ref x, 16 * RowBytes);
        f.X2 = TensorInstructions.LoadMatrices(ref x, 32 * RowBytes);
        f.X3 = TensorInstructions.LoadMatrices(ref x, 48 * RowBytes);
        if (TTile.RowFragments == 6)
        {
            f.X4 = TensorInstructions.LoadMatrices(ref x, 64 * RowBytes);
            f.X5 = TensorInstructions.LoadMatrices(ref x, 80 * RowBytes);
        }
        return f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineSums Multiply<TTile>(PipelineSums sums, PipelineFragments f) where TTile : struct, IPipelineTile
    {
        sums.R0 = Fragments.Multiply(sums.R0, f.X0, f.W);
        sums.R1 = Fragments.Multiply(sums.R1, f.X1, f.W);
        sums.R2 = Fragments.Multiply(sums.R2, f.X2, f.W);
        sums.R3 = Fragments.Multiply(sums.R3, f.X3, f.W);
        if (TTile.RowFragments == 6)
        {
            sums.R4 = Fragments.Multiply(sums.R4, f.X4, f.W);
            sums.R5 = Fragments.Multiply(sums.R5, f.X5, f.W);
        }
        return sums;
    }
}
