// Computes  score[p] = sigmoid(weight · g[p] + bias),  x[p] ← x[p] · score[p]
// Idea      a few patches per item, 16 channels at a time
// Numerics  the sum in 16 lanes in f32, then across lanes
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class PatchScore
{
    const int HostPatchesPerItem = 32;

    static void HostForward(HostDevice device, PatchScoreArguments a) =>
        device.For((a.Patches + HostPatchesPerItem - 1) / HostPatchesPerItem, new HostWork(a));

    readonly struct HostWork(PatchScoreArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            int end = Math.Min(a.Patches, (index + 1) * HostPatchesPerItem);
            for (int p = index * HostPatchesPerItem; p < end; p++)
            {
                long start = (long)p * a.Channels;
                float score = DeviceMath.Sigmoid(SingleHead.Dot(a.G.Pointer + start, a.Weight.Pointer, a.Channels) + a.Bias.Pointer[0]);
                a.Scores.Pointer[p] = score;
                Scale(a.X.Pointer + start, a.Channels, score);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Scale(float* x, int length, float factor)
    {
        int c = 0;
        for (; c <= length - 16; c += 16)
            (Vector512.Load(x + c) * factor).Store(x + c);
        for (; c < length; c++)
            x[c] *= factor;
    }
}
