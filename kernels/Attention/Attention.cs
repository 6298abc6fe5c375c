// Attention: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>
/// Arguments of <see cref="Attention"/>. B sequences of T queries and S keys, H query heads that share G key heads, D dimensions
/// a head. Q, K and V start at their first head inside a fused qkv buffer or a cache; rows follow each other at a stride.
/// All four tensors are f32, or all are bf16.
/// </summary>
public struct AttentionArguments
{
    /// <summary>Queries: row b·T + t starts at that many times <see cref="QueryStride"/>, head h at h·D in it.</summary>
    public Activations Q;

    /// <summary>Keys: row b·S + s starts at that many times <see cref="KeyStride"/>, head g at g·D in it.</summary>
    public Activations K;

    /// <summary>Values, laid out like <see cref="K"/>.</summary>
    public Activations V;

    /// <summary>[B·T, H·D] output.</summary>
    public Activations Y;

    /// <summary>[B, H, T] ln Σ_s e^(scale · q·k[s]) of every query, or none: with it a backward has each probability from its score
    /// alone.</summary>
    public View<float> LogSumExp;

    /// <summary>What stages of a launch pass on; the launch fills it in.</summary>
    public View<byte> Scratch;

    /// <summary>Elements from a row of Q to the next, at least H·D.</summary>
    public int QueryStride;

    /// <summary>Elements from a row of K and V to the next, at least G·D.</summary>
    public int KeyStride;

    /// <summary>B, sequences.</summary>
    public int Batch;

    /// <summary>T, queries of a sequence.</summary>
    public int Queries;

    /// <summary>S, keys of a sequence.</summary>
    public int Keys;

    /// <summary>H, query heads.</summary>
    public int QueryHeads;

    /// <summary>G, key heads; query head h reads key head h / (H / G).</summary>
    public int KeyHeads;

    /// <summary>D, dimensions of a head.</summary>
    public int HeadSize;

    /// <summary>1: query t sees the keys s ≤ S − T + t, so the last query sees all; 0: every query sees every key.</summary>
    public int Causal;

    /// <summary>What scores are multiplied by, more than 0: 1/√D as a rule.</summary>
    public float Scale;

    /// <summary>Share of the probabilities that become 0 in training, in [0, 1); 0 in inference.</summary>
    public float DropoutRate;

    /// <summary>Names the mask of <see cref="DropoutMask"/>; the index is that of the probability in [B, H, T, S].</summary>
    public long DropoutSeed;
}

/// <summary>
/// Scaled dot-product attention (torch.nn.functional.scaled_dot_product_attention): y[t] = Σ_s softmax_s(scale · q[t]·k[s]) · v[s],
/// for each sequence and head, the probabilities times dropout's factors in training. Serves the encoders (T = S), prompts (causal, grouped
/// heads) and cached decoding (T = 1).
/// </summary>
public static partial class Attention
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<AttentionArguments> ForwardOperation = new("Attention", Check,
        Rung.Host<AttentionArguments>("Host", HostForward) with { Accepts = static a => a.Q.Type == ActivationType.F32 },
        Naive<F32Activations>(ForwardV1<F32Activations>),
        Naive<BF16Activations>(ForwardV1<BF16Activations>),
        Tiled<F32Activations>(ForwardV2<F32Activations>),
        Tiled<BF16Activations>(ForwardV2<BF16Activations>),
        Tensor<Head64>("head64", ForwardV3<Head64>),
        Tensor<Head128>("head128", ForwardV3<Head128>),
        SplitKeys<F32Activations>(ForwardV4<F32Activations>, Combine<F32Activations>),
        SplitKeys<BF16Activations>(ForwardV4<BF16Activations>, Combine<BF16Activations>))
    {
        Sizes = static a => new(a.Queries, a.Keys, a.HeadSize),
    };

    /// <summary>Attends in every sequence and head.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in AttentionArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(AttentionArguments a) => Check("Attention", a);

    /// <summary>What the operation and its backward require of the forward's arguments.</summary>
    static void Check(string name, in AttentionArguments a)
    {
        Require.Positive(name, nameof(a.Batch), a.Batch);
        Require.Positive(name, nameof(a.Queries), a.Queries);
        Require.Positive(name, nameof(a.Keys), a.Keys);
        Require.Positive(name, nameof(a.QueryHeads), a.QueryHeads);
        Require.Positive(name, nameof(a.KeyHeads), a.KeyHeads);
        Require.Positive(name, nameof(a.HeadSize), a.HeadSize);
        Require.That(a.QueryHeads % a.KeyHeads == 0, name, nameof(a.KeyHeads), "a divisor of the query heads", a.KeyHeads);
        Require.That(a.Causal is 0 or 1, name, nameof(a.Causal), "0 or 1", a.Causal);
        Require.That(a.Causal == 0 || a.Keys >= a.Queries, name, nameof(a.Keys), "at least as many as queries when causal", a.Keys);
        Require.That(a.Scale > 0, name, nameof(a.Scale), "more than 0", a.Scale);
        long queryWidth = (long)a.QueryHeads * a.HeadSize, keyWidth = (long)a.KeyHeads * a.HeadSize;
        Require.That(a.QueryStride >= queryWidth, name, nameof(a.QueryStride), "at least H × D", a.QueryStride);
        Require.That(a.KeyStride >= keyWidth, name, nameof(a.KeyStride), "at least G × D", a.KeyStride);
        long queryEnd = ((long)a.Batch * a.Queries - 1) * a.QueryStride + queryWidth;
        long keyEnd = ((long)a.Batch * a.Keys - 1) * a.KeyStride + keyWidth;
        Require.Indexable(name, nameof(a.Q), queryEnd);
        Require.Indexable(name, nameof(a.K), keyEnd);
        Require.That(a.Q.Length >= queryEnd, name, nameof(a.Q), "at least (B × T − 1) × stride + H × D elements", a.Q.Length);
        Require.That(a.K.Length >= keyEnd, name, nameof(a.K), "at least (B × S − 1) × stride + G × D elements", a.K.Length);
        Require.That(a.V.Length >= keyEnd, name, nameof(a.V), "at least (B × S − 1) × stride + G × D elements", a.V.Length);
        Require.Length(name, nameof(a.Y), a.Y.Length, a.Batch * a.Queries * queryWidth, "B × T × H × D");
        Require.OptionalLength(name, nameof(a.LogSumExp), a.LogSumExp.Length, (long)a.Batch * a.QueryHeads * a.Queries, "B × H × T");
        Require.That(a.K.Type == a.Q.Type, name, nameof(a.K), "the type of Q", (long)a.K.Type);
        Require.That(a.V.Type == a.Q.Type, name, nameof(a.V), "the type of Q", (long)a.V.Type);
        Require.That(a.Y.Type == a.Q.Type, name, nameof(a.Y), "the type of Q", (long)a.Y.Type);
        Require.Rate(name, nameof(a.DropoutRate), a.DropoutRate);
        if (a.DropoutRate > 0)
            Require.Indexable(name, "B × H × T × S with dropout", (Int128)a.Batch * a.QueryHeads * a.Queries * a.Keys);
    }
}
