// Computes  y[n,c] = x[n,c] / max(√Σ x[n,·]², 1e-12)
// Idea      a row is read twice while it stays in L1
// Numerics  sums of squares in four vectors in f32, then across lanes
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class L2Normalize
{
    const int HostRowsPerItem = 8; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, L2NormalizeArguments a)
    {
        int items = (a.Rows + HostRowsPerItem - 1) / HostRowsPerItem;
        switch (device.VectorBits)
        {
            case 512:
                device.For(items, new HostWork<Wide512>(a));
                break;
            case 256:
                device.For(items, new HostWork<Wide256>(a));
                break;
            default:
                device.For(items, new HostWork<Wide128>(a));
                break;
        }
    }

    readonly struct HostWork<TVector>(L2NormalizeArguments a) : IHostWork where TVector : unmanaged, IHostVector<TVector>
    {
        public unsafe void Run(int index, int worker)
        {
            int end = Math.Min(a.Rows, (index + 1) * HostRowsPerItem);
            for (int row = index * HostRowsPerItem; row < end; row++)
                Row<TVector>(a.X.Pointer + (long)row * a.Channels, a.Y.Pointer + (long)row * a.Channels, a.Channels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Row<TVector>(float* x, float* y, int channels) where TVector : unmanaged, IHostVector<TVector>
    {
        float scale = 1f / MathF.Max(MathF.Sqrt(HostVectors.SumOfSquares<TVector>(x, channels)), SmallestLength);
        int c = 0;
        for (; c <= channels - TVector.Count; c += TVector.Count)
            TVector.Store(y + c, TVector.Load(x + c) * TVector.Create(scale));
        for (; c < channels; c++)
            y[c] = x[c] * scale;
    }
}
