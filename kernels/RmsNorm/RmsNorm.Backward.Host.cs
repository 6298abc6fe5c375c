// Computes  gradX[n,c] = residual[n,c] + r·γ[c]·gradY[n,c] − x[n,c] · r³/C · Σ γ·x·gradY,  r = 1/√(mean of x[n,·]² + ε)
//           gradGamma[c] += Σ_n r·x[n,c]·gradY[n,c]
// Idea      rows that stay in L1, whose r is left in the scratch memory: one pass for each sum, one for the gradient; then an item owns a
//           few channels of all rows
// Numerics  sums in vectors in f32, then across lanes; the residual is added last; sums of a channel from row 0 up, added last
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    const int HostBackwardChannels = 64; // channels of an item: four cache lines of every row

    static void HostBackward(HostDevice device, RmsNormBackwardArguments a)
    {
        device.ForRows(a.Rows, HostRowsPerItem, new HostBackwardWork(a));
        if (!a.GradGamma.IsEmpty)
            device.ForVectors(Parts.Of(a.Channels, HostBackwardChannels), new HostChannelsWork(a));
    }

    readonly struct HostBackwardWork(RmsNormBackwardArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)row * a.Channels;
            float scale = BackwardRow<TVector>(a.X.Pointer + start, a.GradY.Pointer + start,
                a.Residual.IsEmpty ? null : a.Residual.Pointer + start,
                a.GradX.Pointer + start, a.Gamma.Pointer, a.Channels, a.Epsilon);
            if (!a.Scratch.IsEmpty)
                a.Scratch.Pointer[row] = scale;
        }
    }

    readonly unsafe struct HostChannelsWork(RmsNormBackwardArguments a) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * HostBackwardChannels, count = Math.Min(HostBackwardChannels, a.Channels - start);
            float* gradGamma = stackalloc float[HostBackwardChannels];
            new Span<float>(gradGamma, HostBackwardChannels).Clear();
            for (int row = 0; row < a.Rows; row++)
            {
                long first = (long)row * a.Channels + start;
                AddRow<TVector>(a.X.Pointer + first, a.GradY.Pointer + first, a.Scratch.Pointer[row], gradGamma, count);
            }
            HostVectors.AddScaled<TVector>(1f, gradGamma, a.GradGamma.Pointer + start, count);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void AddRow<TVector>(float* x, float* gradY, float scale, float* gradGamma, int count)
        where TVector : unmanaged, IHostVector<TVector>
    {
        int c = 0;
        for (; c <= count - TVector.Count; c += TVector.Count)
            TVector.Store(gradGamma + c, TVector.MultiplyAdd(TVector.Load(x + c) * TVector.Create(scale), TVector.Load(gradY + c),
                TVector.Load(gradGamma + c)));
        for (; c < count; c++)
            gradGamma[c] += x[c] * scale * gradY[c];
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe float BackwardRow<TVector>(float* x, float* gradY, float* residual, float* gradX, float* gamma, int channels,
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
        return scale;
    }
}
