// Computes  y[n,c] = (x[n,c] − mean[n]) / √(var[n] + ε) · γ[c] + β[c]
// Idea      a few rows per item, three passes over a row that stays in L1, sixteen channels at a time
// Numerics  sums in 16 lanes in f32, then across lanes; mean first and then squares of centred values
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class LayerNorm
{
    const int HostRowsPerItem = 16; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, LayerNormArguments a) =>
        device.For((a.Rows + HostRowsPerItem - 1) / HostRowsPerItem, new HostWork(a));

    readonly struct HostWork(LayerNormArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            int end = Math.Min(a.Rows, (index + 1) * HostRowsPerItem);
            for (int row = index * HostRowsPerItem; row < end; row++)
                Row(a.X.Pointer + (long)row * a.Channels, a.Y.Pointer + (long)row * a.Channels, a.Gamma.Pointer, a.Beta.Pointer, a.Channels, a.Epsilon);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Row(float* x, float* y, float* gamma, float* beta, int channels, float epsilon)
    {
        int vectorEnd = channels & ~15;
        var sums = Vector512<float>.Zero;
        for (int c = 0; c < vectorEnd; c += 16)
            sums += Vector512.Load(x + c);
        float sum = Vector512.Sum(sums);
        for (int c = vectorEnd; c < channels; c++)
            sum += x[c];
        float mean = sum / channels;

        var squares = Vector512<float>.Zero;
        for (int c = 0; c < vectorEnd; c += 16)
        {
            var centred = Vector512.Load(x + c) - Vector512.Create(mean);
            squares = Vector512.FusedMultiplyAdd(centred, centred, squares);
        }
        float square = Vector512.Sum(squares);
        for (int c = vectorEnd; c < channels; c++)
            square += (x[c] - mean) * (x[c] - mean);
        float inverseDeviation = 1f / MathF.Sqrt(square / channels + epsilon);

        for (int c = 0; c < vectorEnd; c += 16)
        {
            var scaled = (Vector512.Load(x + c) - Vector512.Create(mean)) * inverseDeviation;
            Vector512.FusedMultiplyAdd(scaled, Vector512.Load(gamma + c), Vector512.Load(beta + c)).Store(y + c);
        }
        for (int c = vectorEnd; c < channels; c++)
            y[c] = (x[c] - mean) * inverseDeviation * gamma[c] + beta[c];
    }
}
