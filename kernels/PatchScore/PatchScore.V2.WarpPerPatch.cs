// Computes  score[p] = sigmoid(weight · g[p] + bias),  x[p] ← x[p] · score[p]
// Idea      a warp computes a patch: neighbouring lanes read neighbouring channels, four in a load of 16 bytes
// Numerics  32 sums of every 32nd four products in f32 with fused multiply-adds; then a butterfly of five additions
using ILGPU;

namespace HSENet.Kernels;

public static partial class PatchScore
{
    const int PatchesPerGroup = 4; // a warp each

    static void ForwardV2(PatchScoreArguments a)
    {
        int lane = Group.IdxX & 31, p = Grid.IdxX * PatchesPerGroup + (Group.IdxX >> 5);
        if (p >= a.Patches)
            return;
        int start = p * a.Channels;
        float sum = 0f;
        for (int d = 4 * lane; d < a.Channels; d += 128)
            sum = WeightVectors.Dot(WeightVectors.Inputs(a.G, start + d), WeightVectors.Inputs(a.Weight, d), sum);
        float score = DeviceMath.Sigmoid(WarpSums.Sum(sum) + a.Bias[0]);
        if (lane == 0)
            a.Scores[p] = score;
        for (int d = 4 * lane; d < a.Channels; d += 128)
        {
            Float4 x = WeightVectors.Inputs(a.X, start + d);
            x.X *= score;
            x.Y *= score;
            x.Z *= score;
            x.W *= score;
            WeightVectors.Store(a.X, start + d, x);
        }
    }
}
