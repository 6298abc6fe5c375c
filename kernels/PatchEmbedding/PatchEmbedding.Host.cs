// Computes  y[p,c] = Σₖ patch[p,k] · W[c,k] + bias[c] + position[p,c]
// Idea      patches are gathered as rows of a matrix, once; the product is Linear's, with the positions as its residual
// Numerics  Linear's, then one addition
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    static unsafe void HostForward(HostDevice device, PatchEmbeddingArguments a)
    {
        long length = (long)a.Patches * a.PatchLength;
        float* rows = device.SharedScratch<float>(length);
        device.ForVectors(a.Patches, new HostGather(a, rows));
        View<float> position = a.Position.Type == WeightType.F32 ? a.Position.Values.As<float>() : a.Y;
        Linear.HostForward(device, new LinearArguments
        {
            X = new View<float>((long)rows, length),
            W = a.W,
            Bias = a.Bias,
            Residual = position,
            Y = a.Y,
            Rows = a.Patches,
            Inputs = a.PatchLength,
            Outputs = a.Outputs,
        });
    }

    readonly unsafe struct HostGather(PatchEmbeddingArguments a, float* rows) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int columns = a.Width / a.PatchWidth, lines = a.Height / a.PatchHeight;
            int w0 = index % columns * a.PatchWidth, h0 = index / columns % lines * a.PatchHeight, d0 = index / (columns * lines) * a.PatchDepth;
            float* to = rows + (long)index * a.PatchLength;
            uint bytes = (uint)a.PatchWidth * sizeof(float);
            for (int channel = 0; channel < a.Channels; channel++)
                for (int d = d0; d < d0 + a.PatchDepth; d++)
                    for (int h = h0; h < h0 + a.PatchHeight; h++, to += a.PatchWidth)
                        Unsafe.CopyBlockUnaligned(to, a.Image.Pointer + ((long)(channel * a.Depth + d) * a.Height + h) * a.Width + w0, bytes);
            if (a.Position.Type != WeightType.F32)
                HostVectors.Widen<TVector>(a.Position, (long)index * a.Outputs, a.Y.Pointer + (long)index * a.Outputs, a.Outputs);
        }
    }
}
