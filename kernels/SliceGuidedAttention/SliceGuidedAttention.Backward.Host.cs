// Computes  s = map∘(f∘(gradY·Vᵀ) − Σ map·f·gradY·Vᵀ)/√D,  gradQ = s·K,  gradK = sᵀ·Q,  gradV = (map∘f)ᵀ·gradY
// Idea      four products on Linear's own host rungs, and between them a pass over the rows of scores, which lie in L2
// Numerics  as Linear's products of many rows; dropout's factors are computed again
namespace HSENet.Kernels;

public static partial class SliceGuidedAttention
{
    static unsafe void HostBackward(HostDevice device, SliceGuidedAttentionBackwardArguments a)
    {
        long size = (long)a.Patches * a.Slices;
        View<float> scores = a.Scratch.Slice(0, size), weights = a.Scratch.Slice(size, size);
        Linear.HostForward(device, new LinearArguments
        {
            X = a.GradY,
            W = new Weights(a.V),
            Y = scores,
            Rows = a.Patches,
            Inputs = a.Channels,
            Outputs = a.Slices
        });
        device.For(Parts.Of(a.Patches, HostPatchesPerItem), new ScoreGradientWork(a));
        Linear.HostProduct(device, new LinearArguments
        {
            X = scores,
            W = new Weights(a.K),
            Y = a.GradQ,
            Rows = a.Patches,
            Inputs = a.Slices,
            Outputs = a.Channels
        }, across: true);
        device.Clear(a.GradK.As<byte>());
        Linear.HostAddOuter(device, scores, a.Q, a.GradK, a.Patches, a.Channels, a.Slices);
        device.Clear(a.GradV.As<byte>());
        Linear.HostAddOuter(device, weights, a.GradY, a.GradV, a.Patches, a.Channels, a.Slices);
    }

    readonly struct ScoreGradientWork(SliceGuidedAttentionBackwardArguments a) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            long size = (long)a.Patches * a.Slices;
            int end = Math.Min(a.Patches, (index + 1) * HostPatchesPerItem);
            for (int p = index * HostPatchesPerItem; p < end; p++)
            {
                float* scores = a.Scratch.Pointer + p * a.Slices;
                SingleHead.ScoreGradients(a.Map.Pointer, p * a.Slices, a.Slices, a.Channels, a.DropoutRate, a.DropoutSeed, scores,
                    scores + size);
            }
        }
    }
}
