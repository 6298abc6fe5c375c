// Sums and maxima over the lanes of a warp, through registers, and over the warps of a group.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

static class WarpSums
{
    /// <summary>The sum over all lanes, the same bits in each: a butterfly of five additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(float value)
    {
        value += Warp.ShuffleXor(value, 16);
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }

    /// <summary>The maximum over all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(float value)
    {
        value = MathF.Max(value, Warp.ShuffleXor(value, 16));
        value = MathF.Max(value, Warp.ShuffleXor(value, 8));
        value = MathF.Max(value, Warp.ShuffleXor(value, 4));
        value = MathF.Max(value, Warp.ShuffleXor(value, 2));
        return MathF.Max(value, Warp.ShuffleXor(value, 1));
    }

    /// <summary>The sum over all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Sum(ulong value)
    {
        value += Across(value, 16);
        value += Across(value, 8);
        value += Across(value, 4);
        value += Across(value, 2);
        return value + Across(value, 1);
    }

    /// <summary>The maximum over all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Max(ulong value)
    {
        value = Math.Max(value, Across(value, 16));
        value = Math.Max(value, Across(value, 8));
        value = Math.Max(value, Across(value, 4));
        value = Math.Max(value, Across(value, 2));
        return Math.Max(value, Across(value, 1));
    }

    /// <summary>The maximum over all threads of a group, in each of them. <paramref name="shared"/> has a place for every warp, whose values of
    /// a call before all have read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MaxOverGroup(ArrayView<ulong> shared, ulong value)
    {
        value = Max(value);
        if ((Group.IdxX & 31) == 0)
            shared[Group.IdxX >> 5] = value;
        Group.Barrier(); // every warp reads the values of all
        return Max(shared[Math.Min(Group.IdxX & 31, (Group.DimX >> 5) - 1)]);
    }

    // A shuffle moves 32 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Across(ulong value, int mask) =>
        (ulong)Warp.ShuffleXor((uint)(value >> 32), mask) << 32 | Warp.ShuffleXor((uint)value, mask);
}
