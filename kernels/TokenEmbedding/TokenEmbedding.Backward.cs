// TokenEmbedding.Backward: the gradients of tables and visual tokens, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>
/// Arguments of <see cref="TokenEmbedding.Backward"/>. T tokens, V rows of the table, C channels, n visual tokens. Every gradient is
/// optional; at least one is asked for.
/// </summary>
public struct TokenEmbeddingBackwardArguments
{
    /// <summary>[T] token ids; not read where visual tokens stand.</summary>
    public View<int> Ids;

    /// <summary>[T, C] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[V, C] gradient of the embedding table, or none: added to.</summary>
    public View<float> GradTable;

    /// <summary>[positions, C] gradient of the position embedding, or none: added to.</summary>
    public View<float> GradPosition;

    /// <summary>[C] gradient of what was added to every token that is not visual, or none: added to.</summary>
    public View<float> GradAdded;

    /// <summary>[n, C] gradient of the visual tokens, or none where the forward had none: overwritten.</summary>
    public View<float> GradVisual;

    /// <summary>T, tokens.</summary>
    public int Tokens;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>V, rows of the table.</summary>
    public int Vocabulary;

    /// <summary>Index of the first visual token.</summary>
    public int VisualStart;

    /// <summary>Position of the first token.</summary>
    public int FirstPosition;
}

public static partial class TokenEmbedding
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<TokenEmbeddingBackwardArguments> BackwardOperation = new("TokenEmbedding.Backward", Check,
        Rung.Host<TokenEmbeddingBackwardArguments>("Host", HostBackward),
        Rung.Gpu<TokenEmbeddingBackwardArguments>("V1.Naive", BackwardV1).WithThreads(128, static a => a.Channels));

    /// <summary>
    /// gradVisual[t − VisualStart] = gradY[t] where visual tokens stand, overwritten; otherwise gradTable[id[t]],
    /// gradPosition[FirstPosition + t] and gradAdded += gradY[t], added to in the order of the tokens.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other, or no gradient is asked for; on the host also an id outside
    /// the table.</exception>
    public static void Backward(Device device, in TokenEmbeddingBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static void Check(TokenEmbeddingBackwardArguments a)
    {
        const string name = "TokenEmbedding.Backward";
        long elements = CheckSizes(name, a.Tokens, a.Channels, a.FirstPosition);
        Require.Positive(name, nameof(a.Vocabulary), a.Vocabulary);
        Require.Length(name, nameof(a.Ids), a.Ids.Length, a.Tokens, "T");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, elements, "T × C");
        Require.OptionalLength(name, nameof(a.GradTable), a.GradTable.Length, (long)a.Vocabulary * a.Channels, "V × C");
        Require.OptionalLength(name, nameof(a.GradAdded), a.GradAdded.Length, a.Channels, "C");
        if (!a.GradPosition.IsEmpty)
            RequireRows(name, nameof(a.GradPosition), a.GradPosition.Length, (long)a.FirstPosition + a.Tokens, a.Channels);
        Require.Indexable(name, nameof(a.GradTable), a.GradTable.Length);
        Require.That(a.GradTable.Length + a.GradPosition.Length + a.GradAdded.Length + a.GradVisual.Length > 0, name, nameof(a.GradTable),
            "at least one gradient", 0);
        CheckVisual(name, nameof(a.GradVisual), a.GradVisual, a.VisualStart, a.Tokens, a.Channels);
    }
}
