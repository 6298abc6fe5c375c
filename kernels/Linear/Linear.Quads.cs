// What is done with finished sums of the pipelined rungs: four neighbours at a time, in four rows side by side.
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    // Four neighbours in each of two or four rows.
    struct FourQuads
    {
        public Float4 Q0, Q1, Q2, Q3;
    }

    /// <summary>Bias, activation, residual and store of a lane's sums in the rows 2t and 2t + 1 of eight and, where rowCount is 16, of the
    /// next eight, t being the lane's place among four: four at firstColumn and four 32 columns on, or a SwiGLU pair of both. All of the
    /// residual is under way before anything is stored. N is a multiple of four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void PutQuads(LinearArguments a, FourQuads left, FourQuads right, int firstRow, int rowCount, int firstColumn)
    {
        int lane = Group.IdxX & 31, m = firstRow + (lane & 3) * 2, column = (lane >> 2) * 4;
        int endRow = Math.Min(firstRow + rowCount, a.Rows);
        if (a.Activation == LinearActivation.SwiGlu)
        {
            int n = firstColumn / 2 + column;
            left = Silu(left, right);
            if (a.Residual.Length != 0)
                left = Add(left, Residual(a, m, n, rowCount));
            StoreQuads(a, m, endRow, n, left, rowCount);
            return;
        }
        int n0 = firstColumn + column, n1 = n0 + PairColumns;
        if (a.Bias.Length != 0)
        {
            left = Add(left, WeightVectors.Inputs(a.Bias, Math.Min(n0, a.Outputs - 4)));
            right = Add(right, WeightVectors.Inputs(a.Bias, Math.Min(n1, a.Outputs - 4)));
        }
        if (a.Activation == LinearActivation.Gelu)
        {
            left = Gelu(left);
            right = Gelu(right);
        }
        if (a.Residual.Length != 0)
        {
            FourQuads leftResidual = Residual(a, m, n0, rowCount), rightResidual = Residual(a, m, n1, rowCount);
            left = Add(left, leftResidual);
            right = Add(right, rightResidual);
        }
        StoreQuads(a, m, endRow, n0, left, rowCount);
        StoreQuads(a, m, endRow, n1, right, rowCount);
    }

    // Beyond the edges the last ones again, which nobody stores.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourQuads Residual(LinearArguments a, int m, int n, int rowCount)
    {
        n = Math.Min(n, a.Outputs - 4);
        FourQuads quads = default;
        quads.Q0 = WeightVectors.Inputs(a.Residual, Math.Min(m, a.Rows - 1) * a.Outputs + n);
        quads.Q1 = WeightVectors.Inputs(a.Residual, Math.Min(m + 1, a.Rows - 1) * a.Outputs + n);
        if (rowCount == 16)
        {
            quads.Q2 = WeightVectors.Inputs(a.Residual, Math.Min(m + 8, a.Rows - 1) * a.Outputs + n);
            quads.Q3 = WeightVectors.Inputs(a.Residual, Math.Min(m + 9, a.Rows - 1) * a.Outputs + n);
        }
        return quads;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreQuads(LinearArguments a, int m, int endRow, int n, FourQuads values, int rowCount)
    {
        if (a.Y.Type == ActivationType.F32)
            StoreQuads<F32Activations>(a, m, n < a.Outputs ? endRow : 0, n, values, rowCount);
        else
            StoreQuads<BF16Activations>(a, m, n < a.Outputs ? endRow : 0, n, values, rowCount);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreQuads<TFormat>(LinearArguments a, int m, int endRow, int n, FourQuads values, int rowCount)
        where TFormat : struct, IActivationFormat
    {
        int i = m * a.Outputs + n;
        if (m < endRow)
            TFormat.StoreQuad(a.Y, i, values.Q0);
        if (m + 1 < endRow)
            TFormat.StoreQuad(a.Y, i + a.Outputs, values.Q1);
        if (rowCount != 16)
            return;
        if (m + 8 < endRow)
            TFormat.StoreQuad(a.Y, i + 8 * a.Outputs, values.Q2);
        if (m + 9 < endRow)
            TFormat.StoreQuad(a.Y, i + 9 * a.Outputs, values.Q3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourQuads Add(FourQuads x, FourQuads y)
    {
        x.Q0 = Add(x.Q0, y.Q0);
        x.Q1 = Add(x.Q1, y.Q1);
        x.Q2 = Add(x.Q2, y.Q2);
        x.Q3 = Add(x.Q3, y.Q3);
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourQuads Add(FourQuads x, Float4 y)
    {
        x.Q0 = Add(x.Q0, y);
        x.Q1 = Add(x.Q1, y);
        x.Q2 = Add(x.Q2, y);
        x.Q3 = Add(x.Q3, y);
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourQuads Gelu(FourQuads x)
    {
        x.Q0 = Gelu(x.Q0);
        x.Q1 = Gelu(x.Q1);
        x.Q2 = Gelu(x.Q2);
        x.Q3 = Gelu(x.Q3);
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static FourQuads Silu(FourQuads gate, FourQuads up)
    {
        up.Q0 = Silu(gate.Q0, up.Q0);
        up.Q1 = Silu(gate.Q1, up.Q1);
        up.Q2 = Silu(gate.Q2, up.Q2);
        up.Q3 = Silu(gate.Q3, up.Q3);
        return up;
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
