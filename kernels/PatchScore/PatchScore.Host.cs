// Computes  score[p] = sigmoid(weight · g[p] + bias),  x[p] ← x[p] · score[p]
// Idea      a few patches per item, a vector of channels at a time
// Numerics  the sum in two vectors of f32, then across lanes
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class PatchScore
{
    const int HostPatchesPerItem = 32;

    static void HostForward(HostDevice device, PatchScoreArguments a)
    {
        int items = (a.Patches + HostPatchesPerItem - 1) / HostPatchesPerItem;
        switch (device.VectorBits)
        {
            case 512:
                device.For(items, new HostWork<Wide512>(a));
                break;
            case 256:
                device.For(items, new HostWork<Wide256>(a));
                break;
            default:
                device.For(items, new HostWork<Wide128>(a));
                break;
        }
    }

    readonly struct HostWork<TVector>(PatchScoreArguments a) : IHostWork where TVector : unmanaged, IHostVector<TVector>
    {
        public unsafe void Run(int index, int worker)
        {
            int end = Math.Min(a.Patches, (index + 1) * HostPatchesPerItem);
            for (int p = index * HostPatchesPerItem; p < end; p++)
            {
                long start = (long)p * a.Channels;
                float score = DeviceMath.Sigmoid(SingleHead.Dot<TVector>(a.G.Pointer + start, a.Weight.Pointer, a.Channels) + a.Bias.Pointer[0]);
                a.Scores.Pointer[p] = score;
                Scale<TVector>(a.X.Pointer + start, a.Channels, score);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Scale<TVector>(float* x, int length, float factor) where TVector : unmanaged, IHostVector<TVector>
    {
        int c = 0;
        for (; c <= length - TVector.Count; c += TVector.Count)
            TVector.Store(x + c, TVector.Load(x + c) * TVector.Create(factor));
        for (; c < length; c++)
            x[c] *= factor;
    }
}
