// RmsNorm.Backward: the gradients of input and scale, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="RmsNorm.Backward"/>. N rows, C channels. The gradient of the scale is optional: fine-tuning freezes
/// it.</summary>
public struct RmsNormBackwardArguments
{
    /// <summary>[N, C] input of the forward.</summary>
    public View<float> X;

    /// <summary>[C] scale.</summary>
    public View<float> Gamma;

    /// <summary>[N, C] gradient of the output; not GradX where the scale has a gradient, as several threads read it then.</summary>
    public View<float> GradY;

    /// <summary>[N, C] added to <see cref="GradX"/>, or none: the gradient that passes the norm by; may be GradX.</summary>
    public View<float> Residual;

    /// <summary>[N, C] gradient of the input: overwritten; not X where the scale has a gradient.</summary>
    public View<float> GradX;

    /// <summary>[C] gradient of the scale, or none: added to.</summary>
    public View<float> GradGamma;

    /// <summary>Overwritten, <see cref="RmsNorm.BackwardScratch"/> floats: r of every row. None without a gradient of the scale.</summary>
    public View<float> Scratch;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon;
}

public static partial class RmsNorm
{
    const int BackwardGroup = 128; // rows of a group, and channels of one that owns channels

    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<RmsNormBackwardArguments> BackwardOperation = new("RmsNorm.Backward", Check,
        Rung.Host<RmsNormBackwardArguments>("Host", HostBackward),
        Rung.Gpu<RmsNormBackwardArguments>("V1.Naive", BackwardV1) with
        {
            Group = BackwardGroup,
            Launch = static a => new(Parts.Of(a.Rows, BackwardGroup) + (a.GradGamma.IsEmpty ? 0 : Parts.Of(a.Channels, BackwardGroup))),
        });

    /// <summary>gradX[n,c] = residual[n,c] + r·γ[c]·gradY[n,c] − x[n,c] · r³/C · Σ γ·x·gradY, with r = 1/√(mean of x[n,·]² + ε),
    /// overwritten; gradGamma[c] += Σ_n r·x[n,c]·gradY[n,c], added to in the order of the rows.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in RmsNormBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    /// <summary>Floats of <see cref="RmsNormBackwardArguments.Scratch"/>: [⌈C / 128⌉, N], so that no group waits for another.</summary>
    public static long BackwardScratch(int rows, int channels) => (long)rows * Parts.Of(channels, BackwardGroup);

    static void Check(RmsNormBackwardArguments a)
    {
        const string name = "RmsNorm.Backward";
        long elements = CheckSizes(name, a.X, a.Gamma, a.Rows, a.Channels, a.Epsilon);
        Require.Length(name, nameof(a.GradY), a.GradY.Length, elements, "N × C");
        Require.OptionalLength(name, nameof(a.Residual), a.Residual.Length, elements, "N × C");
        Require.Length(name, nameof(a.GradX), a.GradX.Length, elements, "N × C");
        Require.OptionalLength(name, nameof(a.GradGamma), a.GradGamma.Length, a.Channels, "C");
        long scratch = BackwardScratch(a.Rows, a.Channels);
        Require.Indexable(name, "⌈C / 128⌉ × N", scratch);
        Require.OptionalLength(name, nameof(a.Scratch), a.Scratch.Length, scratch, "⌈C / 128⌉ × N");
        Require.That(a.GradGamma.IsEmpty || !a.Scratch.IsEmpty, name, nameof(a.Scratch), "room for r of every row", a.Scratch.Length);
    }
}
