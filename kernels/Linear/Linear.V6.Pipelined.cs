// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 x and weights
// Idea      asynchronous copies bring tiles of both, three ahead of the product, with one barrier a tile. A group computes 128 × 128
//           outputs, 144 × 256 or 192 × 256, a warp 48, 64 or 96 rows of 64: each fragment is used more often than in V5, so that the
//           load-store unit and the second-level cache are quicker than the tensor cores. The fragments of the next product are loaded
//           while the tensor cores work on this one, across the barrier, too (Linear.Pipeline.cs). 277 rows are two tiles of 144 with 11
//           rows of edge, but two of 192 with 107
// Numerics  as V5: products are exact, sums in f32 in the order of the tensor core
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    static void ForwardV6<TTile>(LinearArguments a) where TTile : struct, IPipelineTile
    {
        var shared = SharedMemory.GetDynamic<float>();
        int warp = Group.IdxX >> 5, slab = warp * SlabFloats;
        int m0 = Grid.IdxX * PipelineRows<TTile>(), n0 = Grid.IdxY * PipelineColumns<TTile>();
        var sums = Pipeline<TTile>(a, shared, m0, n0, 0, a.Inputs);
        Group.Barrier(); // all have read the last tiles
        int m = m0 + WarpRow<TTile>(warp), n = n0 + WarpColumn<TTile>(warp);
        FinishQuads(a, shared, slab, sums.R0, m, n);
        FinishQuads(a, shared, slab, sums.R1, m + SlabRows, n);
        FinishQuads(a, shared, slab, sums.R2, m + 2 * SlabRows, n);
        if (TTile.RowFragments > 3)
            FinishQuads(a, shared, slab, sums.R3, m + 3 * SlabRows, n);
        if (TTile.RowFragments > 4)
        {
            FinishQuads(a, shared, slab, sums.R4, m + 4 * SlabRows, n);
            FinishQuads(a, shared, slab, sums.R5, m + 5 * SlabRows, n);
        }
    }
}
