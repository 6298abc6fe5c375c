// L2Normalize.Backward: the gradient of the input, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="L2Normalize.Backward"/>. N rows, C channels.</summary>
public struct L2NormalizeBackwardArguments
{
    /// <summary>[N, C] input of the forward.</summary>
    public View<float> X;

    /// <summary>[N, C] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[N, C] gradient of the input: overwritten; may be GradY.</summary>
    public View<float> GradX;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;
}

public static partial class L2Normalize
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<L2NormalizeBackwardArguments> BackwardOperation = new("L2Normalize.Backward", Check,
        Rung.Host<L2NormalizeBackwardArguments>("Host", HostBackward),
        Rung.Gpu<L2NormalizeBackwardArguments>("V1.Naive", BackwardV1).WithThreads(128, static a => a.Rows));

    /// <summary>
    /// gradX[n,c] = (gradY[n,c] − x[n,c] · Σ x·gradY / |x|²) / |x|, overwritten. Of a row shorter than 1e-12, which the forward only
    /// divides by that, gradY / 1e-12, as in the reference.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in L2NormalizeBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static void Check(L2NormalizeBackwardArguments a)
    {
        const string name = "L2Normalize.Backward";
        long elements = Require.Elements(name, "N × C", (nameof(a.Rows), a.Rows), (nameof(a.Channels), a.Channels));
        Require.Length(name, nameof(a.X), a.X.Length, elements, "N × C");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, elements, "N × C");
        Require.Length(name, nameof(a.GradX), a.GradX.Length, elements, "N × C");
    }
}
