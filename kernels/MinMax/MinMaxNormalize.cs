// MinMaxNormalize: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="MinMaxNormalize"/>.</summary>
public struct MinMaxNormalizeArguments
{
    /// <summary>[Count] values, normalised in place.</summary>
    public View<float> X;

    /// <summary>[2] smallest and largest value, as <see cref="MinMax"/> gives them.</summary>
    public View<float> Range;

    /// <summary>Number of values.</summary>
    public int Count;
}

/// <summary>
/// Moves values to [0, 1] (MONAI's ScaleIntensity as the reference's preprocessing writes it):
/// x ← (x − min) / max(max − min, 1e-8), every operation rounded to f32.
/// </summary>
public static partial class MinMaxNormalize
{
    const float SmallestSpread = 1e-8f; // a constant volume becomes zeros instead of NaN

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<MinMaxNormalizeArguments> ForwardOperation = new("MinMaxNormalize", Check,
        Rung.Host<MinMaxNormalizeArguments>("Host", HostForward),
        Rung.Gpu<MinMaxNormalizeArguments>("V1.Naive", ForwardV1).WithThreads(256, static a => a.Count));

    /// <summary>Normalises every value.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in MinMaxNormalizeArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(MinMaxNormalizeArguments a)
    {
        const string name = "MinMaxNormalize";
        Require.Elements(name, "count", (nameof(a.Count), a.Count));
        Require.Length(name, nameof(a.X), a.X.Length, a.Count, "count");
        Require.Length(name, nameof(a.Range), a.Range.Length, 2, "2");
    }
}
