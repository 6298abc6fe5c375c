// TokenEmbedding: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="TokenEmbedding"/>. T tokens, V rows of the table, C channels, n visual tokens.</summary>
public struct TokenEmbeddingArguments
{
    /// <summary>[T] token ids; not read where visual tokens stand.</summary>
    public View<int> Ids;

    /// <summary>[V, C] embedding table.</summary>
    public Weights Table;

    /// <summary>[n, C] visual tokens that take the places VisualStart … VisualStart + n − 1, or none.</summary>
    public View<float> Visual;

    /// <summary>[positions, C] learned position embedding, or none.</summary>
    public Weights Position;

    /// <summary>[C] added to every token that is not visual (BERT's token type), or none.</summary>
    public View<float> Added;

    /// <summary>[T, C] output.</summary>
    public View<float> Y;

    /// <summary>T, tokens.</summary>
    public int Tokens;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>Index of the first visual token.</summary>
    public int VisualStart;

    /// <summary>Position of the first token.</summary>
    public int FirstPosition;
}

/// <summary>
/// The decoder's input: y[t] = visual[t − VisualStart] where visual tokens stand, otherwise
/// table[id[t]] (+ added) (+ position[FirstPosition + t]).
/// </summary>
public static partial class TokenEmbedding
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<TokenEmbeddingArguments> ForwardOperation = new("TokenEmbedding", Check,
        Rung.Host<TokenEmbeddingArguments>("Host", HostForward),
        V1(ForwardV1<F32Weights>, WeightType.F32),
        V1(ForwardV1<BF16Weights>, WeightType.BF16),
        V1(ForwardV1<Int8Weights>, WeightType.Int8),
        Vector(ForwardV2<F32Vectors>, WeightType.F32),
        Vector(ForwardV2<BF16Vectors>, WeightType.BF16),
        Vector(ForwardV2<Int8Vectors>, WeightType.Int8));

    /// <summary>Embeds every token.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other; on the host also an id outside the table.</exception>
    public static void Forward(Device device, in TokenEmbeddingArguments arguments) => ForwardOperation.Launch(device, arguments);

    static Rung<TokenEmbeddingArguments> V1(Action<TokenEmbeddingArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel).WithThreads(128, static a => a.Tokens, static a => a.Channels)
            with
        { Weights = type, Accepts = a => a.Table.Type == type };

    static void Check(TokenEmbeddingArguments a)
    {
        const string name = "TokenEmbedding";
        long elements = CheckSizes(name, a.Tokens, a.Channels, a.FirstPosition);
        Require.Length(name, nameof(a.Ids), a.Ids.Length, a.Tokens, "T");
        Require.Length(name, nameof(a.Y), a.Y.Length, elements, "T × C");
        Require.OptionalLength(name, nameof(a.Added), a.Added.Length, a.Channels, "C");
        RequireRows(name, nameof(a.Table), a.Table.Length, 1, a.Channels);
        Require.ScaleGroups(name, nameof(a.Channels), a.Channels, a.Table.Type);
        if (!a.Position.IsEmpty)
            RequireRows(name, nameof(a.Position), a.Position.Length, (long)a.FirstPosition + a.Tokens, a.Channels);
        Require.ScaleGroups(name, nameof(a.Channels), a.Channels, a.Position.Type);
        CheckVisual(name, nameof(a.Visual), a.Visual, a.VisualStart, a.Tokens, a.Channels);
    }

    static long CheckSizes(string name, int tokens, int channels, int firstPosition)
    {
        Require.That(firstPosition >= 0, name, nameof(TokenEmbeddingArguments.FirstPosition), "at least 0", firstPosition);
        return Require.Elements(name, "T × C", (nameof(TokenEmbeddingArguments.Tokens), tokens),
            (nameof(TokenEmbeddingArguments.Channels), channels));
    }

    static void CheckVisual(string name, string argument, View<float> visual, int start, int tokens, int channels)
    {
        if (visual.IsEmpty)
            return;
        Require.That(visual.Length % channels == 0, name, argument, "a whole number of rows of C", visual.Length);
        Require.That(start >= 0 && start + visual.Length / channels <= tokens,
            name, nameof(TokenEmbeddingArguments.VisualStart), "all visual tokens inside the T tokens", start);
    }

    static void RequireRows(string name, string argument, long length, long rows, int channels)
    {
        Require.That(length % channels == 0 && length >= rows * channels, name, argument,
            "a whole number of rows of C, one for every id or position", length);
        Require.Indexable(name, argument, length);
    }
}
