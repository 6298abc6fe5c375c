// Computes  y[t] = Σ_s f[s] · p[s] · v[s] / Σ_s p[s],  p[s] = e^(scale·q[t]·k[s] − max),  f dropout's factors
// Idea      a thread computes one query of one head: scores once for their maximum, once more for the sums; y itself holds the sums
// Numerics  sums from s = 0 up in f32; the maximum is subtracted before the exponential, so no score overflows
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Attention
{
    static void ForwardV1(AttentionArguments a)
    {
        int t = Grid.IdxX * Group.DimX + Group.IdxX;
        int h = Grid.IdxY;
        int b = Grid.IdxZ;
        if (t >= a.Queries)
            return;
        int keys = a.Causal == 1 ? a.Keys - a.Queries + t + 1 : a.Keys;
        int query = (b * a.Queries + t) * a.QueryStride + h * a.HeadSize;
        int key = b * a.Keys * a.KeyStride + h / (a.QueryHeads / a.KeyHeads) * a.HeadSize;
        int y = ((b * a.Queries + t) * a.QueryHeads + h) * a.HeadSize;

        float largest = float.NegativeInfinity;
        for (int s = 0; s < keys; s++)
            largest = MathF.Max(largest, Dot(a.Q, query, a.K, key + s * a.KeyStride, a.HeadSize) * a.Scale);

        for (int d = 0; d < a.HeadSize; d++)
            a.Y[y + d] = 0f;
        float sum = 0f;
        for (int s = 0; s < keys; s++)
        {
            int row = key + s * a.KeyStride;
            float p = DeviceMath.Exp(Dot(a.Q, query, a.K, row, a.HeadSize) * a.Scale - largest);
            sum += p;
            if (a.DropoutRate > 0f)
                p *= DropoutMask.Factor(a.DropoutSeed, ((b * a.QueryHeads + h) * a.Queries + t) * a.Keys + s, a.DropoutRate);
            for (int d = 0; d < a.HeadSize; d++)
                a.Y[y + d] = ScalarInstructions.FusedMultiplyAdd(p, a.V[row + d], a.Y[y + d]);
        }

        for (int d = 0; d < a.HeadSize; d++)
            a.Y[y + d] = ScalarInstructions.Divide(a.Y[y + d], sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Dot(View<float> x, int xStart, View<float> y, int yStart, int count)
    {
        float sum = 0f;
        for (int d = 0; d < count; d++)
            sum = ScalarInstructions.FusedMultiplyAdd(x[xStart + d], y[yStart + d], sum);
        return sum;
    }
}
