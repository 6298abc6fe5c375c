// Computes  gradX[n,c] = residual[n,c] + r·γ[c]·gradY[n,c] − x[n,c] · r³/C · Σ γ·x·gradY,  r = 1/√(mean of x[n,·]² + ε)
// Idea      rows that stay in L1: one pass for each sum, one for the gradient
// Numerics  sums in vectors in f32, then across lanes; the residual is added last
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    static void HostBackward(HostDevice device, RmsNormBackwardArguments a) =>
        device.ForRows(a.Rows, HostRowsPerItem, new HostBackwardWork(a));

    readonly struct HostBackwardWork(RmsNormBackwardArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)row * a.Channels;
            BackwardRow<TVector>(a.X.Pointer + start, a.GradY.Pointer + start, a.Residual.IsEmpty ? null : a.Residual.Pointer + start,
                a.GradX.Pointer + start, a.Gamma.Pointer, a.Channels, a.Epsilon);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void BackwardRow<TVector>(float* x, float* gradY, float* residual, float* gradX, float* gamma, int channels,
        float epsilon)
        where TVector : unmanaged, IHostVector<TVector>
    {
        float scale = 1f / MathF.Sqrt(HostVectors.SumOfSquares<TVector>(x, channels) / channels + epsilon);
        TVector dots = default;
        int c = 0;
        for (; c <= channels - TVector.Count; c += TVector.Count)
            dots = TVector.MultiplyAdd(TVector.Load(gamma + c) * TVector.Load(x + c), TVector.Load(gradY + c), dots);
        float dot = TVector.Sum(dots);
        for (; c < channels; c++)
            dot += gamma[c] * x[c] * gradY[c];
        float pull = scale * scale * (dot / channels);

        for (c = 0; c <= channels - TVector.Count; c += TVector.Count)
        {
            var gradient = TVector.Create(scale)
                * (TVector.Load(gamma + c) * TVector.Load(gradY + c) - TVector.Load(x + c) * TVector.Create(pull));
            TVector.Store(gradX + c, residual == null ? gradient : gradient + TVector.Load(residual + c));
        }
        for (; c < channels; c++)
            gradX[c] = scale * (gamma[c] * gradY[c] - x[c] * pull) + (residual == null ? 0f : residual[c]);
    }
}
