// Computes  y[n,c] = x[n,c] / max(√Σ x[n,·]², 1e-12)
// Idea      a row is read twice while it stays in L1, sixteen channels at a time
// Numerics  sums of squares in 64 lanes in f32, then across lanes
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class L2Normalize
{
    const int HostRowsPerItem = 8; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, L2NormalizeArguments a) =>
        device.For((a.Rows + HostRowsPerItem - 1) / HostRowsPerItem, new HostWork(a));

    readonly struct HostWork(L2NormalizeArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            int end = Math.Min(a.Rows, (index + 1) * HostRowsPerItem);
            for (int row = index * HostRowsPerItem; row < end; row++)
                Row(a.X.Pointer + (long)row * a.Channels, a.Y.Pointer + (long)row * a.Channels, a.Channels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Row(float* x, float* y, int channels)
    {
        float scale = 1f / MathF.Max(MathF.Sqrt(HostVectors.SumOfSquares(x, channels)), SmallestLength);
        int c = 0;
        for (; c <= channels - 16; c += 16)
            (Vector512.Load(x + c) * scale).Store(y + c);
        for (; c < channels; c++)
            y[c] = x[c] * scale;
    }
}
