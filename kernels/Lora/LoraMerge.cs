// LoraMerge: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="LoraMerge"/>. K inputs, N outputs, r the rank.</summary>
public struct LoraMergeArguments
{
    /// <summary>[N, K] base weight.</summary>
    public Weights W;

    /// <summary>[r, K] down projection (lora_A).</summary>
    public Weights A;

    /// <summary>[N, r] up projection (lora_B), in A's storage type.</summary>
    public Weights B;

    /// <summary>[N, K] merged weight.</summary>
    public View<float> Merged;

    /// <summary>K, inputs.</summary>
    public int Inputs;

    /// <summary>N, outputs.</summary>
    public int Outputs;

    /// <summary>r, rank.</summary>
    public int Rank;

    /// <summary>alpha / r.</summary>
    public float Scale;
}

/// <summary>An adapter added into its base weight (peft's merge_and_unload): merged[n,k] = W[n,k] + scale · Σⱼ B[n,j] · A[j,k].</summary>
public static partial class LoraMerge
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<LoraMergeArguments> ForwardOperation = new("LoraMerge", Check,
        Rung.Host<LoraMergeArguments>("Host", HostForward),
        V1(ForwardV1<F32Weights>, WeightType.F32),
        V1(ForwardV1<BF16Weights>, WeightType.BF16),
        V1(ForwardV1<Int8Weights>, WeightType.Int8));

    /// <summary>Merges a weight.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in LoraMergeArguments arguments) => ForwardOperation.Launch(device, arguments);

    static Rung<LoraMergeArguments> V1(Action<LoraMergeArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel).WithThreads(128, static a => a.Outputs, static a => a.Inputs)
            with
        { Weights = type, Accepts = a => a.W.Type == type };

    static void Check(LoraMergeArguments a)
    {
        const string name = "LoraMerge";
        Lora.CheckAdapter(name, a.A, a.B, a.Inputs, a.Outputs, a.Rank);
        long elements = Require.Elements(name, "N × K", (nameof(a.Outputs), a.Outputs), (nameof(a.Inputs), a.Inputs));
        Require.Length(name, nameof(a.W), a.W.Length, elements, "N × K");
        Require.Length(name, nameof(a.Merged), a.Merged.Length, elements, "N × K");
        Require.ScaleGroups(name, nameof(a.Inputs), a.Inputs, a.W.Type);
    }
}
