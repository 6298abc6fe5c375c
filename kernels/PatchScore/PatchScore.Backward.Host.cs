// Computes  z[p] = s·(1 − s)·gradY[p]·x[p],  gradX = s·gradY,  gradG[p] = z[p]·weight,  gradWeight += Σ z[p]·g[p],  gradBias += Σ z[p]
// Idea      a few patches per item; then an item is a few columns of gradWeight over all patches, in their order
// Numerics  the dot product in two vectors of f32, then across lanes; sums over patches from 0 up, added last
namespace HSENet.Kernels;

public static partial class PatchScore
{
    const int HostColumns = 64; // columns of gradWeight in an item: four cache lines of every row

    static unsafe void HostBackward(HostDevice device, PatchScoreBackwardArguments a)
    {
        device.ForRows(a.Patches, HostPatchesPerItem, new HostPatchGradients(a));
        if (!a.GradWeight.IsEmpty)
            device.ForVectors(Parts.Of(a.Channels, HostColumns), new HostWeightGradients(a));
        if (a.GradBias.IsEmpty)
            return;
        float sum = 0f;
        for (int p = 0; p < a.Patches; p++)
            sum += a.Scratch.Pointer[p];
        a.GradBias.Pointer[0] += sum;
    }

    readonly struct HostPatchGradients(PatchScoreBackwardArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int p, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long start = (long)p * a.Channels;
            float score = a.Scores.Pointer[p], slope = score * (1f - score);
            float gradient = a.Scratch.Pointer[p] = slope
                * SingleHead.Dot<TVector>(a.GradY.Pointer + start, a.X.Pointer + start, a.Channels);
            HostVectors.Scale<TVector>(score, a.GradY.Pointer + start, a.GradX.Pointer + start, a.Channels);
            HostVectors.Scale<TVector>(gradient, a.Weight.Pointer, a.GradG.Pointer + start, a.Channels);
        }
    }

    readonly struct HostWeightGradients(PatchScoreBackwardArguments a) : IHostVectorWork
    {
        public unsafe void Run<TVector>(int index, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int start = index * HostColumns, count = Math.Min(HostColumns, a.Channels - start);
            float* sums = stackalloc float[HostColumns];
            new Span<float>(sums, HostColumns).Clear();
            for (int p = 0; p < a.Patches; p++)
                HostVectors.AddScaled<TVector>(a.Scratch.Pointer[p], a.G.Pointer + (long)p * a.Channels + start, sums, count);
            HostVectors.AddScaled<TVector>(1f, sums, a.GradWeight.Pointer + start, count);
        }
    }
}
