// Computes  y[n,c] = x[n,c] / √(mean of x[n,·]² + ε) · γ[c]
// Idea      a row is read twice while it stays in L1; one row runs on the caller's thread, so a decoded token pays for no hand-over
// Numerics  sums of squares in four vectors in f32, then across lanes
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    const int HostRowsPerItem = 8; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, RmsNormArguments a) =>
        device.ForRows(a.Rows, HostRowsPerItem, new HostWork(a));

    readonly struct HostWork(RmsNormArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            Row<TVector>(a.X.Pointer + (long)row * a.Channels, a.Y.Floats.Pointer + (long)row * a.Channels, a.Gamma.Pointer, a.Channels,
                a.Epsilon);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Row<TVector>(float* x, float* y, float* gamma, int channels, float epsilon) where TVector : unmanaged,
        IHostVector<TVector>
    {
        float scale = 1f / MathF.Sqrt(HostVectors.SumOfSquares<TVector>(x, channels) / channels + epsilon);
        int c = 0;
        for (; c <= channels - TVector.Count; c += TVector.Count)
            TVector.Store(y + c, TVector.Load(x + c) * TVector.Create(scale) * TVector.Load(gamma + c));
        for (; c < channels; c++)
            y[c] = x[c] * scale * gamma[c];
    }
}
