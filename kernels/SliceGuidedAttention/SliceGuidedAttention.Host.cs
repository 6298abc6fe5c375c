// Computes  map = softmax(Q·Kᵀ/√D),  y = dropout(map)·V
// Idea      a few patches per item; keys and values of all slices stay in L2 while the patches pass by
// Numerics  sums in two vectors of f32, then across lanes; the largest score is subtracted before exp
namespace HSENet.Kernels;

public static partial class SliceGuidedAttention
{
    const int HostPatchesPerItem = 16;

    static void HostForward(HostDevice device, SliceGuidedAttentionArguments a) =>
        device.ForVectors(Parts.Of(a.Patches, HostPatchesPerItem), new HostWork(device, a));

    readonly struct HostWork(HostDevice device, SliceGuidedAttentionArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int* rows = device.Scratch<int>(worker, 2 * a.Slices);
            float* weights = (float*)(rows + a.Slices);
            for (int s = 0; s < a.Slices; s++)
                rows[s] = s;
            int end = Math.Min(a.Patches, (index + 1) * HostPatchesPerItem);
            for (int p = index * HostPatchesPerItem; p < end; p++)
                SingleHead.Attend<TVector>(a.Q.Pointer + (long)p * a.Channels, a.K.Floats.Pointer, a.V.Floats.Pointer, rows, a.Slices,
                    a.Channels,
                    a.Y.Floats.Pointer + (long)p * a.Channels, a.Map.Pointer, p * a.Slices, a.DropoutRate, a.DropoutSeed, weights);
        }
    }
}
