// A warp's sums on their way from fragments of tensor cores to rows of outputs.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    /// <summary>From fragments to rows, and out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishFragments(LinearArguments a, ArrayView<float> shared, int slab, FragmentRow sums, int firstRow, int firstColumn)
    {
        SpreadFragments(shared, slab, sums);
        FinishSlab(a, shared, slab, firstRow, firstColumn);
    }

    /// <summary>From fragments to rows of a warp's slab.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void SpreadFragments(ArrayView<float> shared, int slab, FragmentRow sums)
    {
        int lane = Group.IdxX & 31, at = slab + (lane >> 2) * SlabStride + (lane & 3) * 2;
        Spread(ref shared[at], 0, sums.T0);
        Spread(ref shared[at], 32, sums.T1);
        Spread(ref shared[at], 64, sums.T2);
        Spread(ref shared[at], 96, sums.T3);
        Spread(ref shared[at], 128, sums.T4);
        Spread(ref shared[at], 160, sums.T5);
        Spread(ref shared[at], 192, sums.T6);
        Spread(ref shared[at], 224, sums.T7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Spread(ref float at, int bytes, Float4 tile)
    {
        Float2 upper = default, lower = default;
        upper.X = tile.X;
        upper.Y = tile.Y;
        lower.X = tile.Z;
        lower.Y = tile.W;
        VectorInstructions.StoreShared(ref at, bytes, upper);
        VectorInstructions.StoreShared(ref at, bytes + 32 * SlabStride, lower);
    }
}
