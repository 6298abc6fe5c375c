// Linear: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>What <see cref="Linear"/> does with a sum before it is stored.</summary>
public enum LinearActivation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Exact (erf) GELU.</summary>
    Gelu,

    /// <summary>W has 2N rows, gate above up: y = up · silu(gate). No bias.</summary>
    SwiGlu,
}

/// <summary>Arguments of <see cref="Linear"/>. M rows (tokens), K inputs, N outputs.</summary>
public struct LinearArguments
{
    /// <summary>[M, K] input; f32 or bf16.</summary>
    public Activations X;

    /// <summary>[N, K] weights, or [2N, K] for <see cref="LinearActivation.SwiGlu"/>.</summary>
    public Weights W;

    /// <summary>[N] bias, or none.</summary>
    public View<float> Bias;

    /// <summary>[M, N] added after the activation, or none; may be Y.</summary>
    public View<float> Residual;

    /// <summary>[M, N] output; f32 or bf16, whatever X is.</summary>
    public Activations Y;

    /// <summary>M, rows.</summary>
    public int Rows;

    /// <summary>K, inputs.</summary>
    public int Inputs;

    /// <summary>N, outputs.</summary>
    public int Outputs;

    /// <summary>What is done with a sum before it is stored.</summary>
    public LinearActivation Activation;

    /// <summary>What stages of a launch pass on; the launch fills it in.</summary>
    public View<byte> Scratch;

    /// <summary>Inputs of each part where a rung divides them; the launch fills it in.</summary>
    public int PartInputs;
}

/// <summary>A linear layer with its epilogue (torch.nn.Linear): y = residual + activation(x · Wᵀ + bias).</summary>
public static partial class Linear
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<LinearArguments> ForwardOperation = new("Linear", Check,
    [
        Rung.Host<LinearArguments>("Host", HostForward) with
        {
            Accepts = static a => a.X.Type == ActivationType.F32 && a.Y.Type == ActivationType.F32,
        },
        .. GpuRungs(),
    ])
    {
        // A SwiGLU pair is a product with twice as many outputs.
        Sizes = static a => new(a.Rows, a.Inputs, a.Activation == LinearActivation.SwiGlu ? 2 * a.Outputs : a.Outputs, a.W.Type),
    };

    /// <summary>Multiplies every row.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in LinearArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(LinearArguments a)
    {
        const string name = "Linear";
        bool pair = a.Activation == LinearActivation.SwiGlu;
        var (input, weights, output) = CheckSizes(name, a.Rows, a.Inputs, a.Outputs);
        Require.Indexable(name, "2N × K", pair ? 2 * weights : 0);
        Require.Length(name, nameof(a.X), a.X.Length, input, "M × K");
        Require.Length(name, nameof(a.W), a.W.Length, pair ? 2 * weights : weights, pair ? "2N × K" : "N × K");
        Require.OptionalLength(name, nameof(a.Bias), a.Bias.Length, pair ? 0 : a.Outputs, "N");
        Require.OptionalLength(name, nameof(a.Residual), a.Residual.Length, output, "M × N");
        Require.Length(name, nameof(a.Y), a.Y.Length, output, "M × N");
        Require.ScaleGroups(name, nameof(a.Inputs), a.Inputs, a.W.Type);
    }

    /// <summary>Elements of input, weights and output.</summary>
    internal static (long Input, long Weights, long Output) CheckSizes(string name, int rows, int inputs, int outputs) =>
    (
        Require.Elements(name, "M × K", (nameof(LinearArguments.Rows), rows), (nameof(LinearArguments.Inputs), inputs)),
        Require.Elements(name, "N × K", (nameof(LinearArguments.Outputs), outputs), (nameof(LinearArguments.Inputs), inputs)),
        Require.Elements(name, "M × N", (nameof(LinearArguments.Rows), rows), (nameof(LinearArguments.Outputs), outputs))
    );
}
