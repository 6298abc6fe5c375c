// Computes  map[w] = softmax(Q[w]·K[window w]ᵀ/√D),  y[w] = map[w]·V[window w]
// Idea      a thread computes a window, its row of the map holding scores, then exponentials, then weights
// Numerics  sums left to right in f32, fused multiply-adds; the largest score is subtracted before exp
using ILGPU;

namespace HSENet.Kernels;

public static partial class WindowAttention
{
    static void ForwardV1(WindowAttentionArguments a)
    {
        int window = ILGPU.Grid.IdxX * Group.DimX + Group.IdxX;
        WindowGrid grid = a.Grid;
        if (window >= grid.Windows)
            return;
        int query = window * a.Channels, count = grid.Window, map = window * count;
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(a.Channels));
        float largest = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            int key = grid.Patch(window, i) * a.Channels;
            float score = 0f;
            for (int d = 0; d < a.Channels; d++)
                score = ScalarInstructions.FusedMultiplyAdd(a.Q[query + d], a.K[key + d], score);
            score *= scale;
            a.Map[map + i] = score;
            largest = MathF.Max(largest, score);
        }

        float sum = 0f;
        for (int i = 0; i < count; i++)
        {
            float exponential = DeviceMath.Exp(a.Map[map + i] - largest);
            a.Map[map + i] = exponential;
            sum += exponential;
        }
        for (int i = 0; i < count; i++)
            a.Map[map + i] = ScalarInstructions.Divide(a.Map[map + i], sum);

        for (int d = 0; d < a.Channels; d++)
        {
            float value = 0f;
            for (int i = 0; i < count; i++)
                value = ScalarInstructions.FusedMultiplyAdd(a.Map[map + i], a.V[grid.Patch(window, i) * a.Channels + d], value);
            a.Y[query + d] = value;
        }
    }
}
