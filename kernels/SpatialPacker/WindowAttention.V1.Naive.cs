// Computes  map[w] = softmax(Q[w]·K[window w]ᵀ/√D),  y[w] = dropout(map[w])·V[window w]
// Idea      a thread computes a window, its row of the map holding scores, then exponentials, then weights; what dropout drops has a
//           minus sign until y is done
// Numerics  sums left to right in f32, fused multiply-adds; the largest score is subtracted before exp; dropout's factor comes last
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
                score = ScalarInstructions.FusedMultiplyAdd(a.Q[query + d], AnyActivations.Load(a.K, key + d), score);
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
        {
            float weight = ScalarInstructions.Divide(a.Map[map + i], sum);
            a.Map[map + i] = DropoutMask.Factor(a.DropoutSeed, map + i, a.DropoutRate) == 0f ? -weight : weight;
        }

        float kept = ScalarInstructions.Divide(1f, 1f - a.DropoutRate);
        for (int d = 0; d < a.Channels; d++)
        {
            float value = 0f;
            for (int i = 0; i < count; i++)
                value = ScalarInstructions.FusedMultiplyAdd(MathF.Max(a.Map[map + i], 0f),
                    AnyActivations.Load(a.V, grid.Patch(window, i) * a.Channels + d), value);
            AnyActivations.Store(a.Y, query + d, value * kept);
        }
        for (int i = 0; i < count; i++)
            a.Map[map + i] = MathF.Abs(a.Map[map + i]);
    }
}
