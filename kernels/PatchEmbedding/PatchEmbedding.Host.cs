// Computes  y[p,c] = Σₖ patch[p,k] · W[c,k] + bias[c] + position[p,c]
// Idea      patches are gathered as rows of a matrix, once; the product is Linear's, with the positions as its residual
// Numerics  Linear's, then one addition
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    static void HostForward(HostDevice device, PatchEmbeddingArguments a)
    {
        for (int image = 0; image < a.Images; image++)
            HostImage(device, a.OfImage(image));
    }

    static unsafe void HostImage(HostDevice device, PatchEmbeddingArguments a)
    {
        long length = (long)a.Patches * a.PatchLength;
        float* rows = device.SharedScratch<float>(length);
        device.For(a.Patches, new HostGather(a.Image, a.Volume, rows));
        if (a.Position.Type != WeightType.F32)
            device.ForVectors(a.Patches, new HostWidenPositions(a));
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

    readonly unsafe struct HostGather(View<float> image, PatchVolume volume, float* rows) : IHostWork
    {
        public void Run(int index, int worker)
        {
            var (d0, h0, w0) = volume.Corner(index);
            float* to = rows + (long)index * volume.PatchLength;
            uint bytes = (uint)volume.PatchWidth * sizeof(float);
            for (int channel = 0; channel < volume.Channels; channel++)
                for (int d = d0; d < d0 + volume.PatchDepth; d++)
                    for (int h = h0; h < h0 + volume.PatchHeight; h++, to += volume.PatchWidth)
                        Unsafe.CopyBlockUnaligned(to, image.Pointer
                            + ((long)(channel * volume.Depth + d) * volume.Height + h) * volume.Width + w0, bytes);
        }
    }

    readonly unsafe struct HostWidenPositions(PatchEmbeddingArguments a) : IHostVectorWork
    {
        public void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector> =>
            HostVectors.Widen<TVector>(a.Position, (long)index * a.Outputs, a.Y.Pointer + (long)index * a.Outputs, a.Outputs);
    }
}
