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
        V1(ForwardV1<Int8Weights>, WeightType.Int8));

    /// <summary>Embeds every token.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other; on the host also an id outside the table.</exception>
    public static void Forward(Device device, in TokenEmbeddingArguments arguments) => ForwardOperation.Launch(device, arguments);

    static Rung<TokenEmbeddingArguments> V1(Action<TokenEmbeddingArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Weights = type,
            Group = 128,
            Accepts = a => a.Table.Type == type,
            Launch = static a => new(a.Tokens, (a.Channels + 127) / 128),
        };

    static void Check(TokenEmbeddingArguments a)
    {
        const string name = "TokenEmbedding";
        Require.Positive(name, nameof(a.Tokens), a.Tokens);
        Require.Positive(name, nameof(a.Channels), a.Channels);
        Require.That(a.FirstPosition >= 0, name, nameof(a.FirstPosition), "at least 0", a.FirstPosition);
        long elements = (long)a.Tokens * a.Channels;
        Require.Positive(name, "T × C", elements);
        Require.Length(name, nameof(a.Ids), a.Ids.Length, a.Tokens, "T");
        Require.Length(name, nameof(a.Y), a.Y.Length, elements, "T × C");
        Require.OptionalLength(name, nameof(a.Added), a.Added.Length, a.Channels, "C");
        RequireRows(nameof(a.Table), a.Table, 1, a.Channels);
        if (!a.Position.IsEmpty)
            RequireRows(nameof(a.Position), a.Position, (long)a.FirstPosition + a.Tokens, a.Channels);
        if (a.Visual.IsEmpty)
            return;
        Require.That(a.Visual.Length % a.Channels == 0, name, nameof(a.Visual), "a whole number of rows of C", a.Visual.Length);
        Require.That(a.VisualStart >= 0 && a.VisualStart + a.Visual.Length / a.Channels <= a.Tokens,
            name, nameof(a.VisualStart), "all visual tokens inside the T tokens", a.VisualStart);
    }

    static void RequireRows(string argument, in Weights weights, long rows, int channels)
    {
        const string name = "TokenEmbedding";
        Require.That(weights.Length % channels == 0 && weights.Length >= rows * channels, name, argument, "a whole number of rows of C, one for every id or position", weights.Length);
        Require.That(weights.Length <= int.MaxValue, name, argument, "fewer than 2^31 elements", weights.Length);
        Require.That(weights.Type != WeightType.Int8 || channels % Weights.ScaleGroup == 0, name, nameof(TokenEmbeddingArguments.Channels), "a multiple of 128 for int8 weights", channels);
    }
}
