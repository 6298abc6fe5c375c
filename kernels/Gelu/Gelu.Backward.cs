// Gelu.Backward: the gradient of the input, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Gelu.Backward"/>. n elements of any shape.</summary>
public struct GeluBackwardArguments
{
    /// <summary>[n] input of the forward: before the activation.</summary>
    public View<float> X;

    /// <summary>[n] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[n] gradient of the input: overwritten; may be GradY.</summary>
    public View<float> GradX;

    /// <summary>n, elements.</summary>
    public int Count;
}

public static partial class Gelu
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<GeluBackwardArguments> BackwardOperation = new("Gelu.Backward", Check,
        Rung.Host<GeluBackwardArguments>("Host", HostBackward),
        Rung.Gpu<GeluBackwardArguments>("V1.Naive", BackwardV1).WithThreads(128, static a => a.Count));

    /// <summary>gradX = gradY · (Φ(x) + x·φ(x)), φ being the standard normal density; overwritten.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in GeluBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static void Check(GeluBackwardArguments a)
    {
        const string name = "Gelu.Backward";
        Require.Elements(name, "n", (nameof(a.Count), a.Count));
        Require.Length(name, nameof(a.X), a.X.Length, a.Count, "n");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, a.Count, "n");
        Require.Length(name, nameof(a.GradX), a.GradX.Length, a.Count, "n");
    }
}
