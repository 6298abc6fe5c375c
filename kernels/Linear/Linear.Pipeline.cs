// The main loop of the pipelined rungs: a tile of sums over a range of inputs, on tensor cores, from tiles that are copied ahead.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int PipelineStages = 4, RowWords = TensorDepth / 2, RowBytes = 4 * RowWords;

    /// <summary>What a group computes: some warps down and some across, each 64 columns wide.</summary>
    interface IPipelineTile
    {
        /// <summary>How many times 16 rows a warp computes: 2, 3, 4 or 6.</summary>
        static abstract int RowFragments { get; }

        /// <summary>Warps one below the other.</summary>
        static abstract int Down { get; }

        /// <summary>Warps side by side.</summary>
        static abstract int Across { get; }

        /// <summary>Groups that registers and shared memory let a multiprocessor hold.</summary>
        static abstract int Resident { get; }
    }

    readonly struct Tile64x128 : IPipelineTile
    {
        public static int RowFragments => 2;

        public static int Down => 2;

        public static int Across => 2;

        public static int Resident => 4;
    }

    readonly struct Tile128x128 : IPipelineTile
    {
        public static int RowFragments => 4;

        public static int Down => 2;

        public static int Across => 2;

        public static int Resident => 2;
    }

    readonly struct Tile144x256 : IPipelineTile
    {
        public static int RowFragments => 3;

        public static int Down => 3;

        public static int Across => 4;

        public static int Resident => 1;
    }

    readonly struct Tile192x256 : IPipelineTile
    {
        public static int RowFragments => 6;

        public static int Down => 2;

        public static int Across => 4;

        public static int Resident => 1;
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

    static int PipelineRows<TTile>() where TTile : struct, IPipelineTile => 16 * TTile.RowFragments * TTile.Down;

    static int PipelineColumns<TTile>() where TTile : struct, IPipelineTile => 64 * TTile.Across;

    static int PipelineThreads<TTile>() where TTile : struct, IPipelineTile => 32 * TTile.Down * TTile.Across;

    /// <summary>Rows of x, and behind them of W, in a tile.</summary>
    static int TileRows<TTile>() where TTile : struct, IPipelineTile => PipelineRows<TTile>() + PipelineColumns<TTile>();

    /// <summary>Rows that all threads copy at a time, four threads a row.</summary>
    static int CopiedRows<TTile>() where TTile : struct, IPipelineTile => PipelineThreads<TTile>() / 4;

    static int StageWords<TTile>() where TTile : struct, IPipelineTile => TileRows<TTile>() * RowWords;

    static int PipelineBytes<TTile>() where TTile : struct, IPipelineTile => 4 * PipelineStages * StageWords<TTile>();

    /// <summary>The first of a warp's rows in the tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int WarpRow<TTile>(int warp) where TTile : struct, IPipelineTile => warp % TTile.Down * 16 * TTile.RowFragments;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int WarpColumn<TTile>(int warp) where TTile : struct, IPipelineTile => warp / TTile.Down * 64;

    // Where a thread's copies come from and go to: a quarter of a row each.
    struct Copies
    {
        public int From0, From1, From2, From3, From4, From5, From6, From7, To;
    }

    /// <summary>A warp's sums over the inputs from <paramref name="first"/> to <paramref name="end"/>, whole tiles of them. All of the
    /// thread's copies have arrived when it returns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static PipelineSums Pipeline<TTile>(LinearArguments a, ArrayView<float> shared, int m0, int n0, int first, int end)
        where TTile : struct, IPipelineTile
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        var copies = CopiesOf<TTile>(a, m0, n0);
        // Fragments: the permutation depends on a row's place among eight, so that all of a lane's rows share it.
        int rowX = WarpRow<TTile>(warp) + (lane & 15), rowW = WarpColumn<TTile>(warp) + (lane & 7) + (lane >> 4) * 8;
        int tileW = PipelineRows<TTile>() * RowWords;
        int fromX = rowX * RowWords + Fragments.Permuted(rowX, lane >> 4),
            fromX16 = rowX * RowWords + Fragments.Permuted(rowX, 2 + (lane >> 4));
        int fromW = tileW + rowW * RowWords + Fragments.Permuted(rowW, lane >> 3 & 1);
        int fromW16 = tileW + rowW * RowWords + Fragments.Permuted(rowW, 2 + (lane >> 3 & 1));

        for (int tile = 0; tile < PipelineStages; tile++)
            CopyTiles<TTile>(a, ref shared[copies.To + tile * StageWords<TTile>()], copies, first + tile * TensorDepth, end);
        TensorInstructions.WaitForAllButTwo();
        Group.Barrier(); // the first tile is whole
        PipelineSums sums = default;
        int stage = 0;
        var fragments = LoadFragments<TTile>(ref shared[fromX], ref shared[fromW]);
        for (int k0 = first; k0 < end; k0 += TensorDepth)
        {
            sums = Multiply<TTile>(sums, fragments);
            fragments = LoadFragments<TTile>(ref shared[stage + fromX16], ref shared[stage + fromW16]);
            TensorInstructions.WaitForAllButTwo();
            Group.Barrier(); // the next tile is whole, and all have this one in registers
            CopyTiles<TTile>(a, ref shared[copies.To + stage], copies, k0 + PipelineStages * TensorDepth, end);
            sums = Multiply<TTile>(sums, fragments);
            // While the tensor cores work on this; behind the last tile it is that one again.
            if (k0 + TensorDepth < end)
                stage = stage == (PipelineStages - 1) * StageWords<TTile>() ? 0 : stage + StageWords<TTile>();
            fragments = LoadFragments<TTile>(ref shared[stage + fromX], ref shared[stage + fromW]);
        }
        TensorInstructions.WaitForAll();
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Copies CopiesOf<TTile>(LinearArguments a, int m0, int n0) where TTile : struct, IPipelineTile
    {
        int part = Group.IdxX & 3, row = Group.IdxX >> 2;
        Copies copies = default;
        copies.From0 = Source<TTile>(a, m0, n0, row, 0) + part * 8;
        copies.From1 = Source<TTile>(a, m0, n0, row, 1) + part * 8;
        copies.From2 = Source<TTile>(a, m0, n0, row, 2) + part * 8;
        copies.From3 = Source<TTile>(a, m0, n0, row, 3) + part * 8;
        copies.From4 = Source<TTile>(a, m0, n0, row, 4) + part * 8;
        copies.From5 = Source<TTile>(a, m0, n0, row, 5) + part * 8;
        copies.From6 = Source<TTile>(a, m0, n0, row, 6) + part * 8;
        copies.From7 = Source<TTile>(a, m0, n0, row, 7) + part * 8;
        copies.To = row * RowWords + Fragments.Permuted(row, part);
        return copies;
    }

    // The row that a thread copies in a pass: rows of x first, then those of W; a pass may have both.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Source<TTile>(LinearArguments a, int m0, int n0, int row, int pass) where TTile : struct, IPipelineTile
    {
        int passed = pass * CopiedRows<TTile>(), rows = PipelineRows<TTile>();
        if (passed >= TileRows<TTile>())
            return 0;
        if (passed + CopiedRows<TTile>() <= rows)
            return RowOfX(a, m0 + passed + row);
        if (passed >= rows)
            return WeightRow(a, n0 + passed - rows + row) * a.Inputs;
        return passed + row < rows ? RowOfX(a, m0 + passed + row) : WeightRow(a, n0 + passed - rows + row) * a.Inputs;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyTiles<TTile>(LinearArguments a, ref float to, Copies copies, int k0, int end) where TTile : struct, IPipelineTile
    {
        if (k0 < end)
        {
            long x = a.X.Address + 2L * k0, w = a.W.Values.Address + 2L * k0;
            CopyPass<TTile>(ref to, x, w, copies.From0, 0);
            CopyPass<TTile>(ref to, x, w, copies.From1, 1);
            CopyPass<TTile>(ref to, x, w, copies.From2, 2);
            CopyPass<TTile>(ref to, x, w, copies.From3, 3);
            CopyPass<TTile>(ref to, x, w, copies.From4, 4);
            CopyPass<TTile>(ref to, x, w, copies.From5, 5);
            CopyPass<TTile>(ref to, x, w, copies.From6, 6);
            CopyPass<TTile>(ref to, x, w, copies.From7, 7);
        }
        TensorInstructions.Commit(); // an empty group, too: what is waited for is counted in groups
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyPass<TTile>(ref float to, long x, long w, int from, int pass) where TTile : struct, IPipelineTile
    {
        int passed = pass * CopiedRows<TTile>(), rows = PipelineRows<TTile>();
        if (passed >= TileRows<TTile>())
            return;
        if (passed + CopiedRows<TTile>() <= rows)
            CopyPart(ref to, passed * RowBytes, x, from);
        else if (passed < rows)
            CopyPart(ref to, passed * RowBytes, passed + (Group.IdxX >> 2) < rows ? x : w, from);
        else if (passed + CopiedRows<TTile>() <= TileRows<TTile>() || passed + (Group.IdxX >> 2) < TileRows<TTile>())
            CopyPart(ref to, passed * RowBytes, w, from);
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
        if (TTile.RowFragments > 2)
            f.X2 = TensorInstructions.LoadMatrices(ref x, 32 * RowBytes);
        if (TTile.RowFragments > 3)
            f.X3 = TensorInstructions.LoadMatrices(ref x, 48 * RowBytes);
        if (TTile.RowFragments > 4)
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
        if (TTile.RowFragments > 2)
            sums.R2 = Fragments.Multiply(sums.R2, f.X2, f.W);
        if (TTile.RowFragments > 3)
            sums.R3 = Fragments.Multiply(sums.R3, f.X3, f.W);
        if (TTile.RowFragments > 4)
        {
            sums.R4 = Fragments.Multiply(sums.R4, f.X4, f.W);
            sums.R5 = Fragments.Multiply(sums.R5, f.X5, f.W);
        }
        return sums;
    }
}
