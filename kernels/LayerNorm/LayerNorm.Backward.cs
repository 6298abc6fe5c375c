// LayerNorm.Backward: the gradients of input, scale and shift, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="LayerNorm.Backward"/>. N rows, C channels. The gradients of scale and shift are optional.</summary>
public struct LayerNormBackwardArguments
{
    /// <summary>[N, C] input of the forward.</summary>
    public View<float> X;

    /// <summary>[C] scale.</summary>
    public View<float> Gamma;

    /// <summary>[N, C] gradient of the output; not GradX, as several threads read it.</summary>
    public View<float> GradY;

    /// <summary>[N, C] added to <see cref="GradX"/>, or none: the gradient that passes the norm by; may be GradX.</summary>
    public View<float> Residual;

    /// <summary>[N, C] gradient of the input: overwritten.</summary>
    public View<float> GradX;

    /// <summary>[C] gradient of the scale, or none: added to.</summary>
    public View<float> GradGamma;

    /// <summary>[C] gradient of the shift, or none: added to.</summary>
    public View<float> GradBeta;

    /// <summary>Overwritten, <see cref="LayerNorm.BackwardScratch"/> floats: mean and inverse deviation of every row. None without
    /// gradients of scale and shift.</summary>
    public View<float> Scratch;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>Added to the variance.</summary>
    public float Epsilon;
}

public static partial class LayerNorm
{
    const int BackwardGroup = 128; // rows of a group, and channels of one that owns channels

    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<LayerNormBackwardArguments> BackwardOperation = new("LayerNorm.Backward", Check,
        Rung.Host<LayerNormBackwardArguments>("Host", HostBackward),
        Rung.Gpu<LayerNormBackwardArguments>("V1.Naive", BackwardV1) with
        {
            Group = BackwardGroup,
            Launch = static a => new(Parts.Of(a.Rows, BackwardGroup)
                + (a.GradGamma.IsEmpty && a.GradBeta.IsEmpty ? 0 : Parts.Of(a.Channels, BackwardGroup))),
        });

    /// <summary>
    /// With x̂ = (x − mean)·r and r = 1/√(var + ε): gradX = residual + r · (γ·gradY − mean(γ·gradY) − x̂ · mean(γ·gradY·x̂)), overwritten;
    /// gradGamma += Σ_n gradY·x̂ and gradBeta += Σ_n gradY, added to in a fixed order.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in LayerNormBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    /// <summary>Floats of <see cref="LayerNormBackwardArguments.Scratch"/>: [⌈C / 128⌉, 2, N], so that no group waits for
    /// another.</summary>
    public static long BackwardScratch(int rows, int channels) => 2L * rows * Parts.Of(channels, BackwardGroup);

    static void Check(LayerNormBackwardArguments a)
    {
        const string name = "LayerNorm.Backward";
        long elements = CheckSizes(name, a.X, a.Gamma, a.Rows, a.Channels, a.Epsilon), scratch = BackwardScratch(a.Rows, a.Channels);
        Require.Length(name, nameof(a.GradY), a.GradY.Length, elements, "N × C");
        Require.OptionalLength(name, nameof(a.Residual), a.Residual.Length, elements, "N × C");
        Require.Length(name, nameof(a.GradX), a.GradX.Length, elements, "N × C");
        Require.OptionalLength(name, nameof(a.GradGamma), a.GradGamma.Length, a.Channels, "C");
        Require.OptionalLength(name, nameof(a.GradBeta), a.GradBeta.Length, a.Channels, "C");
        Require.Indexable(name, "⌈C / 128⌉ × 2 × N", scratch);
        Require.OptionalLength(name, nameof(a.Scratch), a.Scratch.Length, scratch, "⌈C / 128⌉ × 2 × N");
        Require.That(a.GradGamma.IsEmpty && a.GradBeta.IsEmpty || !a.Scratch.IsEmpty, name, nameof(a.Scratch),
            "room for the rows' statistics", a.Scratch.Length);
    }
}
