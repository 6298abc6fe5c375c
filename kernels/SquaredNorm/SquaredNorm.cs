// SquaredNorm: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="SquaredNorm"/>. n elements.</summary>
public struct SquaredNormArguments
{
    /// <summary>[n] input.</summary>
    public View<float> X;

    /// <summary>[⌈n / 4096⌉] one sum for each chunk of 4096 elements, in their order.</summary>
    public View<float> Sums;

    /// <summary>n, elements.</summary>
    public int Count;
}

/// <summary>Sums of squares of fixed chunks, which the host adds in double: the norm of a gradient, the same however many threads there
/// are.</summary>
public static partial class SquaredNorm
{
    const int Chunk = 4096;

    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<SquaredNormArguments> ForwardOperation = new("SquaredNorm", Check,
        Rung.Host<SquaredNormArguments>("Host", HostForward),
        Rung.Gpu<SquaredNormArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => SumsLength(a.Count)));

    /// <summary>Length of <see cref="SquaredNormArguments.Sums"/> for a number of elements.</summary>
    public static int SumsLength(int count) => Parts.Of(count, Chunk);

    /// <summary>Sums the squares of every chunk.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in SquaredNormArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(SquaredNormArguments a)
    {
        const string name = "SquaredNorm";
        Require.Elements(name, "n", (nameof(a.Count), a.Count));
        Require.Length(name, nameof(a.X), a.X.Length, a.Count, "n");
        Require.Length(name, nameof(a.Sums), a.Sums.Length, SumsLength(a.Count), "⌈n / 4096⌉");
    }
}
