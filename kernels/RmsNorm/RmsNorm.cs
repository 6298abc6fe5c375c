// RmsNorm: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="RmsNorm"/>. Letters as in kernels/README.md: N rows, C channels.</summary>
public struct RmsNormArguments
{
    /// <summary>[N, C] input.</summary>
    public View<float> X;

    /// <summary>[C] scale.</summary>
    public View<float> Gamma;

    /// <summary>[N, C] output; may be X, which is f32.</summary>
    public Activations Y;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon;
}

/// <summary>
/// Root-mean-square normalisation over the channels of each row (transformers' Phi3RMSNorm):
/// y[n,c] = x[n,c] / √(mean of x[n,·]² + ε) · γ[c].
/// </summary>
public static partial class RmsNorm
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<RmsNormArguments> ForwardOperation = new("RmsNorm", Check,
        Rung.Host<RmsNormArguments>("Host", HostForward) with { Accepts = static a => a.Y.Type == ActivationType.F32 },
        Rung.Gpu<RmsNormArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Rows),
        Rung.Gpu<RmsNormArguments>("V2.WarpPerRow", ForwardV2) with
        {
            Launch = static a => new(Parts.Of(a.Rows, RowsPerGroup)),
        },
        Vector<F32Activations>(ForwardV3<F32Activations>),
        Vector<BF16Activations>(ForwardV3<BF16Activations>),
        GroupPerRow<F32Activations>(ForwardV4<F32Activations>),
        GroupPerRow<BF16Activations>(ForwardV4<BF16Activations>))
    {
        Sizes = static a => new(a.Rows, a.Channels),
    };

    static Rung<RmsNormArguments> Vector<TFormat>(Action<RmsNormArguments> kernel) where TFormat : struct, IActivationFormat =>
        Rung.Gpu("V3.Vector", kernel) with
        {
            Activations = TFormat.Type,
            Launch = static a => new(Parts.Of(a.Rows, RowsPerGroup)),
            Accepts = static a => a.Y.Type == TFormat.Type && a.Channels % 4 == 0
                && (a.X.Address | a.Y.Address | a.Gamma.Address) % 16 == 0,
        };

    /// <summary>Normalises every row.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in RmsNormArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(RmsNormArguments a)
    {
        const string name = "RmsNorm";
        long elements = CheckSizes(name, a.X, a.Gamma, a.Rows, a.Channels, a.Epsilon);
        Require.Length(name, nameof(a.Y), a.Y.Length, elements, "N × C");
    }

    /// <summary>What the operation and its backward have in common; returns N × C.</summary>
    static long CheckSizes(string name, View<float> x, View<float> gamma, int rows, int channels, float epsilon)
    {
        long elements = Require.Elements(name, "N × C", (nameof(RmsNormArguments.Rows), rows),
            (nameof(RmsNormArguments.Channels), channels));
        Require.Length(name, nameof(RmsNormArguments.X), x.Length, elements, "N × C");
        Require.Length(name, nameof(RmsNormArguments.Gamma), gamma.Length, channels, "C");
        Require.That(epsilon > 0, name, nameof(RmsNormArguments.Epsilon), "more than 0", epsilon);
        return elements;
    }
}
