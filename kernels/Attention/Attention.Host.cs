// Computes  y[t] = Σ_s f[s] · p[s] · v[s] / Σ_s p[s],  p[s] = 2^(log₂e · scale·q[t]·k[s] − max),  f dropout's factors
// Idea      many queries: both products on the register tile, softmax between them on six rows that stay in the first level cache;
//           one query: every row of the cache is read once, for all heads
// Numerics  scores, weights and sums in f32; the maximum is that of the keys so far, and sums shrink when it grows
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Attention
{
    static void HostForward(HostDevice device, AttentionArguments a)
    {
        switch (device.VectorBits)
        {
            case 512:
                HostForward<HostStrip4<Wide512>, Wide512>(device, a);
                break;
            case 256:
                HostForward<HostStrip2<Wide256>, Wide256>(device, a);
                break;
            default:
                HostForward<HostStrip4<Wide128>, Wide128>(device, a);
                break;
        }
    }

    static void HostForward<TStrip, TVector>(HostDevice device, AttentionArguments a)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        if (a.Queries == 1 && a.DropoutRate == 0f)
            HostDecode<TStrip, TVector>(device, a);
        else
            HostBlocks<TStrip, TVector>(device, a);
    }

    /// <summary>
    /// The scores of a row become weights 2^(factor · score − largest), <paramref name="largest"/> being the largest factor · score of
    /// this row so far. Places from <paramref name="count"/> to <paramref name="end"/> become 0. Returns the sum of the weights;
    /// sums so far must be multiplied by <paramref name="shrink"/>.
    /// </summary>
    /// <remarks>The row must have room for a whole number of vectors.</remarks>
    [MethodImpl(HostMethod.Hot)]
    static unsafe float SoftmaxRow<TVector>(float* scores, nint count, nint end, float factor, ref float largest, out float shrink)
        where TVector : unmanaged, IHostVector<TVector>
    {
        nint vectorEnd = (count + TVector.Count - 1) / TVector.Count * TVector.Count;
        for (nint s = count; s < vectorEnd; s++)
            scores[s] = float.NegativeInfinity; // its weight is 2^−125, nothing beside that of the maximum
        TVector top = TVector.Create(float.NegativeInfinity), other = top;
        nint i = 0;
        for (; i < vectorEnd - TVector.Count; i += 2 * TVector.Count)
        {
            top = TVector.Max(top, TVector.Load(scores + i));
            other = TVector.Max(other, TVector.Load(scores + i + TVector.Count));
        }
        if (i < vectorEnd)
            top = TVector.Max(top, TVector.Load(scores + i));
        float before = largest, now = MathF.Max(before, factor * TVector.Largest(TVector.Max(top, other)));
        largest = now;
        shrink = MathF.Exp(MathF.Min(0f, before - now) * MathF.Log(2f));

        TVector sum = TVector.Create(0f), scale = TVector.Create(factor), shift = TVector.Create(-now);
        for (i = 0; i < vectorEnd; i += TVector.Count)
        {
            var weight = HostMath.Exp2NotPositive(TVector.MultiplyAdd(TVector.Load(scores + i), scale, shift));
            TVector.Store(scores + i, weight);
            sum += weight;
        }
        for (i = count; i < end; i++)
            scores[i] = 0f;
        return TVector.Sum(sum);
    }

    /// <summary>x ∘ factors, <paramref name="count"/> floats.</summary>
    [MethodImpl(HostMethod.Hot)]
    static unsafe void Multiply<TVector>(float* x, float* factors, int count) where TVector : unmanaged, IHostVector<TVector>
    {
        int i = 0;
        for (; i <= count - TVector.Count; i += TVector.Count)
            TVector.Store(x + i, TVector.Load(x + i) * TVector.Load(factors + i));
        for (; i < count; i++)
            x[i] *= factors[i];
    }

    // On the host the queries of all heads that share a key head are rows of one product: row = t · H/G + head.

    static long QueryRow(in AttentionArguments a, int b, int row) => (long)b * a.Queries + row / (a.QueryHeads / a.KeyHeads);

    static int QueryHead(in AttentionArguments a, int g, int row) => a.QueryHeads / a.KeyHeads * g + row % (a.QueryHeads / a.KeyHeads);

    /// <summary>Keys that a row sees.</summary>
    static int Seen(in AttentionArguments a, int row) =>
        a.Causal == 1 ? a.Keys - a.Queries + row / (a.QueryHeads / a.KeyHeads) + 1 : a.Keys;

    /// <summary>Index of a row in [B, H, T].</summary>
    static int QueryIndex(in AttentionArguments a, int b, int g, int row) =>
        (b * a.QueryHeads + QueryHead(a, g, row)) * a.Queries + row / (a.QueryHeads / a.KeyHeads);

    /// <summary>Index of a row's first probability in [B, H, T, S].</summary>
    static int MapIndex(in AttentionArguments a, int b, int g, int row) => QueryIndex(a, b, g, row) * a.Keys;

    /// <summary>ln Σ e^score from the largest score, times log₂e, and the sum of the weights beside it.</summary>
    static float LogSum(float largest, float sum) => largest * MathF.Log(2f) + MathF.Log(sum);
}
