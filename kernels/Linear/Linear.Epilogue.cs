// What every GPU rung of Linear shares: which row of W belongs to a column of a tile, and what is done with a finished sum.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    // A warp's part of a tile on its way out: 16 rows of 64 columns, 72 apart, so that fragments and rows both meet every bank once.
    internal const int SlabRows = 16, SlabStride = 72, SlabFloats = SlabRows * SlabStride;

    // Columns of a tile: in a SwiGLU pair 32 of gate and then the same 32 of up, so that one thread or warp has both.
    const int PairColumns = 32;

    /// <summary>The row of W behind column <paramref name="column"/> of all tiles side by side. Beyond the edge it is the last one again:
    /// nobody stores its sum. Without a branch, as each would wait for the arguments anew.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int WeightRow(LinearArguments a, int column)
    {
        int pair = a.Activation == LinearActivation.SwiGlu ? 1 : 0, part = column / PairColumns;
        int n = column - pair * ((part + 1) / 2 * PairColumns);
        return Math.Min(n, a.Outputs - 1) + (part & pair) * a.Outputs;
    }

    /// <summary>Groups of a grid of tiles: rows in x, columns in y.</summary>
    static LaunchShape Tiles(LinearArguments a, int rows, int columns) =>
        new(Parts.Of(a.Rows, rows), Parts.Of(a.Activation == LinearActivation.SwiGlu ? 2L * a.Outputs : a.Outputs, columns));

    /// <summary>Bias, activation, residual and store of one output that is no pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Finish(LinearArguments a, int m, int n, float sum)
    {
        if (a.Bias.Length != 0)
            sum += a.Bias[n];
        float value = sum;
        if (a.Activation == LinearActivation.Gelu)
            value = DeviceMath.Gelu(sum);
        Put(a, m, n, value);
    }

    /// <summary>The same of a SwiGLU pair, which has no bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishPair(LinearArguments a, int m, int n, float gate, float up) => Put(a, m, n, up * DeviceMath.Silu(gate));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(LinearArguments a, int m, int n, float value)
    {
        int i = m * a.Outputs + n;
        if (a.Residual.Length != 0)
            value += a.Residual[i];
        AnyActivations.Store(a.Y, i, value);
    }

    /// <summary>Stores a warp's slab row by row: 32 neighbouring outputs at a time, whatever thread computed them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishSlab(LinearArguments a, ArrayView<float> shared, int slab, int firstRow, int firstColumn)
    {
        int lane = Group.IdxX & 31;
        Warp.Barrier(); // all lanes have written the slab
        if (a.Activation == LinearActivation.SwiGlu)
        {
            int n = firstColumn / 2 + lane;
            for (int row = 0; row < SlabRows; row++)
            {
                int at = slab + row * SlabStride + lane;
                if (n < a.Outputs && firstRow + row < a.Rows)
                    FinishPair(a, firstRow + row, n, shared[at], shared[at + PairColumns]);
            }
        }
        else
        {
            for (int half = 0; half < 2 * SlabRows; half++)
            {
                int row = half >> 1, n = firstColumn + (half & 1) * 32 + lane;
                if (n < a.Outputs && firstRow + row < a.Rows)
                    Finish(a, firstRow + row, n, shared[slab + row * SlabStride + (half & 1) * 32 + lane]);
            }
        }
        Warp.Barrier(); // all lanes have read it
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Float4 Add(Float4 x, Float4 y)
    {
        x.X += y.X;
        x.Y += y.Y;
        x.Z += y.Z;
        x.W += y.W;
        return x;
    }
}
