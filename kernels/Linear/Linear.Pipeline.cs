// The main loop of the pipelined rungs: a tile of sums over a range of inputs, on tensor cores, from tiles that are copied ahead.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int PipelineStages = 4, RowWords = TensorDepth / 2, RowBytes = 4 * RowWords;

    static int PipelineRows<TTile>() where TTile : struct, IPipelineTile => 8 * TTile.Eights * TTile.Down;

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
    static int WarpRow<TTile>(int warp) where TTile : struct, IPipelineTile => warp % TTile.Down * 8 * TTile.Eights;

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
        int rowX = WarpRow<TTile>(warp) + (lane & 7) + (lane >> 4) * 8, rowW = WarpColumn<TTile>(warp) + (lane & 15);
        int tileW = PipelineRows<TTile>() * RowWords;
        int fromX = rowX * RowWords + Fragments.Permuted(rowX, lane >> 3 & 1);
        int fromX16 = rowX * RowWords + Fragments.Permuted(rowX, 2 + (lane >> 3 & 1));
        int fromW = tileW + rowW * RowWords + Fragments.Permuted(rowW, lane >> 4);
        int fromW16 = tileW + rowW * RowWords + Fragments.Permuted(rowW, 2 + (lane >> 4));
        int fromOdd = (WarpRow<TTile>(warp) + 8 * (TTile.Eights - 1) + (lane & 7)) * RowWords + Fragments.Permuted(lane & 7, lane >> 3);

        for (int tile = 0; tile < PipelineStages; tile++)
            CopyTiles<TTile>(a, ref shared[copies.To + tile * StageWords<TTile>()], copies, first + tile * TensorDepth, end);
        TensorInstructions.WaitForAllButThree();
        Group.Barrier(); // the first tile is whole
        PipelineState state = default;
        state.Fragments = LoadFragments<TTile>(ref shared[fromX], ref shared[fromW], ref shared[fromOdd]);
        int stage = 0;
        for (int k0 = first; k0 < end; k0 += TensorDepth)
        {
            state = MultiplyHalf<TTile>(state, ref shared[stage + fromX16], ref shared[stage + fromW16], ref shared[stage + fromOdd], false);
            TensorInstructions.WaitForAllButTwo();
            Group.Barrier(); // the next tile is whole, and all have this one in registers
            int to = copies.To + stage;
            if (!TTile.LateCopies)
                CopyTiles<TTile>(a, ref shared[to], copies, k0 + PipelineStages * TensorDepth, end);
            // Behind the last tile it is that one again.
            if (k0 + TensorDepth < end)
                stage = stage == (PipelineStages - 1) * StageWords<TTile>() ? 0 : stage + StageWords<TTile>();
            if (TTile.LateCopies)
            {
                state = MultiplyBegin<TTile>(state, ref shared[stage + fromX]);
                CopyTiles<TTile>(a, ref shared[to], copies, k0 + PipelineStages * TensorDepth, end);
                state = MultiplyEnd<TTile>(state, ref shared[stage + fromX], ref shared[stage + fromW], ref shared[stage + fromOdd], true);
            }
            else
                state = MultiplyHalf<TTile>(state, ref shared[stage + fromX], ref shared[stage + fromW], ref shared[stage + fromOdd], true);
        }
        TensorInstructions.WaitForAll();
        return state.Sums;
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

    // Column of a tile behind a row of W in shared memory: of fragments in two neighbouring registers a lane has four neighbouring outputs
    // of a row of x, and eight lanes have 32.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Turned(int row) => (row & ~31) + (row & 7) * 4 + (row >> 3 & 3);

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
            return WeightRow(a, n0 + Turned(passed - rows + row)) * a.Inputs;
        return passed + row < rows ? RowOfX(a, m0 + passed + row) : WeightRow(a, n0 + Turned(passed - rows + row)) * a.Inputs;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyTiles<TTile>(LinearArguments a, ref float to, Copies copies, int k0, int end) where TTile : struct, IPipelineTile
    {
        bool there = k0 < end, even = Even<TTile>();
        if (there | !even)
        {
            long x = a.X.Address + 2L * k0, w = a.W.Values.Address + 2L * k0;
            there |= even;
            CopyPass<TTile>(ref to, x, w, copies.From0, 0, there);
            CopyPass<TTile>(ref to, x, w, copies.From1, 1, there);
            CopyPass<TTile>(ref to, x, w, copies.From2, 2, there);
            CopyPass<TTile>(ref to, x, w, copies.From3, 3, there);
            CopyPass<TTile>(ref to, x, w, copies.From4, 4, there);
            CopyPass<TTile>(ref to, x, w, copies.From5, 5, there);
            CopyPass<TTile>(ref to, x, w, copies.From6, 6, there);
            CopyPass<TTile>(ref to, x, w, copies.From7, 7, there);
        }
        TensorInstructions.Commit(); // an empty group, too: what is waited for is counted in groups
    }

    // Whether each pass copies rows of x or of W alone, and all threads take part.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Even<TTile>() where TTile : struct, IPipelineTile =>
        PipelineRows<TTile>() % CopiedRows<TTile>() == 0 && TileRows<TTile>() % CopiedRows<TTile>() == 0;

    // Where passes differ each has a condition of its own, so that the assembler makes of it one instruction with a predicate, and spreads
    // them among multiplications.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyPass<TTile>(ref float to, long x, long w, int from, int pass, bool there) where TTile : struct, IPipelineTile
    {
        int passed = pass * CopiedRows<TTile>(), rows = PipelineRows<TTile>(), row = Group.IdxX >> 2;
        if (passed >= TileRows<TTile>())
            return;
        long address = passed >= rows ? w : x;
        if (passed < rows && passed + CopiedRows<TTile>() > rows)
            address = passed + row < rows ? x : w;
        if (passed + CopiedRows<TTile>() > TileRows<TTile>())
            there &= passed + row < TileRows<TTile>();
        if (there)
            CopyPart(ref to, passed * RowBytes, address, from);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void CopyPart(ref float to, int bytes, long address, int index) =>
        TensorInstructions.Copy(ref to, bytes, ref *(Bits4*)((ushort*)address + index));
}
