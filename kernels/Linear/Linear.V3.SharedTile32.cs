// Computes  y[m,n] = residual[m,n] + activation(Σₖ x[m,k] · W[n,k] + bias[n])
// Idea      a group computes 32 × 32 outputs, a thread one of them: 32 inputs of 32 rows of x and of W at a time lie in shared memory, so
//           that each is read once for 32 outputs. Rows lie 33 floats apart, which puts a column's floats into different banks
// Numerics  one sum in f32 from k = 0 up, fused multiply-adds
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Linear
{
    const int SharedTile = 32, SharedTileStride = 33, SharedTileThreads = SharedTile * SharedTile;

    static void ForwardV3<TInput, TFormat>(LinearArguments a)
        where TInput : struct, IActivationFormat where TFormat : struct, IWeightFormat
    {
        var xs = SharedMemory.Allocate<float>(SharedTile * SharedTileStride);
        var ws = SharedMemory.Allocate<float>(SharedTile * SharedTileStride);
        int m = Grid.IdxX * SharedTile + (Group.IdxX >> 5);
        int n = Grid.IdxY * SharedTile + (Group.IdxX & 31);
        float sum = TileDot<TInput, TFormat>(a, xs, ws, 0), up = 0f;
        if (a.Activation == LinearActivation.SwiGlu)
            up = TileDot<TInput, TFormat>(a, xs, ws, a.Outputs);
        if (m >= a.Rows || n >= a.Outputs)
            return;
        if (a.Activation == LinearActivation.SwiGlu)
            FinishPair(a, m, n, sum, up);
        else
            Finish(a, m, n, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float TileDot<TInput, TFormat>(LinearArguments a, ArrayView<float> xs, ArrayView<float> ws, int firstRow)
        where TInput : struct, IActivationFormat where TFormat : struct, IWeightFormat
    {
        int column = Group.IdxX & 31, row = Group.IdxX >> 5;
        // Rows beyond the edge are the last one again; nobody stores their sums.
        int fromX = Math.Min(Grid.IdxX * SharedTile + row, a.Rows - 1) * a.Inputs;
        int fromW = (firstRow + Math.Min(Grid.IdxY * SharedTile + row, a.Outputs - 1)) * a.Inputs;
        float sum = 0f;
        for (int k0 = 0; k0 < a.Inputs; k0 += SharedTile)
        {
            float x = 0f, w = 0f;
            if (k0 + column < a.Inputs)
            {
                x = TInput.Load(a.X, fromX + k0 + column);
                w = TFormat.Load(a.W, fromW + k0 + column);
            }
            Group.Barrier(); // all have read the tiles before
            xs[row * SharedTileStride + column] = x;
            ws[row * SharedTileStride + column] = w;
            Group.Barrier(); // the tiles are whole
            for (int k = 0; k < SharedTile; k++)
                sum = ScalarInstructions.FusedMultiplyAdd(xs[row * SharedTileStride + k], ws[column * SharedTileStride + k], sum);
        }
        return sum;
    }
}
