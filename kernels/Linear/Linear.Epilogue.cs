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
    /// nobody stores its sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int WeightRow(LinearArguments a, int column)
    {
        bool pair = a.Activation == LinearActivation.SwiGlu;
        int n = pair ? column / (2 * PairColumns) * PairColumns + column % PairColumns : column;
        return Math.Min(n, a.Outputs - 1) + (column / PairColumns & 1) * (pair ? a.Outputs : 0);
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

    /// <summary>Stores 16 × 64 sums of a warp, four neighbours a lane: a store has 16 bytes, or 8 of bf16. N is a multiple of
    /// four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishQuads(LinearArguments a, ArrayView<float> shared, int slab, FragmentRow sums, int firstRow, int firstColumn)
    {
        SpreadFragments(shared, slab, sums);
        Warp.Barrier(); // all lanes have written the slab
        PutSlab(a, shared, slab, Group.IdxX & 31, 32, firstRow, firstColumn);
        Warp.Barrier(); // all lanes have read it
    }

    // Four neighbours in each of four rows that lie at a step.
    struct FourQuads
    {
        public Float4 Q0, Q1, Q2, Q3;
    }

    /// <summary>Finishes a slab by one warp or more. A thread has four rows under way at once, so that it waits once for shared memory,
    /// once for the residual, and computes sixteen functions side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PutSlab(LinearArguments a, ArrayView<float> shared, int slab, int thread, int threads, int firstRow, int firstColumn)
    {
        if (a.Activation == LinearActivation.SwiGlu)
        {
            int row = thread >> 3, column = (thread & 7) * 4, n = firstColumn / 2 + column;
            if (row < 4) // one warp has all
            {
                int at = slab + row * SlabStride + column;
                FourQuads gate = SlabQuads(shared, at, 4), up = SlabQuads(shared, at + PairColumns, 4);
                up.Q0 = Silu(gate.Q0, up.Q0);
                up.Q1 = Silu(gate.Q1, up.Q1);
                up.Q2 = Silu(gate.Q2, up.Q2);
                up.Q3 = Silu(gate.Q3, up.Q3);
                PutQuads(a, firstRow + row, 4, n, up);
            }
        }
        else
        {
            int column = (thread & 15) * 4, n = firstColumn + column, step = threads / 16;
            Float4 bias = default;
            if (a.Bias.Length != 0 && n < a.Outputs)
                bias = WeightVectors.Inputs(a.Bias, n);
            for (int row = thread >> 4; row < SlabRows; row += 4 * step)
            {
                FourQuads values = SlabQuads(shared, slab + row * SlabStride + column, step);
                values.Q0 = Add(values.Q0, bias);
                values.Q1 = Add(values.Q1, bias);
                values.Q2 = Add(values.Q2, bias);
                values.Q3 = Add(values.Q3, bias);
                if (a.Activation == LinearActivation.Gelu)
                {
                    values.Q0 = Gelu(values.Q0);
                    values.Q1 = Gelu(values.Q1);
                    values.Q2 = Gelu(values.Q2);
                    values.Q3 = Gelu(values.Q3);
                }
                PutQuads(a, firstRow + row, step, n, values);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourQuads SlabQuads(ArrayView<float> shared, int at, int step)
    {
        FourQuads values = default;
        values.Q0 = VectorInstructions.LoadShared(ref shared[at], 0);
        values.Q1 = VectorInstructions.LoadShared(ref shared[at + step * SlabStride], 0);
        values.Q2 = VectorInstructions.LoadShared(ref shared[at + 2 * step * SlabStride], 0);
        values.Q3 = VectorInstructions.LoadShared(ref shared[at + 3 * step * SlabStride], 0);
        return values;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PutQuads(LinearArguments a, int m, int step, int n, FourQuads values)
    {
        // Rows that are there; beyond the last column none is.
        int rows = n < a.Outputs ? a.Rows - m : 0, i = m * a.Outputs + n, next = step * a.Outputs;
        if (a.Residual.Length != 0)
        {
            values.Q0 = AddResidual(a, values.Q0, i, rows > 0);
            values.Q1 = AddResidual(a, values.Q1, i + next, rows > step);
            values.Q2 = AddResidual(a, values.Q2, i + 2 * next, rows > 2 * step);
            values.Q3 = AddResidual(a, values.Q3, i + 3 * next, rows > 3 * step);
        }
        if (a.Y.Type == ActivationType.F32)
            StoreQuads<F32Activations>(a, i, next, rows, step, values);
        else
            StoreQuads<BF16Activations>(a, i, next, rows, step, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 AddResidual(LinearArguments a, Float4 value, int i, bool there)
    {
        if (there)
            value = Add(value, WeightVectors.Inputs(a.Residual, i));
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreQuads<TFormat>(LinearArguments a, int i, int next, int rows, int step, FourQuads values)
        where TFormat : struct, IActivationFormat
    {
        if (rows > 0)
            TFormat.StoreQuad(a.Y, i, values.Q0);
        if (rows > step)
            TFormat.StoreQuad(a.Y, i + next, values.Q1);
        if (rows > 2 * step)
            TFormat.StoreQuad(a.Y, i + 2 * next, values.Q2);
        if (rows > 3 * step)
            TFormat.StoreQuad(a.Y, i + 3 * next, values.Q3);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Gelu(Float4 x)
    {
        x.X = SpecialFunctions.Gelu(x.X);
        x.Y = SpecialFunctions.Gelu(x.Y);
        x.Z = SpecialFunctions.Gelu(x.Z);
        x.W = SpecialFunctions.Gelu(x.W);
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Silu(Float4 gate, Float4 up)
    {
        up.X *= SpecialFunctions.Silu(gate.X);
        up.Y *= SpecialFunctions.Silu(gate.Y);
        up.Z *= SpecialFunctions.Silu(gate.Z);
        up.W *= SpecialFunctions.Silu(gate.W);
        return up;
    }
}
