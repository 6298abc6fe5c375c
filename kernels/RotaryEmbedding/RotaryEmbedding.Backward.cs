// RotaryEmbedding.Backward: gradients turned back by the negative angle, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="RotaryEmbedding.Backward"/>. Letters as in <see cref="RotaryEmbeddingArguments"/>.</summary>
public struct RotaryEmbeddingBackwardArguments
{
    /// <summary>
    /// [T, (H + 2G)·D] the gradients of the rotated queries are turned back in place; the parts of the keys and values are overwritten
    /// with their gradients.
    /// </summary>
    public View<float> GradQueryKeyValue;

    /// <summary>[P, R/2] cosines, from <see cref="RotaryEmbedding.Tables"/>.</summary>
    public View<float> Cosine;

    /// <summary>[P, R/2] sines.</summary>
    public View<float> Sine;

    /// <summary>[rows, G·D] gradients of the rotated keys: rows FirstPosition … FirstPosition + T − 1 are read.</summary>
    public View<float> GradKeys;

    /// <summary>[rows, G·D] gradients of the values: the same rows are read.</summary>
    public View<float> GradValues;

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

public static partial class RotaryEmbedding
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<RotaryEmbeddingBackwardArguments> BackwardOperation = new("RotaryEmbedding.Backward", Check,
        Rung.Host<RotaryEmbeddingBackwardArguments>("Host", HostBackward),
        Rung.Gpu<RotaryEmbeddingBackwardArguments>("V1.Naive", BackwardV1)
            .WithThreads(128, static a => a.Tokens, static a => (a.QueryHeads + 2 * a.KeyHeads) * a.HeadSize));

    /// <summary>
    /// With i &lt; R/2 and the token's position p: gradX[i] = g[i]·cos[p,i] + g[i + R/2]·sin[p,i], gradX[i + R/2] = g[i + R/2]·cos[p,i] −
    /// g[i]·sin[p,i]; dimensions from R on and values are copied.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in RotaryEmbeddingBackwardArguments arguments) =>
        BackwardOperation.Launch(device, arguments);

    static void Check(RotaryEmbeddingBackwardArguments a)
    {
        const string name = "RotaryEmbedding.Backward";
        var (elements, cache) = CheckSizes(name, new RotaryEmbeddingArguments
        {
            Cosine = a.Cosine,
            Sine = a.Sine,
            Tokens = a.Tokens,
            FirstPosition = a.FirstPosition,
            QueryHeads = a.QueryHeads,
            KeyHeads = a.KeyHeads,
            HeadSize = a.HeadSize,
            RotaryDimensions = a.RotaryDimensions,
        });
        Require.Length(name, nameof(a.GradQueryKeyValue), a.GradQueryKeyValue.Length, elements, "T × (H + 2G)·D");
        Require.That(a.GradKeys.Length >= cache, name, nameof(a.GradKeys), "a row of G·D for every position", a.GradKeys.Length);
        Require.Indexable(name, nameof(a.GradKeys), a.GradKeys.Length);
        Require.Length(name, nameof(a.GradValues), a.GradValues.Length, a.GradKeys.Length, "as many as GradKeys");
    }
}
