// Computes  z[p] = s·(1 − s)·gradY[p]·x[p],  gradX = s·gradY,  gradG[p] = z[p]·weight,  gradWeight += Σ z[p]·g[p],  gradBias += Σ z[p]
// Idea      in the first groups a thread computes a patch; the others own 128 channels of gradWeight and compute z for themselves: no group
//           waits
//           for another
// Numerics  sums left to right in f32, fused multiply-adds; what is added to is added last
using ILGPU;

namespace HSENet.Kernels;

public static partial class PatchScore
{
    static void BackwardV1(PatchScoreBackwardArguments a)
    {
        int thread = Group.IdxX, patchGroups = (a.Patches + BackwardGroup - 1) / BackwardGroup, group = Grid.IdxX;
        if (group < patchGroups)
        {
            int p = group * BackwardGroup + thread;
            if (p >= a.Patches)
                return;
            float score = a.Scores[p], gradient = ScoreGradient(a, p);
            for (int d = 0; d < a.Channels; d++)
            {
                a.GradX[p * a.Channels + d] = score * a.GradY[p * a.Channels + d];
                a.GradG[p * a.Channels + d] = gradient * a.Weight[d];
            }
            return;
        }
        int owner = group - patchGroups, row = owner * a.Patches, channel = owner * BackwardGroup + thread;
        for (int p = thread; p < a.Patches; p += BackwardGroup)
            a.Scratch[row + p] = ScoreGradient(a, p);
        Group.Barrier(); // every thread reads all patches

        if (channel < a.GradWeight.Length)
        {
            float sum = 0f;
            for (int p = 0; p < a.Patches; p++)
                sum = ScalarInstructions.FusedMultiplyAdd(a.Scratch[row + p], a.G[p * a.Channels + channel], sum);
            a.GradWeight[channel] += sum;
        }
        if (channel < a.GradBias.Length)
        {
            float sum = 0f;
            for (int p = 0; p < a.Patches; p++)
                sum += a.Scratch[row + p];
            a.GradBias[channel] += sum;
        }
    }

    static float ScoreGradient(PatchScoreBackwardArguments a, int p)
    {
        float gradient = 0f, score = a.Scores[p];
        for (int d = 0; d < a.Channels; d++)
            gradient = ScalarInstructions.FusedMultiplyAdd(a.GradY[p * a.Channels + d], a.X[p * a.Channels + d], gradient);
        return score * (1f - score) * gradient;
    }
}
