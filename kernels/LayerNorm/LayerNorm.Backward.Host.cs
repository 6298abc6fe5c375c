// Computes  gradX = residual + r·(γ·gradY − mean(γ·gradY) − x̂·mean(γ·gradY·x̂)),  gradGamma += Σ_n gradY·x̂,  gradBeta += Σ_n gradY
// Idea      rows that stay in L1, whose mean and deviation are left in the scratch memory; then an item owns a few channels of all rows
// Numerics  sums of a row in vectors in f32, then across lanes; sums of a channel from row 0 up, added last to what is there
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class LayerNorm
{
    const int HostBackwardChannels = 64; // channels of an item: four cache lines of every row

    static void HostBackward(HostDevice device, LayerNormBackwardArguments a)
    {
        device.ForRows(a.Rows, HostRowsPerItem, new HostBackwardWork(a));
        if (!a.GradGamma.IsEmpty || !a.GradBeta.IsEmpty)
            device.ForVectors(Parts.Of(a.Channels, HostBackwardChannels), new HostChannelsWork(a));
    }

    readonly unsafe struct HostBackwardWork(LayerNormBackwardArguments a) : IHostRowWork
    {
        public void Run<TVector>(int row, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)row * a.Channels;
            var (mean, scale) = BackwardRow<TVector>(a.X.Pointer + start, a.GradY.Pointer + start,
                a.Residual.IsEmpty ? null : a.Residual.Pointer + start,
                a.GradX.Pointer + start, a.Gamma.Pointer, a.Channels, a.Epsilon);
            if (!a.Scratch.IsEmpty)
                (a.Scratch.Pointer[row], a.Scratch.Pointer[a.Rows + row]) = (mean, scale);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe (float Mean, float InverseDeviation) BackwardRow<TVector>(float* x, float* gradY, float* residual, float* gradX,
        float* gamma, int channels, float epsilon)
        where TVector : unmanaged, IHostVector<TVector>
    {
        TVector squares = default, gradients = default, products = default;
        int vectorEnd = channels / TVector.Count * TVector.Count, c;
        float mean = Mean<TVector>(x, channels);
        TVector means = TVector.Create(mean);
        for (c = 0; c < vectorEnd; c += TVector.Count)
        {
            TVector centred = TVector.Load(x + c) - means, gradient = TVector.Load(gamma + c) * TVector.Load(gradY + c);
            squares = TVector.MultiplyAdd(centred, centred, squares);
            gradients += gradient;
            products = TVector.MultiplyAdd(gradient, centred, products);
        }
        float square = TVector.Sum(squares), sum = TVector.Sum(gradients), product = TVector.Sum(products);
        for (; c < channels; c++)
        {
            float centred = x[c] - mean, gradient = gamma[c] * gradY[c];
            square += centred * centred;
            sum += gradient;
            product += gradient * centred;
        }
        float scale = 1f / MathF.Sqrt(square / channels + epsilon), meanGradient = sum / channels,
            pull = scale * scale * (product / channels);

        for (c = 0; c < vectorEnd; c += TVector.Count)
        {
            var gradient = TVector.Create(scale) * (TVector.Load(gamma + c) * TVector.Load(gradY + c) - TVector.Create(meanGradient)
                - (TVector.Load(x + c) - means) * TVector.Create(pull));
            TVector.Store(gradX + c, residual == null ? gradient : gradient + TVector.Load(residual + c));
        }
        for (; c < channels; c++)
            gradX[c] = scale * (gamma[c] * gradY[c] - meanGradient - (x[c] - mean) * pull) + (residual == null ? 0f : residual[c]);
        return (mean, scale);
    }

    readonly unsafe struct HostChannelsWork(LayerNormBackwardArguments a) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * HostBackwardChannels, count = Math.Min(HostBackwardChannels, a.Channels - start);
            float* gradGamma = stackalloc float[2 * HostBackwardChannels], gradBeta = gradGamma + HostBackwardChannels;
            new Span<float>(gradGamma, 2 * HostBackwardChannels).Clear();
            for (int row = 0; row < a.Rows; row++)
            {
                long first = (long)row * a.Channels + start;
                AddRow<TVector>(a.X.Pointer + first, a.GradY.Pointer + first, a.Scratch.Pointer[row], a.Scratch.Pointer[a.Rows + row],
                    gradGamma, gradBeta, count);
            }
            if (!a.GradGamma.IsEmpty)
                HostVectors.AddScaled<TVector>(1f, gradGamma, a.GradGamma.Pointer + start, count);
            if (!a.GradBeta.IsEmpty)
                HostVectors.AddScaled<TVector>(1f, gradBeta, a.GradBeta.Pointer + start, count);
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void AddRow<TVector>(float* x, float* gradY, float mean, float scale, float* gradGamma, float* gradBeta, int count)
        where TVector : unmanaged, IHostVector<TVector>
    {
        int c = 0;
        for (; c <= count - TVector.Count; c += TVector.Count)
        {
            TVector gradient = TVector.Load(gradY + c), normalised = (TVector.Load(x + c) - TVector.Create(mean)) * TVector.Create(scale);
            TVector.Store(gradGamma + c, TVector.MultiplyAdd(gradient, normalised, TVector.Load(gradGamma + c)));
            TVector.Store(gradBeta + c, gradient + TVector.Load(gradBeta + c));
        }
        for (; c < count; c++)
        {
            gradGamma[c] += gradY[c] * ((x[c] - mean) * scale);
            gradBeta[c] += gradY[c];
        }
    }
}
