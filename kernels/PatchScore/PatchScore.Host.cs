// Computes  score[p] = sigmoid(weight · g[p] + bias),  x[p] ← x[p] · score[p]
// Idea      a few patches per item, a vector of channels at a time
// Numerics  the sum in two vectors of f32, then across lanes
namespace HSENet.Kernels;

public static partial class PatchScore
{
    const int HostPatchesPerItem = 32;

    static void HostForward(HostDevice device, PatchScoreArguments a) =>
        device.ForRows(a.Patches, HostPatchesPerItem, new HostWork(a));

    readonly struct HostWork(PatchScoreArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int p, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)p * a.Channels;
            float score = DeviceMath.Sigmoid(SingleHead.Dot<TVector>(a.G.Pointer + start, a.Weight.Pointer, a.Channels)
                + a.Bias.Pointer[0]);
            a.Scores.Pointer[p] = score;
            HostVectors.Scale<TVector>(score, a.X.Pointer + start, a.X.Pointer + start, a.Channels);
        }
    }
}
