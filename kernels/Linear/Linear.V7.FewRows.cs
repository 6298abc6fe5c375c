// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])   for one row of x, or a few
// Idea      such a product waits for W: a warp walks along two rows of W at once, 16 bytes a lane and load, for all weight types, and
//           multiplies them with up to four rows of x. The two rows of W are those of a SwiGLU pair, or neighbours. For one
//           row of x (V7.OneRow) two warps share the inputs: twice as many bytes under way where a GPU has fewer warps than it could hold
// Numerics  a lane sums its inputs in f32 from the lowest up; then a butterfly of five additions, and the sum of two warps. int8: 16
//           products, times the scale
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int FewRowsWarps = 4, FewRows = 4;

    static LaunchShape FewRowsGrid(LinearArguments a) =>
        new(Parts.Of(a.Activation == LinearActivation.SwiGlu ? a.Outputs : Parts.Of(a.Outputs, 2), FewRowsWarps), Parts.Of(a.Rows, FewRows));

    static LaunchShape OneRowGrid(LinearArguments a)
    {
        int columns = a.Activation == LinearActivation.SwiGlu ? a.Outputs : Parts.Of(a.Outputs, 2);
        return new(Parts.Of(columns, FewRowsWarps / 2), a.Rows);
    }

    static void ForwardOneRow<TInput, TVectors>(LinearArguments a)
        where TInput : struct, IActivationFormat where TVectors : struct, IWeightVectors
    {
        var shared = SharedMemory.Allocate<float>(2 * FewRowsWarps);
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, m = Grid.IdxY;
        bool pair = a.Activation == LinearActivation.SwiGlu;
        int columns = Grid.IdxX * (FewRowsWarps / 2) + (warp >> 1), n = pair ? columns : 2 * columns;
        // Beyond the edge the last row of W again: all warps meet at the barrier.
        int w0 = Math.Min(n, a.Outputs - 1) * a.Inputs;
        int w1 = (pair ? a.Outputs + Math.Min(n, a.Outputs - 1) : Math.Min(n + 1, a.Outputs - 1)) * a.Inputs;
        int x0 = m * a.Inputs;
        Float2 sums = default;
        int k = ((warp & 1) * 32 + lane) * TVectors.Count, step = 64 * TVectors.Count;
        for (; k + 3 * step < a.Inputs; k += 4 * step)
        {
            // Eight loads are under way at once: there are few warps, and memory is far.
            Bits4 u0 = TVectors.Load(a.W, w0 + k), v0 = TVectors.Load(a.W, w1 + k);
            Bits4 u1 = TVectors.Load(a.W, w0 + k + step), v1 = TVectors.Load(a.W, w1 + k + step);
            Bits4 u2 = TVectors.Load(a.W, w0 + k + 2 * step), v2 = TVectors.Load(a.W, w1 + k + 2 * step);
            Bits4 u3 = TVectors.Load(a.W, w0 + k + 3 * step), v3 = TVectors.Load(a.W, w1 + k + 3 * step);
            sums = TwoDots<TInput, TVectors>(a, x0 + k, w0 + k, w1 + k, u0, v0, sums);
            sums = TwoDots<TInput, TVectors>(a, x0 + k + step, w0 + k + step, w1 + k + step, u1, v1, sums);
            sums = TwoDots<TInput, TVectors>(a, x0 + k + 2 * step, w0 + k + 2 * step, w1 + k + 2 * step, u2, v2, sums);
            sums = TwoDots<TInput, TVectors>(a, x0 + k + 3 * step, w0 + k + 3 * step, w1 + k + 3 * step, u3, v3, sums);
        }
        for (; k < a.Inputs; k += step)
            sums = TwoDots<TInput, TVectors>(a, x0 + k, w0 + k, w1 + k, TVectors.Load(a.W, w0 + k), TVectors.Load(a.W, w1 + k), sums);
        float left = WarpSums.Sum(sums.X), right = WarpSums.Sum(sums.Y);
        if (lane == 0)
        {
            shared[2 * warp] = left;
            shared[2 * warp + 1] = right;
        }
        Group.Barrier(); // both warps of each pair of rows have their sums
        if ((warp & 1) == 0 && n < a.Outputs)
            FinishTwo(a, m, n, 0, left + shared[2 * warp + 2], right + shared[2 * warp + 3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float2 TwoDots<TInput, TVectors>(LinearArguments a, int x, int w0, int w1, Bits4 bits0, Bits4 bits1, Float2 sums)
        where TInput : struct, IActivationFormat where TVectors : struct, IWeightVectors
    {
        Float16 inputs = WeightVectors.Inputs<TInput, TVectors>(a.X, x);
        sums.X = TVectors.Dot(a.W, w0, bits0, inputs, sums.X);
        sums.Y = TVectors.Dot(a.W, w1, bits1, inputs, sums.Y);
        return sums;
    }

    static void ForwardFewRows<TInput, TVectors>(LinearArguments a)
        where TInput : struct, IActivationFormat where TVectors : struct, IWeightVectors
    {
        int lane = Group.IdxX & 31, warp = Grid.IdxX * FewRowsWarps + (Group.IdxX >> 5), m = Grid.IdxY * FewRows;
        bool pair = a.Activation == LinearActivation.SwiGlu;
        int n = pair ? warp : 2 * warp;
        if (n >= a.Outputs)
            return;
        int w0 = n * a.Inputs, w1 = (pair ? a.Outputs + n : Math.Min(n + 1, a.Outputs - 1)) * a.Inputs;
        int x0 = RowOfX(a, m), x1 = RowOfX(a, m + 1), x2 = RowOfX(a, m + 2), x3 = RowOfX(a, m + 3);
        Float4 sums0 = default, sums1 = default; // one for each row of x
        for (int k = lane * TVectors.Count; k < a.Inputs; k += 32 * TVectors.Count)
        {
            Bits4 bits0 = TVectors.Load(a.W, w0 + k), bits1 = TVectors.Load(a.W, w1 + k);
            Float16 x = WeightVectors.Inputs<TInput, TVectors>(a.X, x0 + k);
            sums0.X = TVectors.Dot(a.W, w0 + k, bits0, x, sums0.X);
            sums1.X = TVectors.Dot(a.W, w1 + k, bits1, x, sums1.X);
            x = WeightVectors.Inputs<TInput, TVectors>(a.X, x1 + k);
            sums0.Y = TVectors.Dot(a.W, w0 + k, bits0, x, sums0.Y);
            sums1.Y = TVectors.Dot(a.W, w1 + k, bits1, x, sums1.Y);
            x = WeightVectors.Inputs<TInput, TVectors>(a.X, x2 + k);
            sums0.Z = TVectors.Dot(a.W, w0 + k, bits0, x, sums0.Z);
            sums1.Z = TVectors.Dot(a.W, w1 + k, bits1, x, sums1.Z);
            x = WeightVectors.Inputs<TInput, TVectors>(a.X, x3 + k);
            sums0.W = TVectors.Dot(a.W, w0 + k, bits0, x, sums0.W);
            sums1.W = TVectors.Dot(a.W, w1 + k, bits1, x, sums1.W);
        }
        // A row of x belongs to two lanes.
        int row = lane >> 1;
        float left = Pick(row, WarpSums.Sum(sums0.X), WarpSums.Sum(sums0.Y), WarpSums.Sum(sums0.Z), WarpSums.Sum(sums0.W));
        float right = Pick(row, WarpSums.Sum(sums1.X), WarpSums.Sum(sums1.Y), WarpSums.Sum(sums1.Z), WarpSums.Sum(sums1.W));
        if (row < FewRows && m + row < a.Rows)
            FinishTwo(a, m + row, n, 2 * row, left, right);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Pick(int row, float s0, float s1, float s2, float s3) => row == 0 ? s0 : row == 1 ? s1 : row == 2 ? s2 : s3;

    // Two lanes store two outputs, one that of a pair.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void FinishTwo(LinearArguments a, int m, int n, int firstLane, float left, float right)
    {
        int second = (Group.IdxX & 31) - firstLane;
        if (a.Activation == LinearActivation.SwiGlu)
        {
            if (second == 0)
                FinishPair(a, m, n, left, right);
        }
        else if (second < 2 && n + second < a.Outputs)
            Finish(a, m, n + second, second == 0 ? left : right);
    }
}
