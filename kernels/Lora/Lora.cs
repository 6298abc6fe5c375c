// Lora: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Lora"/>. M rows (tokens), K inputs, N outputs, r the rank.</summary>
public struct LoraArguments
{
    /// <summary>[M, K] input of the base layer.</summary>
    public Activations X;

    /// <summary>[r, K] down projection (lora_A).</summary>
    public Weights A;

    /// <summary>[N, r] up projection (lora_B), in A's storage type.</summary>
    public Weights B;

    /// <summary>[M, r] overwritten.</summary>
    public View<float> Scratch;

    /// <summary>[M, N] output of the base layer, added to.</summary>
    public Activations Y;

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

/// <summary>A low-rank adapter beside a base weight (peft's LoRA without dropout): y[m,n] += scale · Σⱼ B[n,j] · Σₖ A[j,k] ·
/// x[m,k].</summary>
public static partial class Lora
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<LoraArguments> ForwardOperation = new("Lora", Check,
        Rung.Host<LoraArguments>("Host", HostForward) with
        {
            Accepts = static a => a.X.Type == ActivationType.F32 && a.Y.Type == ActivationType.F32,
        },
        V1(ForwardV1<F32Weights>, WeightType.F32),
        V1(ForwardV1<BF16Weights>, WeightType.BF16),
        V1(ForwardV1<Int8Weights>, WeightType.Int8),
        TensorCores("V2.TensorCores16x64"),
        OneRow("V3.OneRow"));

    /// <summary>Adds the adapter's output to Y.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in LoraArguments arguments) => ForwardOperation.Launch(device, arguments);

    static Rung<LoraArguments> V1(Action<LoraArguments> kernel, WeightType type) =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Weights = type,
            Group = 128,
            Accepts = a => a.A.Type == type,
            Launch = static a => new(a.Rows),
        };

    static void Check(LoraArguments a)
    {
        const string name = "Lora";
        var (input, _, output) = Linear.CheckSizes(name, a.Rows, a.Inputs, a.Outputs);
        CheckAdapter(name, a.A, a.B, a.Inputs, a.Outputs, a.Rank);
        Require.Length(name, nameof(a.X), a.X.Length, input, "M × K");
        Require.Length(name, nameof(a.Scratch), a.Scratch.Length, (long)a.Rows * a.Rank, "M × r");
        Require.Length(name, nameof(a.Y), a.Y.Length, output, "M × N");
    }

    /// <summary>Sizes of an adapter's two weights.</summary>
    internal static void CheckAdapter(string name, in Weights a, in Weights b, int inputs, int outputs, int rank)
    {
        Require.Length(name, nameof(LoraArguments.A), a.Length,
            Require.Elements(name, "r × K", (nameof(LoraArguments.Rank), rank), (nameof(LoraArguments.Inputs), inputs)), "r × K");
        Require.Length(name, nameof(LoraArguments.B), b.Length,
            Require.Elements(name, "N × r", (nameof(LoraArguments.Outputs), outputs), (nameof(LoraArguments.Rank), rank)), "N × r");
        Require.That(a.Type == b.Type, name, nameof(LoraArguments.B), "the storage type of A", (long)b.Type);
        Require.ScaleGroups(name, nameof(LoraArguments.Inputs), inputs, a.Type);
        Require.ScaleGroups(name, nameof(LoraArguments.Rank), rank, b.Type);
    }
}
