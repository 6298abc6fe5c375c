// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 x and weights and few rows of x
// Idea      few rows are few tiles: 16 × 3072 outputs are 24 of V6, for 132 multiprocessors. So the inputs are divided, too: a group sums
//           a part of them as V6 does and leaves its fragments in scratch, 16 bytes a lane side by side, just as they lie in registers.
//           A kernel behind (Combine) adds the parts of 16 × 64 outputs up and does the epilogue
// Numerics  as V6 within a part; then the parts in f32 from the first on
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    // A part has at least eight tiles of inputs: the pipeline is four deep. H100 and H200 have 132 multiprocessors.
    const int LeastPartTiles = 8, Multiprocessors = 132;

    // 16 × 64 sums of a part.
    const int BlockFloats = 16 * 64, CombineWarps = 2;

    static int RowBlocks(LinearArguments a) => Parts.Of(a.Rows, 16);

    static int ColumnBlocks(LinearArguments a) =>
        Parts.Of(a.Activation == LinearActivation.SwiGlu ? 2L * a.Outputs : a.Outputs, 64);

    /// <summary>Inputs of a part, so that the parts of all tiles fill all multiprocessors once; the last part may have fewer.</summary>
    static int PartInputs<TTile>(LinearArguments a) where TTile : struct, IPipelineTile
    {
        var grid = Tiles(a, PipelineRows<TTile>(), PipelineColumns<TTile>());
        int parts = Multiprocessors * TTile.Resident / (grid.GridX * grid.GridY), tiles = a.Inputs / TensorDepth;
        return TensorDepth * Math.Min(tiles, Math.Max(LeastPartTiles, Parts.Of(tiles, Math.Max(parts, 1))));
    }

    static long PartsBytes<TTile>(LinearArguments a) where TTile : struct, IPipelineTile =>
        4L * BlockFloats * RowBlocks(a) * ColumnBlocks(a) * Parts.Of(a.Inputs, PartInputs<TTile>(a));

    static void ForwardV8<TTile>(LinearArguments a) where TTile : struct, IPipelineTile
    {
        var shared = SharedMemory.GetDynamic<float>();
        int warp = Group.IdxX >> 5, part = Grid.IdxZ, first = part * a.PartInputs;
        int m0 = Grid.IdxX * PipelineRows<TTile>(), n0 = Grid.IdxY * PipelineColumns<TTile>();
        var sums = Pipeline<TTile>(a, shared, m0, n0, first, Math.Min(first + a.PartInputs, a.Inputs));
        int row = (m0 + WarpRow<TTile>(warp)) / 16, column = (n0 + WarpColumn<TTile>(warp)) / 64;
        if (column >= ColumnBlocks(a))
            return;
        KeepBlock(a, part, row, column, sums.R0);
        KeepBlock(a, part, row + 1, column, sums.R1);
        if (TTile.RowFragments > 2)
            KeepBlock(a, part, row + 2, column, sums.R2);
        if (TTile.RowFragments > 3)
            KeepBlock(a, part, row + 3, column, sums.R3);
    }

    /// <summary>Where a lane's first fragment of a block lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Float4* Block(LinearArguments a, int part, int row, int column) =>
        (Float4*)a.Scratch.Address + (((part * RowBlocks(a) + row) * ColumnBlocks(a) + column) * (BlockFloats / 4) + (Group.IdxX & 31));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void KeepBlock(LinearArguments a, int part, int row, int column, FragmentRow sums)
    {
        if (row >= RowBlocks(a))
            return;
        Float4* to = Block(a, part, row, column);
        VectorInstructions.Store(ref to[0], sums.T0);
        VectorInstructions.Store(ref to[32], sums.T1);
        VectorInstructions.Store(ref to[64], sums.T2);
        VectorInstructions.Store(ref to[96], sums.T3);
        VectorInstructions.Store(ref to[128], sums.T4);
        VectorInstructions.Store(ref to[160], sums.T5);
        VectorInstructions.Store(ref to[192], sums.T6);
        VectorInstructions.Store(ref to[224], sums.T7);
    }

    /// <summary>A group puts 16 × 64 outputs together, each of its warps half of the columns.</summary>
    static unsafe void CombineInputs(LinearArguments a)
    {
        var shared = SharedMemory.Allocate<float>(SlabFloats);
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int step = RowBlocks(a) * ColumnBlocks(a) * (BlockFloats / 4);
        Float4* from = Block(a, 0, Grid.IdxY, Grid.IdxX) + warp * 128;
        Float4 s0 = default, s1 = default, s2 = default, s3 = default;
        for (int input = 0; input < a.Inputs; input += a.PartInputs)
        {
            s0 = Add(s0, VectorInstructions.Load(ref from[0]));
            s1 = Add(s1, VectorInstructions.Load(ref from[32]));
            s2 = Add(s2, VectorInstructions.Load(ref from[64]));
            s3 = Add(s3, VectorInstructions.Load(ref from[96]));
            from += step;
        }
        int at = (lane >> 2) * SlabStride + (lane & 3) * 2 + warp * 32;
        Spread(ref shared[at], 0, s0);
        Spread(ref shared[at], 32, s1);
        Spread(ref shared[at], 64, s2);
        Spread(ref shared[at], 96, s3);
        Group.Barrier(); // the slab is whole
        PutSlab(a, shared, 0, Group.IdxX, 32 * CombineWarps, Grid.IdxY * SlabRows, Grid.IdxX * 64);
    }
}
