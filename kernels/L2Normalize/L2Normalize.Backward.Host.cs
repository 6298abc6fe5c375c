// Computes  gradX[n,c] = (gradY[n,c] − x[n,c] · Σ x·gradY / |x|²) / |x|
// Idea      rows that stay in L1: one pass for each sum, one for the gradient
// Numerics  sums in vectors in f32, then across lanes
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class L2Normalize
{
    static void HostBackward(HostDevice device, L2NormalizeBackwardArguments a) =>
        device.ForRows(a.Rows, HostRowsPerItem, new HostBackwardWork(a));

    readonly struct HostBackwardWork(L2NormalizeBackwardArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)row * a.Channels;
            BackwardRow<TVector>(a.X.Pointer + start, a.GradY.Pointer + start, a.GradX.Pointer + start, a.Channels);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void BackwardRow<TVector>(float* x, float* gradY, float* gradX, int channels) where TVector : unmanaged,
        IHostVector<TVector>
    {
        float length = MathF.Sqrt(HostVectors.SumOfSquares<TVector>(x, channels)), scale = 1f / MathF.Max(length, SmallestLength);
        TVector dots = default;
        int c = 0;
        for (; c <= channels - TVector.Count; c += TVector.Count)
            dots = TVector.MultiplyAdd(TVector.Load(x + c), TVector.Load(gradY + c), dots);
        float dot = TVector.Sum(dots);
        for (; c < channels; c++)
            dot += x[c] * gradY[c];
        float pull = length < SmallestLength ? 0f : -(dot * scale) * scale;

        for (c = 0; c <= channels - TVector.Count; c += TVector.Count)
            TVector.Store(gradX + c, TVector.Create(scale)
                * TVector.MultiplyAdd(TVector.Load(x + c), TVector.Create(pull), TVector.Load(gradY + c)));
        for (; c < channels; c++)
            gradX[c] = scale * (x[c] * pull + gradY[c]);
    }
}
