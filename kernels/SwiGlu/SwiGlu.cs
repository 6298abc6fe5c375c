// SwiGlu: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="SwiGlu"/>. M rows (tokens), N channels.</summary>
public struct SwiGluArguments
{
    /// <summary>[M, 2N] input: N gates, then N ups of each row.</summary>
    public Activations GateUp;

    /// <summary>[M, N] output.</summary>
    public Activations Y;

    /// <summary>M, rows.</summary>
    public int Rows;

    /// <summary>N, channels.</summary>
    public int Channels;
}

/// <summary>
/// The gated activation between the two products of a decoder's MLP (transformers' Phi3MLP): y = up · silu(gate),
/// silu(x) = x / (1 + e^−x). Where nothing is added between product and activation, <see cref="LinearActivation.SwiGlu"/> saves this pass.
/// </summary>
public static partial class SwiGlu
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<SwiGluArguments> ForwardOperation = new("SwiGlu", Check,
        Rung.Host<SwiGluArguments>("Host", HostForward) with
        {
            Accepts = static a => a.GateUp.Type == ActivationType.F32 && a.Y.Type == ActivationType.F32,
        },
        Rung.Gpu<SwiGluArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Rows, static a => a.Channels),
        Vector<F32Activations>(ForwardV2<F32Activations>),
        Vector<BF16Activations>(ForwardV2<BF16Activations>));

    /// <summary>Activates every row.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in SwiGluArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(SwiGluArguments a)
    {
        const string name = "SwiGlu";
        long elements = Require.Elements(name, "M × N", (nameof(a.Rows), a.Rows), (nameof(a.Channels), a.Channels));
        Require.Indexable(name, "M × 2N", 2 * elements);
        Require.Length(name, nameof(a.GateUp), a.GateUp.Length, 2 * elements, "M × 2N");
        Require.Length(name, nameof(a.Y), a.Y.Length, elements, "M × N");
    }
}
