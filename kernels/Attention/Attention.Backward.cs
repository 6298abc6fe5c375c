// Attention.Backward: the gradients of queries, keys and values, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>
/// Arguments of <see cref="Attention.Backward"/>. Letters and layouts as in <see cref="AttentionArguments"/>; gradients have the strides of
/// what they belong to, so that they may lie in one fused buffer.
/// </summary>
public struct AttentionBackwardArguments
{
    /// <summary>Queries, as in the forward.</summary>
    public View<float> Q;

    /// <summary>Keys, as in the forward.</summary>
    public View<float> K;

    /// <summary>Values, as in the forward.</summary>
    public View<float> V;

    /// <summary>[B·T, H·D] output of the forward.</summary>
    public View<float> Y;

    /// <summary>[B·T, H·D] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>Gradient of the queries, laid out like <see cref="Q"/>: overwritten.</summary>
    public View<float> GradQ;

    /// <summary>Gradient of the keys, laid out like <see cref="K"/>: overwritten.</summary>
    public View<float> GradK;

    /// <summary>Gradient of the values, laid out like <see cref="V"/>: overwritten.</summary>
    public View<float> GradV;

    /// <summary>[3, B, H, T] overwritten: the largest score of a query, the sum of its exponentials, gradY·y.</summary>
    public View<float> Scratch;

    /// <summary>Floats from a row of Q to the next, at least H·D.</summary>
    public int QueryStride;

    /// <summary>Floats from a row of K and V to the next, at least G·D.</summary>
    public int KeyStride;

    /// <summary>B, sequences.</summary>
    public int Batch;

    /// <summary>T, queries of a sequence.</summary>
    public int Queries;

    /// <summary>S, keys of a sequence.</summary>
    public int Keys;

    /// <summary>H, query heads.</summary>
    public int QueryHeads;

    /// <summary>G, key heads.</summary>
    public int KeyHeads;

    /// <summary>D, dimensions of a head.</summary>
    public int HeadSize;

    /// <summary>1: query t sees the keys s ≤ S − T + t; 0: all.</summary>
    public int Causal;

    /// <summary>What scores are multiplied by.</summary>
    public float Scale;

    /// <summary>As in the forward.</summary>
    public float DropoutRate;

    /// <summary>As in the forward.</summary>
    public long DropoutSeed;

    /// <summary>What the forward was called with.</summary>
    public AttentionArguments Forward
    {
        readonly get => new()
        {
            Q = Q,
            K = K,
            V = V,
            Y = Y,
            QueryStride = QueryStride,
            KeyStride = KeyStride,
            Batch = Batch,
            Queries = Queries,
            Keys = Keys,
            QueryHeads = QueryHeads,
            KeyHeads = KeyHeads,
            HeadSize = HeadSize,
            Causal = Causal,
            Scale = Scale,
            DropoutRate = DropoutRate,
            DropoutSeed = DropoutSeed,
        };
        set
        {
            (Q, K, V, Y, QueryStride, KeyStride) = (value.Q.Floats, value.K.Floats, value.V.Floats, value.Y.Floats,
                value.QueryStride, value.KeyStride);
            (Batch, Queries, Keys) = (value.Batch, value.Queries, value.Keys);
            (QueryHeads, KeyHeads, HeadSize) = (value.QueryHeads, value.KeyHeads, value.HeadSize);
            (Causal, Scale) = (value.Causal, value.Scale);
            (DropoutRate, DropoutSeed) = (value.DropoutRate, value.DropoutSeed);
        }
    }
}

public static partial class Attention
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<AttentionBackwardArguments> BackwardOperation = new("Attention.Backward", Check,
        Rung.Host<AttentionBackwardArguments>("Host", HostBackward),
        Rung.Gpu<AttentionBackwardArguments>("V1.Naive", BackwardV1) with
        {
            Group = 512,
            Launch = static a => new(a.KeyHeads, a.Batch),
        });

    /// <summary>
    /// With p the probabilities, computed again, f dropout's factors (1 without), and gradP[t,s] = f · gradY[t]·v[s]:
    /// gradScore = scale · p · (gradP − gradY[t]·y[t]), gradQ[t] = Σ_s gradScore·k[s], gradK[s] = Σ_t gradScore·q[t], gradV[s] = Σ_t
    /// f·p·gradY[t], over all queries and heads that share the key head; all overwritten.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in AttentionBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    /// <summary>Floats of <see cref="AttentionBackwardArguments.Scratch"/>.</summary>
    public static long BackwardScratch(int batch, int queryHeads, int queries) => 3L * batch * queryHeads * queries;

    static void Check(AttentionBackwardArguments a)
    {
        const string name = "Attention.Backward";
        Check(name, a.Forward);
        long queryEnd = ((long)a.Batch * a.Queries - 1) * a.QueryStride + (long)a.QueryHeads * a.HeadSize;
        long keyEnd = ((long)a.Batch * a.Keys - 1) * a.KeyStride + (long)a.KeyHeads * a.HeadSize;
        long scratch = BackwardScratch(a.Batch, a.QueryHeads, a.Queries);
        Require.Indexable(name, "3 × B × H × T", scratch);
        Require.Length(name, nameof(a.GradY), a.GradY.Length, a.Y.Length, "B × T × H × D");
        Require.That(a.GradQ.Length >= queryEnd, name, nameof(a.GradQ), "at least (B × T − 1) × stride + H × D elements", a.GradQ.Length);
        Require.That(a.GradK.Length >= keyEnd, name, nameof(a.GradK), "at least (B × S − 1) × stride + G × D elements", a.GradK.Length);
        Require.That(a.GradV.Length >= keyEnd, name, nameof(a.GradV), "at least (B × S − 1) × stride + G × D elements", a.GradV.Length);
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, scratch, "3 × B × H × T");
    }
}
