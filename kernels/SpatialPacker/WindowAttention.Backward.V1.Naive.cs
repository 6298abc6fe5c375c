// Computes  s = map∘(f∘(gradY·Vᵀ) − Σ map·f·gradY·Vᵀ)/√D,  gradQ = s·K,  gradK[p] = s·Q,  gradV[p] = map·f·gradY
// Idea      a thread computes a window; the score of a patch waits in the first channel of its gradK, which is written last
// Numerics  sums left to right in f32, fused multiply-adds; dropout's factors are computed again
using ILGPU;

namespace HSENet.Kernels;

public static partial class WindowAttention
{
    static void BackwardV1(WindowAttentionBackwardArguments a)
    {
        int window = ILGPU.Grid.IdxX * Group.DimX + Group.IdxX;
        WindowGrid grid = a.Grid;
        if (window >= grid.Windows)
            return;
        int query = window * a.Channels, count = grid.Window, map = window * count;
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(a.Channels));
        float mean = 0f;
        for (int i = 0; i < count; i++)
        {
            int key = grid.Patch(window, i) * a.Channels;
            float gradient = 0f;
            for (int d = 0; d < a.Channels; d++)
                gradient = ScalarInstructions.FusedMultiplyAdd(a.GradY[query + d], a.V[key + d], gradient);
            gradient *= DropoutMask.Factor(a.DropoutSeed, map + i, a.DropoutRate);
            a.GradK[key] = gradient;
            mean = ScalarInstructions.FusedMultiplyAdd(a.Map[map + i], gradient, mean);
        }
        for (int i = 0; i < count; i++)
        {
            int key = grid.Patch(window, i) * a.Channels;
            a.GradK[key] = a.Map[map + i] * ((a.GradK[key] - mean) * scale);
        }

        for (int d = 0; d < a.Channels; d++)
        {
            float value = 0f;
            for (int i = 0; i < count; i++)
            {
                int key = grid.Patch(window, i) * a.Channels;
                value = ScalarInstructions.FusedMultiplyAdd(a.GradK[key], a.K[key + d], value);
            }
            a.GradQ[query + d] = value;
        }
        for (int i = 0; i < count; i++)
        {
            int key = grid.Patch(window, i) * a.Channels;
            float score = a.GradK[key], weight = a.Map[map + i] * DropoutMask.Factor(a.DropoutSeed, map + i, a.DropoutRate);
            for (int d = 0; d < a.Channels; d++)
            {
                a.GradK[key + d] = score * a.Q[query + d];
                a.GradV[key + d] = weight * a.GradY[query + d];
            }
        }
    }
}
