// Dropout: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="Dropout"/>. n elements of any shape.</summary>
public struct DropoutArguments
{
    /// <summary>[n] input.</summary>
    public View<float> X;

    /// <summary>[n] added afterwards, or none.</summary>
    public View<float> Residual;

    /// <summary>[n] output; may be X or Residual, where it is f32.</summary>
    public Activations Y;

    /// <summary>n, elements.</summary>
    public int Count;

    /// <summary>Share of the elements that become 0, in [0, 1).</summary>
    public float Rate;

    /// <summary>Names the mask; see <see cref="DropoutMask.Factor"/>.</summary>
    public long Seed;
}

/// <summary>
/// Dropout (torch.nn.Dropout in training): y = residual + x ∘ factor(seed, i, rate), the factor 0 or 1/(1 − rate).
/// Its backward is the same operation on the gradient, with the same seed.
/// </summary>
public static partial class Dropout
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<DropoutArguments> ForwardOperation = new("Dropout", Check,
        Rung.Host<DropoutArguments>("Host", HostForward) with { Accepts = static a => a.Y.Type == ActivationType.F32 },
        Rung.Gpu<DropoutArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Count));

    /// <summary>Drops elements, scales the others, adds the residual.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other, or the rate is not in [0, 1).</exception>
    public static void Forward(Device device, in DropoutArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(DropoutArguments a)
    {
        const string name = "Dropout";
        Require.Elements(name, "n", (nameof(a.Count), a.Count));
        Require.Length(name, nameof(a.X), a.X.Length, a.Count, "n");
        Require.OptionalLength(name, nameof(a.Residual), a.Residual.Length, a.Count, "n");
        Require.Length(name, nameof(a.Y), a.Y.Length, a.Count, "n");
        Require.Rate(name, nameof(a.Rate), a.Rate);
    }
}
