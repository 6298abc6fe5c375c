// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for bf16 x and weights
// Idea      asynchronous copies bring tiles of both, three ahead of the product, with one barrier a tile. A group computes 96 × 128 to
//           192 × 256 outputs, a warp 48 to 96 rows of 64: each fragment is used more often than in V5, so that the load-store unit and the
//           second-level cache are quicker than the tensor cores. The fragments of the next product are loaded while the tensor cores
//           work on this one, across the barrier, too (Linear.Pipeline.cs). W is the first matrix of the instruction, as its second one has
//           only eight rows: a warp's part of x is any number of eights, and 277 rows are two tiles of 144 with 11 rows of edge
// Numerics  as V5: products are exact, sums in f32 in the order of the tensor core
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    static void ForwardV6<TTile>(LinearArguments a) where TTile : struct, IPipelineTile
    {
        var shared = SharedMemory.GetDynamic<float>();
        int warp = Group.IdxX >> 5;
        int m0 = Grid.IdxX * PipelineRows<TTile>(), n0 = Grid.IdxY * PipelineColumns<TTile>();
        var sums = Pipeline<TTile>(a, shared, m0, n0, 0, a.Inputs);
        int m = m0 + WarpRow<TTile>(warp), n = n0 + WarpColumn<TTile>(warp);
        FinishEights(a, sums.E0, sums.E1, m, n);
        FinishEights(a, sums.E2, sums.E3, m + 16, n);
        if (TTile.Eights >= 6)
            FinishEights(a, sums.E4, sums.E5, m + 32, n);
        if (TTile.Eights >= 8)
            FinishEights(a, sums.E6, sums.E7, m + 48, n);
        if (TTile.Eights % 2 != 0)
            FinishEight(a, sums.E8, m + 64, n);
        if (TTile.Eights >= 10)
            FinishEights(a, sums.E8, sums.E9, m + 64, n);
        if (TTile.Eights >= 12)
            FinishEights(a, sums.E10, sums.E11, m + 80, n);
    }

    /// <summary>Stores 16 × 64 sums of a warp: a lane has eight outputs of four rows, and with its seven neighbours whole sectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishEights(LinearArguments a, EightRows upper, EightRows lower, int firstRow, int firstColumn)
    {
        FourQuads left = default, right = default;
        left.Q0 = First(upper.T0, upper.T1);
        left.Q1 = Second(upper.T0, upper.T1);
        left.Q2 = First(lower.T0, lower.T1);
        left.Q3 = Second(lower.T0, lower.T1);
        right.Q0 = First(upper.T2, upper.T3);
        right.Q1 = Second(upper.T2, upper.T3);
        right.Q2 = First(lower.T2, lower.T3);
        right.Q3 = Second(lower.T2, lower.T3);
        PutQuads(a, left, right, firstRow, 16, firstColumn);
    }

    /// <summary>Stores 8 × 64 sums of a warp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishEight(LinearArguments a, EightRows sums, int firstRow, int firstColumn)
    {
        FourQuads left = default, right = default;
        left.Q0 = First(sums.T0, sums.T1);
        left.Q1 = Second(sums.T0, sums.T1);
        right.Q0 = First(sums.T2, sums.T3);
        right.Q1 = Second(sums.T2, sums.T3);
        PutQuads(a, left, right, firstRow, 8, firstColumn);
    }

    // Four neighbouring outputs of the first or the second row of x in two fragments.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 First(Float4 t0, Float4 t1)
    {
        Float4 quad = default;
        quad.X = t0.X;
        quad.Y = t0.Z;
        quad.Z = t1.X;
        quad.W = t1.Z;
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Second(Float4 t0, Float4 t1)
    {
        Float4 quad = default;
        quad.X = t0.Y;
        quad.Y = t0.W;
        quad.Z = t1.Y;
        quad.W = t1.W;
        return quad;
    }
}
