// LayerNorm: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="LayerNorm"/>. Letters as in kernels/README.md: N rows, C channels.</summary>
public struct LayerNormArguments
{
    /// <summary>[N, C] input.</summary>
    public View<float> X;

    /// <summary>[C] scale.</summary>
    public View<float> Gamma;

    /// <summary>[C] shift.</summary>
    public View<float> Beta;

    /// <summary>[N, C] output; may be X, which is f32.</summary>
    public Activations Y;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>Added to the variance.</summary>
    public float Epsilon;
}

/// <summary>
/// Layer normalisation over the channels of each row (torch.nn.LayerNorm):
/// y[n,c] = (x[n,c] − mean[n]) / √(var[n] + ε) · γ[c] + β[c], with the biased variance.
/// </summary>
public static partial class LayerNorm
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<LayerNormArguments> ForwardOperation = new("LayerNorm", Check,
        Rung.Host<LayerNormArguments>("Host", HostForward) with { Accepts = static a => a.Y.Type == ActivationType.F32 },
        Rung.Gpu<LayerNormArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Rows),
        Rung.Gpu<LayerNormArguments>("V2.WarpPerRow", ForwardV2) with
        {
            Launch = static a => new(Parts.Of(a.Rows, RowsPerGroup)),
        },
        Vector<F32Activations>(ForwardV3<F32Activations>),
        Vector<BF16Activations>(ForwardV3<BF16Activations>))
    {
        Sizes = static a => new(a.Rows, a.Channels),
    };

    static Rung<LayerNormArguments> Vector<TFormat>(Action<LayerNormArguments> kernel) where TFormat : struct, IActivationFormat =>
        Rung.Gpu("V3.Vector", kernel) with
        {
            Activations = TFormat.Type,
            Launch = static a => new(Parts.Of(a.Rows, RowsPerGroup)),
            Accepts = static a => a.Y.Type == TFormat.Type && a.Channels % 4 == 0
                && (a.X.Address | a.Y.Address | a.Gamma.Address | a.Beta.Address) % 16 == 0,
        };

    /// <summary>Normalises every row.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in LayerNormArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(LayerNormArguments a)
    {
        const string name = "LayerNorm";
        long elements = CheckSizes(name, a.X, a.Gamma, a.Rows, a.Channels, a.Epsilon);
        Require.Length(name, nameof(a.Beta), a.Beta.Length, a.Channels, "C");
        Require.Length(name, nameof(a.Y), a.Y.Length, elements, "N × C");
    }

    /// <summary>What the operation and its backward have in common; returns N × C.</summary>
    static long CheckSizes(string name, View<float> x, View<float> gamma, int rows, int channels, float epsilon)
    {
        long elements = Require.Elements(name, "N × C", (nameof(LayerNormArguments.Rows), rows),
            (nameof(LayerNormArguments.Channels), channels));
        Require.Length(name, nameof(LayerNormArguments.X), x.Length, elements, "N × C");
        Require.Length(name, nameof(LayerNormArguments.Gamma), gamma.Length, channels, "C");
        Require.That(epsilon > 0, name, nameof(LayerNormArguments.Epsilon), "more than 0", epsilon);
        return elements;
    }
}
