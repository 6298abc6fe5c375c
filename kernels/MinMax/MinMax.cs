// MinMax: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="MinMax"/>. N rows, C columns.</summary>
public struct MinMaxArguments
{
    /// <summary>[N, C] values.</summary>
    public View<byte> X;

    /// <summary>[N, 2] output of the same type: smallest and largest value of each row.</summary>
    public View<byte> Range;

    /// <summary>Type of <see cref="X"/> and <see cref="Range"/>.</summary>
    public FloatType Type;

    /// <summary>N, rows.</summary>
    public int Rows;

    /// <summary>C, columns.</summary>
    public int Columns;
}

/// <summary>
/// Smallest and largest value of each row. Ranges are rows again: applied to its own output, [1, 2N], it gives the range of everything.
/// No value may be NaN.
/// </summary>
public static partial class MinMax
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<MinMaxArguments> ForwardOperation = new("MinMax", Check,
        Rung.Host<MinMaxArguments>("Host", HostForward),
        V1(ForwardV1<F32Format>, FloatType.F32),
        V1(ForwardV1<F64Format>, FloatType.F64));

    /// <summary>Finds the range of every row.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in MinMaxArguments arguments) => ForwardOperation.Launch(device, arguments);

    static Rung<MinMaxArguments> V1(Action<MinMaxArguments> kernel, FloatType type) =>
        Rung.Gpu("V1.Naive", kernel).WithThreads(64, static a => a.Rows) with { Suffix = $"{type}", Accepts = a => a.Type == type };

    static void Check(MinMaxArguments a)
    {
        const string name = "MinMax";
        long elements = Require.Elements(name, "N × C", (nameof(a.Rows), a.Rows), (nameof(a.Columns), a.Columns));
        Require.Length(name, nameof(a.X), a.X.Length, elements * a.Type.Size(), "N × C × bytes of an element");
        Require.Length(name, nameof(a.Range), a.Range.Length, 2L * a.Rows * a.Type.Size(), "N × 2 × bytes of an element");
    }
}
