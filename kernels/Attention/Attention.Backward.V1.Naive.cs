// Computes  gradScore = scale · p · (f · gradY·v − gradY·y),  gradQ = Σ_s gradScore·k,  gradK = Σ_t gradScore·q,  gradV = Σ_t f·p·gradY
// Idea      a group owns a key head of a sequence. First a thread for each query: its largest score, its sum, gradY·y, its gradient; a
//           barrier;
//           then a thread for each key, with the probabilities from what the queries left. Nobody adds to what another one writes
// Numerics  sums from 0 up in f32, fused multiply-adds
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Attention
{
    static void BackwardV1(AttentionBackwardArguments a)
    {
        int g = Grid.IdxX, b = Grid.IdxY, shared = a.QueryHeads / a.KeyHeads, rows = a.Queries * shared;
        int firstKey = b * a.Keys * a.KeyStride + g * a.HeadSize, queries = a.Batch * a.QueryHeads * a.Queries;
        for (int row = Group.IdxX; row < rows; row += Group.DimX)
        {
            int t = row / shared, h = g * shared + row % shared;
            int keys = a.Causal == 1 ? a.Keys - a.Queries + t + 1 : a.Keys;
            int query = (b * a.Queries + t) * a.QueryStride + h * a.HeadSize, y = ((b * a.Queries + t) * a.QueryHeads + h) * a.HeadSize;
            float largest = float.NegativeInfinity;
            for (int s = 0; s < keys; s++)
                largest = MathF.Max(largest, Dot(a.Q, query, a.K, firstKey + s * a.KeyStride, a.HeadSize) * a.Scale);
            float sum = 0f;
            for (int s = 0; s < keys; s++)
                sum += DeviceMath.Exp(Dot(a.Q, query, a.K, firstKey + s * a.KeyStride, a.HeadSize) * a.Scale - largest);
            float dot = Dot(a.GradY, y, a.Y, y, a.HeadSize);
            int statistics = (b * a.QueryHeads + h) * a.Queries + t;
            a.Scratch[statistics] = largest;
            a.Scratch[queries + statistics] = sum;
            a.Scratch[2 * queries + statistics] = dot;

            for (int d = 0; d < a.HeadSize; d++)
                a.GradQ[query + d] = 0f;
            for (int s = 0; s < keys; s++)
            {
                int key = firstKey + s * a.KeyStride;
                float p = ScalarInstructions.Divide(DeviceMath.Exp(Dot(a.Q, query, a.K, key, a.HeadSize) * a.Scale - largest), sum);
                float factor = DropoutFactor(a, statistics * a.Keys + s);
                float gradScore = a.Scale * p * (factor * Dot(a.GradY, y, a.V, key, a.HeadSize) - dot);
                for (int d = 0; d < a.HeadSize; d++)
                    a.GradQ[query + d] = ScalarInstructions.FusedMultiplyAdd(gradScore, a.K[key + d], a.GradQ[query + d]);
            }
        }
        Group.Barrier(); // every key reads what all queries left

        for (int s = Group.IdxX; s < a.Keys; s += Group.DimX)
        {
            int key = firstKey + s * a.KeyStride;
            for (int d = 0; d < a.HeadSize; d++)
            {
                a.GradK[key + d] = 0f;
                a.GradV[key + d] = 0f;
            }
            int first = a.Causal == 1 ? Math.Max(0, s - a.Keys + a.Queries) : 0; // the first query that sees this key
            for (int row = first * shared; row < rows; row++)
            {
                int t = row / shared, h = g * shared + row % shared, statistics = (b * a.QueryHeads + h) * a.Queries + t;
                int query = (b * a.Queries + t) * a.QueryStride + h * a.HeadSize, y = ((b * a.Queries + t) * a.QueryHeads + h) * a.HeadSize;
                float p = ScalarInstructions.Divide(DeviceMath.Exp(Dot(a.Q, query, a.K, key, a.HeadSize) * a.Scale - a.Scratch[statistics]),
                    a.Scratch[queries + statistics]);
                float factor = DropoutFactor(a, statistics * a.Keys + s);
                float gradScore = a.Scale * p * (factor * Dot(a.GradY, y, a.V, key, a.HeadSize) - a.Scratch[2 * queries + statistics]);
                for (int d = 0; d < a.HeadSize; d++)
                {
                    a.GradK[key + d] = ScalarInstructions.FusedMultiplyAdd(gradScore, a.Q[query + d], a.GradK[key + d]);
                    a.GradV[key + d] = ScalarInstructions.FusedMultiplyAdd(factor * p, a.GradY[y + d], a.GradV[key + d]);
                }
            }
        }
    }

    static float DropoutFactor(AttentionBackwardArguments a, int index) =>
        a.DropoutRate > 0f ? DropoutMask.Factor(a.DropoutSeed, index, a.DropoutRate) : 1f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Dot(View<float> x, int xStart, View<float> y, int yStart, int count)
    {
        float sum = 0f;
        for (int d = 0; d < count; d++)
            sum = ScalarInstructions.FusedMultiplyAdd(x[xStart + d], y[yStart + d], sum);
        return sum;
    }
}
