// Computes  score[p] = sigmoid(weight · g[p] + bias),  x[p] ← x[p] · score[p]
// Idea      a thread computes a patch; neighbouring threads read addresses D apart
// Numerics  the sum left to right in f32, fused multiply-adds
using ILGPU;

namespace HSENet.Kernels;

public static partial class PatchScore
{
    static void ForwardV1(PatchScoreArguments a)
    {
        int p = Grid.IdxX * Group.DimX + Group.IdxX;
        if (p >= a.Patches)
            return;
        int start = p * a.Channels;
        float sum = 0f;
        for (int d = 0; d < a.Channels; d++)
            sum = ScalarInstructions.FusedMultiplyAdd(a.G[start + d], a.Weight[d], sum);
        float score = DeviceMath.Sigmoid(sum + a.Bias[0]);
        a.Scores[p] = score;
        for (int d = 0; d < a.Channels; d++)
            a.X[start + d] *= score;
    }
}
