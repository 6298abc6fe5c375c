// Computes  gradW[c,k] += Σ_p gradY[p,c]·patch[p,k],  gradBias[c] += Σ_p gradY[p,c],  gradPosition += gradY
// Idea      patches are gathered as rows of a matrix, once, as in the forward; the product is Linear's
// Numerics  Linear's: sums over patches from 0 up in f32; what is added to is added last
namespace HSENet.Kernels;

public static partial class PatchEmbedding
{
    static unsafe void HostBackward(HostDevice device, PatchEmbeddingBackwardArguments a)
    {
        int patches = a.Volume.Patches, length = a.Volume.PatchLength;
        if (!a.GradW.IsEmpty)
        {
            long values = (long)patches * length;
            float* rows = device.SharedScratch<float>(values + (long)patches * a.Outputs);
            device.For(patches, new HostGather(a.Image, a.Volume, rows));
            Linear.HostAddOuter(device, a.GradY, new View<float>((long)rows, values), a.GradW, patches, length, a.Outputs, rows + values);
        }
        if (!a.GradBias.IsEmpty)
            Linear.HostAddRows(device, a.GradY, a.GradBias, patches, a.Outputs);
        if (!a.GradPosition.IsEmpty)
            device.ForVectors(patches, new HostAddPositions(a));
    }

    readonly struct HostAddPositions(PatchEmbeddingBackwardArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector> =>
            HostVectors.AddScaled<TVector>(1f, a.GradY.Pointer + (long)index * a.Outputs, a.GradPosition.Pointer + (long)index * a.Outputs,
                a.Outputs);
    }
}
