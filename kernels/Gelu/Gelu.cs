// Gelu: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Gelu"/>. n elements of any shape.</summary>
public struct GeluArguments
{
    /// <summary>[n] input.</summary>
    public View<float> X;

    /// <summary>[n] output; may be X.</summary>
    public View<float> Y;

    /// <summary>n, elements.</summary>
    public int Count;
}

/// <summary>
/// The exact GELU (torch.nn.GELU without approximation): y = x · Φ(x) = x/2 · (1 + erf(x/√2)). Inference has it in Linear's epilogue;
/// training keeps x, and computes y from it.
/// </summary>
public static partial class Gelu
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<GeluArguments> ForwardOperation = new("Gelu", Check,
        Rung.Host<GeluArguments>("Host", HostForward),
        Rung.Gpu<GeluArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Count),
        Rung.Gpu<GeluArguments>("V2.Vector", ForwardV2).WithThreads(128, static a => Parts.Of(a.Count, 8)) with
        {
            Accepts = static a => a.Count % 4 == 0 && (a.X.Address | a.Y.Address) % 16 == 0,
        });

    /// <summary>y = x · Φ(x) for every element.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in GeluArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(GeluArguments a)
    {
        const string name = "Gelu";
        Require.Elements(name, "n", (nameof(a.Count), a.Count));
        Require.Length(name, nameof(a.X), a.X.Length, a.Count, "n");
        Require.Length(name, nameof(a.Y), a.Y.Length, a.Count, "n");
    }
}
