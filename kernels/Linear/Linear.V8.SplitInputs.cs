// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 x and weights and few rows of x
// Idea      few rows are few tiles: 16 × 3072 outputs are 24 of V6, for 132 multiprocessors. So the inputs are divided, too: a group sums
//           a part of them as V6 does and leaves its fragments in scratch, 16 bytes a lane side by side, just as they lie in registers.
//           A kernel behind (Combine) adds the parts up, a warp 8 × 64 outputs, and does the epilogue
// Numerics  as V6 within a part; then the parts in f32 from the first on
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    // A part has at least eight tiles of inputs: the pipeline is four deep. H100 and H200 have 132 multiprocessors.
    const int LeastPartTiles = 8, Multiprocessors = 132;

    // 8 × 64 sums of a part.
    const int BlockFloats = 8 * 64, CombineWarps = 2;

    static int RowBlocks(LinearArguments a) => CombineWarps * Parts.Of(a.Rows, 8 * CombineWarps);

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
        int row = (m0 + WarpRow<TTile>(warp)) / 8, column = (n0 + WarpColumn<TTile>(warp)) / 64;
        if (column >= ColumnBlocks(a))
            return;
        KeepBlock(a, part, row, column, sums.E0);
        KeepBlock(a, part, row + 1, column, sums.E1);
        KeepBlock(a, part, row + 2, column, sums.E2);
        KeepBlock(a, part, row + 3, column, sums.E3);
        if (TTile.Eights >= 6)
        {
            KeepBlock(a, part, row + 4, column, sums.E4);
            KeepBlock(a, part, row + 5, column, sums.E5);
        }
        if (TTile.Eights >= 8)
        {
            KeepBlock(a, part, row + 6, column, sums.E6);
            KeepBlock(a, part, row + 7, column, sums.E7);
        }
        if (TTile.Eights >= 9)
            KeepBlock(a, part, row + 8, column, sums.E8);
        if (TTile.Eights >= 10)
            KeepBlock(a, part, row + 9, column, sums.E9);
        if (TTile.Eights >= 12)
        {
            KeepBlock(a, part, row + 10, column, sums.E10);
            KeepBlock(a, part, row + 11, column, sums.E11);
        }
    }

    /// <summary>Where a lane's first fragment of a block lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe Float4* Block(LinearArguments a, int part, int row, int column) =>
        (Float4*)a.Scratch.Address + (((part * RowBlocks(a) + row) * ColumnBlocks(a) + column) * (BlockFloats / 4) + (Group.IdxX & 31));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void KeepBlock(LinearArguments a, int part, int row, int column, EightRows sums)
    {
        if (row >= RowBlocks(a))
            return;
        Float4* to = Block(a, part, row, column);
        VectorInstructions.Store(ref to[0], sums.T0);
        VectorInstructions.Store(ref to[32], sums.T1);
        VectorInstructions.Store(ref to[64], sums.T2);
        VectorInstructions.Store(ref to[96], sums.T3);
    }

    /// <summary>A group puts 16 × 64 outputs together, each of its warps eight rows.</summary>
    static unsafe void CombineInputs(LinearArguments a)
    {
        int row = Grid.IdxY * CombineWarps + (Group.IdxX >> 5), step = RowBlocks(a) * ColumnBlocks(a) * (BlockFloats / 4);
        Float4* from = Block(a, 0, row, Grid.IdxX);
        EightRows sums = default;
        for (int input = 0; input < a.Inputs; input += a.PartInputs)
        {
            sums.T0 = Add(sums.T0, VectorInstructions.Load(ref from[0]));
            sums.T1 = Add(sums.T1, VectorInstructions.Load(ref from[32]));
            sums.T2 = Add(sums.T2, VectorInstructions.Load(ref from[64]));
            sums.T3 = Add(sums.T3, VectorInstructions.Load(ref from[96]));
            from += step;
        }
        FinishEight(a, sums, row * 8, Grid.IdxX * 64);
    }
}
