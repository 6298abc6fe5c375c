// Computes  y[t] = Σ_s f[s] · p[s] · v[s] / Σ_s p[s],  p[s] = e^(scale·q[t]·k[s] − max),  f dropout's factors
// Idea      a thread computes one query of one head: scores once for their maximum, once more for the sums, which lie in scratch memory
// Numerics  sums from s = 0 up in f32; the maximum is subtracted before the exponential, so no score overflows
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Attention
{
    static Rung<AttentionArguments> Naive<TInput>(Action<AttentionArguments> kernel) where TInput : struct, IActivationFormat =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Activations = TInput.Type,
            Group = 128,
            Launch = static a => new(Parts.Of(a.Queries, 128), a.QueryHeads, a.Batch),
            ScratchBytes = static a => a.Y.Length * sizeof(float),
            WithScratch = static (a, scratch) => a with { Scratch = scratch },
            Accepts = static a => a.Q.Type == TInput.Type,
            Suits = static a => a.HeadSize > LargestHead,
        };

    static unsafe void ForwardV1<TInput>(AttentionArguments a) where TInput : struct, IActivationFormat
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
        float* sums = (float*)a.Scratch.Address;

        float largest = float.NegativeInfinity;
        for (int s = 0; s < keys; s++)
            largest = MathF.Max(largest, Score<TInput>(a, query, key + s * a.KeyStride));

        for (int d = 0; d < a.HeadSize; d++)
            sums[y + d] = 0f;
        float sum = 0f;
        for (int s = 0; s < keys; s++)
        {
            int row = key + s * a.KeyStride;
            float p = DeviceMath.Exp(Score<TInput>(a, query, row) - largest);
            sum += p;
            if (a.DropoutRate > 0f)
                p *= DropoutMask.Factor(a.DropoutSeed, ((b * a.QueryHeads + h) * a.Queries + t) * a.Keys + s, a.DropoutRate);
            for (int d = 0; d < a.HeadSize; d++)
                sums[y + d] = ScalarInstructions.FusedMultiplyAdd(p, TInput.Load(a.V, row + d), sums[y + d]);
        }

        for (int d = 0; d < a.HeadSize; d++)
            TInput.Store(a.Y, y + d, ScalarInstructions.Divide(sums[y + d], sum));
        StoreLogSum(a, b, h, t, largest, sum);
    }

    /// <summary>For the backward, where it is asked for: ln Σ e^score = max + ln Σ e^(score − max).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreLogSum(AttentionArguments a, int b, int h, int t, float max, float sum)
    {
        if (a.LogSumExp.Length != 0)
            a.LogSumExp[(b * a.QueryHeads + h) * a.Queries + t] = max + DeviceMath.Log(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static float Score<TInput>(AttentionArguments a, int query, int key) where TInput : struct, IActivationFormat
    {
        float sum = 0f;
        for (int d = 0; d < a.HeadSize; d++)
            sum = ScalarInstructions.FusedMultiplyAdd(TInput.Load(a.Q, query + d), TInput.Load(a.K, key + d), sum);
        return sum * a.Scale;
    }
}
