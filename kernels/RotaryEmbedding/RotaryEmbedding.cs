// RotaryEmbedding: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>
/// Arguments of <see cref="RotaryEmbedding"/>. T tokens, H query and G key heads of D dimensions, R of them rotated, P positions
/// of the tables, room for a number of rows in the caches.
/// </summary>
public struct RotaryEmbeddingArguments
{
    /// <summary>[T, (H + 2G)·D] query, key and value heads of each token. The queries are rotated in place, keys and values stay as they
    /// are.</summary>
    public Activations QueryKeyValue;

    /// <summary>[P, R/2] cosines, from <see cref="RotaryEmbedding.Tables"/>.</summary>
    public View<float> Cosine;

    /// <summary>[P, R/2] sines.</summary>
    public View<float> Sine;

    /// <summary>[rows, G·D] cache of rotated keys: rows FirstPosition … FirstPosition + T − 1 are written.</summary>
    public Activations KeyCache;

    /// <summary>[rows, G·D] cache of values: the same rows are written.</summary>
    public Activations ValueCache;

    /// <summary>T, tokens.</summary>
    public int Tokens;

    /// <summary>Position of the first token.</summary>
    public int FirstPosition;

    /// <summary>H, query heads.</summary>
    public int QueryHeads;

    /// <summary>G, key and value heads.</summary>
    public int KeyHeads;

    /// <summary>D, dimensions of a head.</summary>
    public int HeadSize;

    /// <summary>R, the leading dimensions of a head that are rotated; even, at most D.</summary>
    public int RotaryDimensions;
}

/// <summary>
/// Partial rotary position embedding with the cache write of a decoder layer (transformers' Phi3Attention). With i &lt; R/2 and the
/// token's position p: y[i] = x[i]·cos[p,i] − x[i + R/2]·sin[p,i], y[i + R/2] = x[i + R/2]·cos[p,i] + x[i]·sin[p,i]; dimensions
/// from R on stay.
/// </summary>
public static partial class RotaryEmbedding
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<RotaryEmbeddingArguments> ForwardOperation = new("RotaryEmbedding", Check,
        Rung.Host<RotaryEmbeddingArguments>("Host", HostForward) with
        {
            Accepts = static a => a.QueryKeyValue.Type == ActivationType.F32,
        },
        Rung.Gpu<RotaryEmbeddingArguments>("V1.Naive", ForwardV1)
            .WithThreads(128, static a => a.Tokens, static a => (a.QueryHeads + 2 * a.KeyHeads) * a.HeadSize),
        Vector<F32Activations>(ForwardV2<F32Activations>),
        Vector<BF16Activations>(ForwardV2<BF16Activations>));

    /// <summary>Rotates queries, and writes rotated keys and values into the caches.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in RotaryEmbeddingArguments arguments) => ForwardOperation.Launch(device, arguments);

    /// <summary>
    /// Fills the [P, R/2] tables as the reference does (longrope): the angle of dimension i at position p is, in f32,
    /// p · (1 / (factor_i · θ^(2i/R))), and both tables carry √(1 + ln(maximum/original) / ln(original)), 1 when maximum ≤ original.
    /// </summary>
    /// <param name="factors">R/2 factors: the short or the long list of the model's config; all 1 without scaling.</param>
    /// <param name="theta">Base of the frequencies, rope_theta.</param>
    /// <param name="maximumPositions">max_position_embeddings.</param>
    /// <param name="originalPositions">original_max_position_embeddings.</param>
    /// <param name="cosine">[P, R/2] cosines, written.</param>
    /// <param name="sine">[P, R/2] sines, written.</param>
    /// <exception cref="KernelArgumentException">The tables are no whole number of rows, or differ in length.</exception>
    public static void Tables(ReadOnlySpan<float> factors, double theta, int maximumPositions, int originalPositions, Span<float> cosine,
        Span<float> sine)
    {
        const string name = "RotaryEmbedding.Tables";
        int half = factors.Length;
        Require.Positive(name, "factors", half);
        Require.That(theta > 0, name, nameof(theta), "more than 0", theta);
        Require.That(originalPositions > 1, name, nameof(originalPositions), "at least 2", originalPositions);
        Require.That(cosine.Length % half == 0, name, nameof(cosine), "a whole number of rows of R/2", cosine.Length);
        Require.Length(name, nameof(sine), sine.Length, cosine.Length, "P × R/2");
        double ratio = (double)maximumPositions / originalPositions;
        float scale = ratio <= 1 ? 1f : (float)Math.Sqrt(1 + Math.Log(ratio) / Math.Log(originalPositions));
        for (int i = 0; i < half; i++)
        {
            // Every step is rounded to f32, as the reference's tensors are.
            float exponent = 2f * i / (2 * half);
            float frequency = 1f / (factors[i] * (float)Math.Pow((float)theta, exponent));
            for (int p = 0; p < cosine.Length / half; p++)
            {
                float angle = p * frequency;
                cosine[p * half + i] = (float)Math.Cos(angle) * scale;
                sine[p * half + i] = (float)Math.Sin(angle) * scale;
            }
        }
    }

    static void Check(RotaryEmbeddingArguments a)
    {
        const string name = "RotaryEmbedding";
        var (elements, cache) = CheckSizes(name, a);
        Require.Length(name, nameof(a.QueryKeyValue), a.QueryKeyValue.Length, elements, "T × (H + 2G)·D");
        Require.That(a.KeyCache.Length >= cache, name, nameof(a.KeyCache), "a row of G·D for every position", a.KeyCache.Length);
        Require.Indexable(name, nameof(a.KeyCache), a.KeyCache.Length);
        Require.Length(name, nameof(a.ValueCache), a.ValueCache.Length, a.KeyCache.Length, "as many as KeyCache");
        Require.That(a.KeyCache.Type == a.QueryKeyValue.Type, name, nameof(a.KeyCache), "the type of QueryKeyValue", (long)a.KeyCache.Type);
        Require.That(a.ValueCache.Type == a.QueryKeyValue.Type, name, nameof(a.ValueCache), "the type of QueryKeyValue",
            (long)a.ValueCache.Type);
    }

    /// <summary>Sizes and tables, which the operation and its backward have in common; returns T × (H + 2G)·D and the least elements of a
    /// cache.</summary>
    static (long Elements, long Cache) CheckSizes(string name, in RotaryEmbeddingArguments a)
    {
        Require.Positive(name, nameof(a.Tokens), a.Tokens);
        Require.Positive(name, nameof(a.QueryHeads), a.QueryHeads);
        Require.Positive(name, nameof(a.KeyHeads), a.KeyHeads);
        Require.Positive(name, nameof(a.HeadSize), a.HeadSize);
        Require.That(a.FirstPosition >= 0, name, nameof(a.FirstPosition), "at least 0", a.FirstPosition);
        Require.That(a.RotaryDimensions > 0 && a.RotaryDimensions % 2 == 0 && a.RotaryDimensions <= a.HeadSize,
            name, nameof(a.RotaryDimensions), "an even number from 2 to D", a.RotaryDimensions);
        long elements = a.Tokens * ((long)a.QueryHeads + 2L * a.KeyHeads) * a.HeadSize, positions = (long)a.FirstPosition + a.Tokens;
        Require.Indexable(name, "T × (H + 2G)·D", elements);
        Require.That(a.Cosine.Length >= positions * (a.RotaryDimensions / 2), name, nameof(a.Cosine), "R/2 values for every position",
            a.Cosine.Length);
        Require.Length(name, nameof(a.Sine), a.Sine.Length, a.Cosine.Length, "P × R/2");
        return (elements, positions * a.KeyHeads * a.HeadSize);
    }
}
