// CrossEntropy: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="CrossEntropy"/>. T tokens, C channels, V ids of the vocabulary.</summary>
public struct CrossEntropyArguments
{
    /// <summary>[T, C] states after the final norm.</summary>
    public View<float> X;

    /// <summary>[V, C] head: logits = x · headᵀ.</summary>
    public Weights Head;

    /// <summary>[T] id that each token should be followed by, below V; negative: the token does not count.</summary>
    public View<int> Labels;

    /// <summary>[T] losses; 0 where a token does not count.</summary>
    public View<float> Losses;

    /// <summary>[T, C] gradient of <see cref="Scale"/> · Σ losses, or none: overwritten; not X.</summary>
    public View<float> GradX;

    /// <summary>Scratch memory of <see cref="CrossEntropy.ScratchLength"/> floats.</summary>
    public View<float> Scratch;

    /// <summary>T, tokens.</summary>
    public int Tokens;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>V, ids of the vocabulary.</summary>
    public int Vocabulary;

    /// <summary>Multiplies the gradient: one over the number of tokens that count, for a mean.</summary>
    public float Scale;
}

/// <summary>
/// Cross entropy on the language model's head (torch.nn.functional.cross_entropy of x · headᵀ, reduction none) with the gradient of the
/// states: losses[t] = logsumexp(logits[t]) − logits[t, label[t]]. The logits, [T, V], are never stored whole. The head
/// has a gradient where a decoder is trained whole: <see cref="Backward"/>.
/// </summary>
public static partial class CrossEntropy
{
    const int GroupSize = 128;

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<CrossEntropyArguments> ForwardOperation = new("CrossEntropy", Check,
        Rung.Host<CrossEntropyArguments>("Host", HostForward),
        V1(ForwardV1<F32Weights>, WeightType.F32),
        V1(ForwardV1<BF16Weights>, WeightType.BF16),
        V1(ForwardV1<Int8Weights>, WeightType.Int8));

    /// <summary>Losses of all tokens and, where asked for, the gradient of their scaled sum.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other; on a host device also a label that is no id.</exception>
    public static void Forward(Device device, in CrossEntropyArguments arguments) => ForwardOperation.Launch(device, arguments);

    /// <summary>Floats of <see cref="CrossEntropyArguments.Scratch"/>: rows that count, their gradients and the logits of a part of the
    /// vocabulary.</summary>
    public static long ScratchLength(int tokens, int channels, int vocabulary) =>
        (long)tokens * (2L * channels + Math.Min(vocabulary, HostChunk) + HostRowFloats);

    static Rung<CrossEntropyArguments> V1(Action<CrossEntropyArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Weights = type,
            Group = GroupSize,
            Accepts = a => a.Head.Type == type,
            Launch = static a => new(a.Tokens),
        };

    static void Check(CrossEntropyArguments a)
    {
        const string name = "CrossEntropy";
        long elements = Require.Elements(name, "T × C", (nameof(a.Tokens), a.Tokens), (nameof(a.Channels), a.Channels));
        long weights = Require.Elements(name, "V × C", (nameof(a.Vocabulary), a.Vocabulary), (nameof(a.Channels), a.Channels));
        Require.Length(name, nameof(a.X), a.X.Length, elements, "T × C");
        Require.Length(name, nameof(a.Head), a.Head.Length, weights, "V × C");
        Require.Length(name, nameof(a.Labels), a.Labels.Length, a.Tokens, "T");
        Require.Length(name, nameof(a.Losses), a.Losses.Length, a.Tokens, "T");
        Require.OptionalLength(name, nameof(a.GradX), a.GradX.Length, elements, "T × C");
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, ScratchLength(a.Tokens, a.Channels, a.Vocabulary), "ScratchLength");
        Require.ScaleGroups(name, nameof(a.Channels), a.Channels, a.Head.Type);
    }
}
