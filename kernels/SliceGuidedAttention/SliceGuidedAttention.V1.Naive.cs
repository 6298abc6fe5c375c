// Computes  map = softmax(Q·Kᵀ/√D),  y = dropout(map)·V
// Idea      a thread computes a patch, its row of the map holding scores, then exponentials, then weights; what dropout drops has a
//           minus sign until y is done
// Numerics  sums left to right in f32, fused multiply-adds; the largest score is subtracted before exp; dropout's factor comes last
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
                score = ScalarInstructions.FusedMultiplyAdd(a.Q[query + d], AnyActivations.Load(a.K, s * a.Channels + d), score);
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
        {
            float weight = ScalarInstructions.Divide(a.Map[map + s], sum);
            a.Map[map + s] = DropoutMask.Factor(a.DropoutSeed, map + s, a.DropoutRate) == 0f ? -weight : weight;
        }

        float kept = ScalarInstructions.Divide(1f, 1f - a.DropoutRate);
        for (int d = 0; d < a.Channels; d++)
        {
            float value = 0f;
            for (int s = 0; s < a.Slices; s++)
                value = ScalarInstructions.FusedMultiplyAdd(MathF.Max(a.Map[map + s], 0f), AnyActivations.Load(a.V, s * a.Channels + d),
                    value);
            AnyActivations.Store(a.Y, query + d, value * kept);
        }
        for (int s = 0; s < a.Slices; s++)
            a.Map[map + s] = MathF.Abs(a.Map[map + s]);
    }
}
