// RmsNorm.Backward: the gradient of the input, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="RmsNorm.Backward"/>. N rows, C channels. The scale γ is frozen wherever the model has this norm and
/// gets no gradient.</summary>
public struct RmsNormBackwardArguments
{
    /// <summary>[N, C] input of the forward.</summary>
    public View<float> X;

    /// <summary>[C] scale.</summary>
    public View<float> Gamma;

    /// <summary>[N, C] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[N, C] added to <see cref="GradX"/>, or none: the gradient that passes the norm by; may be GradX.</summary>
    public View<float> Residual;

    /// <summary>[N, C] gradient of the input: overwritten.</summary>
    public View<float> GradX;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon;
}

public static partial class RmsNorm
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<RmsNormBackwardArguments> BackwardOperation = new("RmsNorm.Backward", Check,
        Rung.Host<RmsNormBackwardArguments>("Host", HostBackward),
        Rung.Gpu<RmsNormBackwardArguments>("V1.Naive", BackwardV1).WithThreads(128, static a => a.Rows));

    /// <summary>gradX[n,c] = residual[n,c] + r·γ[c]·gradY[n,c] − x[n,c] · r³/C · Σ γ·x·gradY, with r = 1/√(mean of x[n,·]² + ε);
    /// overwritten.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in RmsNormBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static void Check(RmsNormBackwardArguments a)
    {
        const string name = "RmsNorm.Backward";
        long elements = CheckSizes(name, a.X, a.Gamma, a.Rows, a.Channels, a.Epsilon);
        Require.Length(name, nameof(a.GradY), a.GradY.Length, elements, "N × C");
        Require.OptionalLength(name, nameof(a.Residual), a.Residual.Length, elements, "N × C");
        Require.Length(name, nameof(a.GradX), a.GradX.Length, elements, "N × C");
    }
}
