// Lora.Backward: the gradients of an adapter, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Lora.Backward"/>. M rows (tokens), K inputs, N outputs, r the rank.</summary>
public struct LoraBackwardArguments
{
    /// <summary>[M, K] input of the base layer.</summary>
    public View<float> X;

    /// <summary>[r, K] down projection (lora_A).</summary>
    public Weights A;

    /// <summary>[N, r] up projection (lora_B), in A's storage type.</summary>
    public Weights B;

    /// <summary>[M, N] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[3, M, r] overwritten.</summary>
    public View<float> Scratch;

    /// <summary>[r, K] gradient of A: added to.</summary>
    public View<float> GradA;

    /// <summary>[N, r] gradient of B: added to.</summary>
    public View<float> GradB;

    /// <summary>[M, K] gradient of the input, or none: added to, as the base layer's own gradient is there already.</summary>
    public View<float> GradX;

    /// <summary>M, rows.</summary>
    public int Rows;

    /// <summary>K, inputs.</summary>
    public int Inputs;

    /// <summary>N, outputs.</summary>
    public int Outputs;

    /// <summary>r, rank.</summary>
    public int Rank;

    /// <summary>alpha / r.</summary>
    public float Scale;
}

public static partial class Lora
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<LoraBackwardArguments> BackwardOperation = new("Lora.Backward", Check,
        Rung.Host<LoraBackwardArguments>("Host", HostBackward),
        BackwardRung(BackwardV1<F32Weights>, WeightType.F32),
        BackwardRung(BackwardV1<BF16Weights>, WeightType.BF16),
        BackwardRung(BackwardV1<Int8Weights>, WeightType.Int8));

    /// <summary>
    /// With inner = scale · x·Aᵀ, computed again, and gradInner = scale · gradY·B: gradB += gradYᵀ·inner, gradA += gradInnerᵀ·x,
    /// gradX += gradInner·A, all added to.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in LoraBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static Rung<LoraBackwardArguments> BackwardRung(Action<LoraBackwardArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Weights = type,
            Group = 128,
            Accepts = a => a.A.Type == type,
            Launch = static a => new(a.GradX.IsEmpty ? a.Rank : a.Rank + a.Rows),
        };

    static void Check(LoraBackwardArguments a)
    {
        const string name = "Lora.Backward";
        var (input, _, output) = Linear.CheckSizes(name, a.Rows, a.Inputs, a.Outputs);
        CheckAdapter(name, a.A, a.B, a.Inputs, a.Outputs, a.Rank);
        Require.Indexable(name, "3 × M × r", 3L * a.Rows * a.Rank);
        Require.Length(name, nameof(a.X), a.X.Length, input, "M × K");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, output, "M × N");
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, 3L * a.Rows * a.Rank, "3 × M × r");
        Require.Length(name, nameof(a.GradA), a.GradA.Length, (long)a.Rank * a.Inputs, "r × K");
        Require.Length(name, nameof(a.GradB), a.GradB.Length, (long)a.Outputs * a.Rank, "N × r");
        Require.OptionalLength(name, nameof(a.GradX), a.GradX.Length, input, "M × K");
    }
}
