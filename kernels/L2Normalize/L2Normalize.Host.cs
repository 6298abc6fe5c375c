// Computes  y[n,c] = x[n,c] / max(√Σ x[n,·]², 1e-12)
// Idea      a row is read twice while it stays in L1
// Numerics  sums of squares in four vectors in f32, then across lanes
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class L2Normalize
{
    const int HostRowsPerItem = 8; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, L2NormalizeArguments a) =>
        device.ForRows(a.Rows, HostRowsPerItem, new HostWork(a));

    readonly struct HostWork(L2NormalizeArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            Row<TVector>(a.X.Pointer + (long)row * a.Channels, a.Y.Pointer + (long)row * a.Channels, a.Channels);
        }
    }

    [MethodImpl(HostMethod.Hot)]
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
