// Computes  map = softmax(Q·Kᵀ/√D),  y = map·V
// Idea      a thread computes a patch, its row of the map holding scores, then exponentials, then weights
// Numerics  sums left to right in f32, fused multiply-adds; the largest score is subtracted before exp
using ILGPU;

namespace HSENet.Kernels;

public static partial class SliceGuidedAttention
{
    static void ForwardV1(SliceGuidedAttentionArguments a)
    {
        int p = Grid.IdxX * Group.DimX + Group.IdxX;
        if (p >= a.Patches)
            return;
        int query = p * a.Channels, map = p * a.Slices;
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(a.Channels));
        float largest = float.NegativeInfinity;
        for (int s = 0; s < a.Slices; s++)
        {
            float score = 0f;
            for (int d = 0; d < a.Channels; d++)
                score = ScalarInstructions.FusedMultiplyAdd(a.Q[query + d], a.K[s * a.Channels + d], score);
            score *= scale;
            a.Map[map + s] = score;
            largest = MathF.Max(largest, score);
        }

        float sum = 0f;
        for (int s = 0; s < a.Slices; s++)
        {
            float exponential = DeviceMath.Exp(a.Map[map + s] - largest);
            a.Map[map + s] = exponential;
            sum += exponential;
        }
        for (int s = 0; s < a.Slices; s++)
            a.Map[map + s] = ScalarInstructions.Divide(a.Map[map + s], sum);

        for (int d = 0; d < a.Channels; d++)
        {
            float value = 0f;
            for (int s = 0; s < a.Slices; s++)
                value = ScalarInstructions.FusedMultiplyAdd(a.Map[map + s], a.V[s * a.Channels + d], value);
            a.Y[query + d] = value;
        }
    }
}
