// CrossEntropy.Backward: the gradient of the head, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="CrossEntropy.Backward"/>. T tokens, C channels, V ids of the vocabulary.</summary>
public struct CrossEntropyBackwardArguments
{
    /// <summary>[T, C] states after the final norm.</summary>
    public View<float> X;

    /// <summary>[V, C] head of the forward, in f32 or bf16.</summary>
    public Weights Head;

    /// <summary>[T] labels of the forward.</summary>
    public View<int> Labels;

    /// <summary>[T] losses that the forward gave: with the label's logit they say the logarithm of the sum.</summary>
    public View<float> Losses;

    /// <summary>[V, C] gradient of <see cref="Scale"/> · Σ losses: added to.</summary>
    public View<float> GradHead;

    /// <summary>Scratch memory of <see cref="CrossEntropy.ScratchLength"/> floats.</summary>
    public View<float> Scratch;

    /// <summary>T, tokens.</summary>
    public int Tokens;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>V, ids of the vocabulary.</summary>
    public int Vocabulary;

    /// <summary>Multiplies the gradient.</summary>
    public float Scale;
}

public static partial class CrossEntropy
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<CrossEntropyBackwardArguments> BackwardOperation = new("CrossEntropy.Backward", Check,
        Rung.Host<CrossEntropyBackwardArguments>("Host", HostBackward) with { Accepts = static a => a.Head.Type != WeightType.Int8 },
        BackwardV1(BackwardV1<F32Weights>, WeightType.F32),
        BackwardV1(BackwardV1<BF16Weights>, WeightType.BF16));

    /// <summary>gradHead[v] += Scale · Σ_t (softmax(logits[t])ᵥ − [v = label[t]]) · x[t], over the tokens that count, in their
    /// order.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other; on a host device also a label that is no id.</exception>
    public static void Backward(Device device, in CrossEntropyBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static Rung<CrossEntropyBackwardArguments> BackwardV1(Action<CrossEntropyBackwardArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Weights = type,
            Group = GroupSize,
            Accepts = a => a.Head.Type == type,
            Launch = static a => new(Parts.Of(a.Vocabulary, GroupSize)),
        };

    static void Check(CrossEntropyBackwardArguments a)
    {
        const string name = "CrossEntropy.Backward";
        long elements = Require.Elements(name, "T × C", (nameof(a.Tokens), a.Tokens), (nameof(a.Channels), a.Channels));
        long weights = Require.Elements(name, "V × C", (nameof(a.Vocabulary), a.Vocabulary), (nameof(a.Channels), a.Channels));
        Require.Length(name, nameof(a.X), a.X.Length, elements, "T × C");
        Require.Length(name, nameof(a.Head), a.Head.Length, weights, "V × C");
        Require.Length(name, nameof(a.Labels), a.Labels.Length, a.Tokens, "T");
        Require.Length(name, nameof(a.Losses), a.Losses.Length, a.Tokens, "T");
        Require.Length(name, nameof(a.GradHead), a.GradHead.Length, weights, "V × C");
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, ScratchLength(a.Tokens, a.Channels, a.Vocabulary), "ScratchLength");
    }
}
