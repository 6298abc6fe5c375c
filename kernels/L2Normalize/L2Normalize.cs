// L2Normalize: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="L2Normalize"/>. N rows, C channels.</summary>
public struct L2NormalizeArguments
{
    /// <summary>[N, C] input.</summary>
    public View<float> X;

    /// <summary>[N, C] output; may be X.</summary>
    public View<float> Y;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, channels.</summary>
    public int Channels;
}

/// <summary>Rows of length 1 (torch.nn.functional.normalize): y[n,c] = x[n,c] / max(√Σ x[n,·]², 1e-12); a row of zeros stays.</summary>
public static partial class L2Normalize
{
    /// <summary>The smallest length that is divided by, as in the reference.</summary>
    const float SmallestLength = 1e-12f;

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<L2NormalizeArguments> ForwardOperation = new("L2Normalize", Check,
        Rung.Host<L2NormalizeArguments>("Host", HostForward),
        Rung.Gpu<L2NormalizeArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Rows));

    /// <summary>Normalises every row.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in L2NormalizeArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(L2NormalizeArguments a)
    {
        const string name = "L2Normalize";
        long elements = Require.Elements(name, "N × C", (nameof(a.Rows), a.Rows), (nameof(a.Channels), a.Channels));
        Require.Length(name, nameof(a.X), a.X.Length, elements, "N × C");
        Require.Length(name, nameof(a.Y), a.Y.Length, elements, "N × C");
    }
}
