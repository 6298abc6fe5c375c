// Computes  y[n,c] = (x[n,c] − mean[n]) / √(var[n] + ε) · γ[c] + β[c]
// Idea      a few rows per item, three passes over a row that stays in L1, a vector of channels at a time
// Numerics  sums in the lanes of a vector in f32, then across lanes; mean first and then squares of centred values
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class LayerNorm
{
    const int HostRowsPerItem = 16; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, LayerNormArguments a) =>
        device.ForRows(a.Rows, HostRowsPerItem, new HostWork(a));

    readonly struct HostWork(LayerNormArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            Row<TVector>(a.X.Pointer + (long)row * a.Channels, a.Y.Floats.Pointer + (long)row * a.Channels, a.Gamma.Pointer, a.Beta.Pointer,
                a.Channels, a.Epsilon);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe float Mean<TVector>(float* x, int channels) where TVector : unmanaged, IHostVector<TVector>
    {
        TVector sums = default;
        int c = 0;
        for (; c <= channels - TVector.Count; c += TVector.Count)
            sums += TVector.Load(x + c);
        float sum = TVector.Sum(sums);
        for (; c < channels; c++)
            sum += x[c];
        return sum / channels;
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Row<TVector>(float* x, float* y, float* gamma, float* beta, int channels, float epsilon) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int vectorEnd = channels / TVector.Count * TVector.Count, c;
        float mean = Mean<TVector>(x, channels);
        TVector means = TVector.Create(mean), squares = default;
        for (c = 0; c < vectorEnd; c += TVector.Count)
        {
            TVector centred = TVector.Load(x + c) - means;
            squares = TVector.MultiplyAdd(centred, centred, squares);
        }
        float square = TVector.Sum(squares);
        for (; c < channels; c++)
            square += (x[c] - mean) * (x[c] - mean);
        float inverseDeviation = 1f / MathF.Sqrt(square / channels + epsilon);

        TVector scale = TVector.Create(inverseDeviation);
        for (c = 0; c < vectorEnd; c += TVector.Count)
            TVector.Store(y + c, TVector.MultiplyAdd((TVector.Load(x + c) - means) * scale, TVector.Load(gamma + c),
                TVector.Load(beta + c)));
        for (; c < channels; c++)
            y[c] = (x[c] - mean) * inverseDeviation * gamma[c] + beta[c];
    }
}
