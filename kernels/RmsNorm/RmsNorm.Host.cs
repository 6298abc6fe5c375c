// Computes  y[n,c] = x[n,c] / √(mean of x[n,·]² + ε) · γ[c]
// Idea      a row is read twice while it stays in L1; one row runs on the caller's thread, so a decoded token pays for no hand-over
// Numerics  sums of squares in 64 lanes in f32, then across lanes
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    const int HostRowsPerItem = 8; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, RmsNormArguments a) =>
        device.For((a.Rows + HostRowsPerItem - 1) / HostRowsPerItem, new HostWork(a));

    readonly struct HostWork(RmsNormArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            int end = Math.Min(a.Rows, (index + 1) * HostRowsPerItem);
            for (int row = index * HostRowsPerItem; row < end; row++)
                Row(a.X.Pointer + (long)row * a.Channels, a.Y.Pointer + (long)row * a.Channels, a.Gamma.Pointer, a.Channels, a.Epsilon);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Row(float* x, float* y, float* gamma, int channels, float epsilon)
    {
        float scale = 1f / MathF.Sqrt(HostVectors.SumOfSquares(x, channels) / channels + epsilon);
        int c = 0;
        for (; c <= channels - 16; c += 16)
            (Vector512.Load(x + c) * scale * Vector512.Load(gamma + c)).Store(y + c);
        for (; c < channels; c++)
            y[c] = x[c] * scale * gamma[c];
    }
}
