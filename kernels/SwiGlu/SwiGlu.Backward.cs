// SwiGlu.Backward: the gradients of gate and up, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="SwiGlu.Backward"/>. M rows (tokens), N channels.</summary>
public struct SwiGluBackwardArguments
{
    /// <summary>[M, 2N] input of the forward: N gates, then N ups of each row.</summary>
    public View<float> GateUp;

    /// <summary>[M, N] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[M, 2N] gradients of gates and ups: overwritten; may be GateUp.</summary>
    public View<float> GradGateUp;

    /// <summary>M, rows.</summary>
    public int Rows;

    /// <summary>N, channels.</summary>
    public int Channels;
}

public static partial class SwiGlu
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<SwiGluBackwardArguments> BackwardOperation = new("SwiGlu.Backward", Check,
        Rung.Host<SwiGluBackwardArguments>("Host", HostBackward),
        Rung.Gpu<SwiGluBackwardArguments>("V1.Naive", BackwardV1).WithThreads(128, static a => a.Rows, static a => a.Channels));

    /// <summary>gradUp = gradY · silu(gate), gradGate = gradY · up · σ(gate)·(1 + gate·σ(−gate)); both overwritten.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in SwiGluBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static void Check(SwiGluBackwardArguments a)
    {
        const string name = "SwiGlu.Backward";
        long elements = Require.Elements(name, "M × N", (nameof(a.Rows), a.Rows), (nameof(a.Channels), a.Channels));
        Require.Indexable(name, "M × 2N", 2 * elements);
        Require.Length(name, nameof(a.GateUp), a.GateUp.Length, 2 * elements, "M × 2N");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, elements, "M × N");
        Require.Length(name, nameof(a.GradGateUp), a.GradGateUp.Length, 2 * elements, "M × 2N");
    }
}
