// SliceBytes: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Which way a slice is turned before it becomes an image.</summary>
public enum QuarterTurn
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>90° clockwise: the last row becomes the first column.</summary>
    Clockwise,

    /// <summary>90° counter-clockwise: the first row becomes the first column, read from below.</summary>
    CounterClockwise,
}

/// <summary>Arguments of <see cref="SliceBytes"/>.</summary>
public struct SliceBytesArguments
{
    /// <summary>[slices, height, width] values.</summary>
    public View<byte> X;

    /// <summary>[slices, 2] smallest and largest value of each slice, or [1, 2] for all of them; of X's type.</summary>
    public View<byte> Range;

    /// <summary>[slices, height, width] output, or [slices, width, height] when turned.</summary>
    public View<byte> Y;

    /// <summary>Type of <see cref="X"/> and <see cref="Range"/>: what the arithmetic is done in.</summary>
    public FloatType Type;

    /// <summary>Slices.</summary>
    public int Slices;

    /// <summary>Rows of a slice before it is turned.</summary>
    public int Height;

    /// <summary>Columns of a slice before it is turned.</summary>
    public int Width;

    /// <summary>Which way the slices are turned.</summary>
    public QuarterTurn Turn;
}

/// <summary>
/// Slices to 8-bit images: trunc((x − min) / (max − min) · 255), each operation rounded to the type of x, then turned. A constant slice
/// becomes 0.
/// </summary>
public static partial class SliceBytes
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<SliceBytesArguments> ForwardOperation = new("SliceBytes", Check,
        Rung.Host<SliceBytesArguments>("Host", HostForward),
        V1(ForwardV1<ScaleF32>, FloatType.F32),
        V1(ForwardV1<ScaleF64>, FloatType.F64));

    /// <summary>Converts every slice.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in SliceBytesArguments arguments) => ForwardOperation.Launch(device, arguments);

    static Rung<SliceBytesArguments> V1(Action<SliceBytesArguments> kernel, FloatType type) =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Suffix = $"{type}",
            Group = 128,
            Accepts = a => a.Type == type,
            Launch = static a => new(Parts.Of(a.Width, 128), a.Height, a.Slices),
        };

    static void Check(SliceBytesArguments a)
    {
        const string name = "SliceBytes";
        long elements = Require.Elements(name, "slices × height × width", (nameof(a.Slices), a.Slices), (nameof(a.Height), a.Height),
            (nameof(a.Width), a.Width));
        Require.Length(name, nameof(a.X), a.X.Length, elements * a.Type.Size(), "slices × height × width × bytes of an element");
        Require.Length(name, nameof(a.Y), a.Y.Length, elements, "slices × height × width");
        long range = a.Range.Length / a.Type.Size();
        Require.That(range == 2 || range == 2L * a.Slices, name, nameof(a.Range), "one range, or one for each slice", range);
        Require.That(a.Turn is QuarterTurn.None or QuarterTurn.Clockwise or QuarterTurn.CounterClockwise, name, nameof(a.Turn),
            "a quarter turn", (long)a.Turn);
    }

    // Where in a slice's image the value of row h, column w belongs.
    static int Place(in SliceBytesArguments a, int h, int w)
    {
        if (a.Turn == QuarterTurn.Clockwise)
            return w * a.Height + (a.Height - 1 - h);
        if (a.Turn == QuarterTurn.CounterClockwise)
            return (a.Width - 1 - w) * a.Height + h;
        return h * a.Width + w;
    }

    static int RangeOf(in SliceBytesArguments a, int slice) => a.Range.Length == 2 * (a.Type == FloatType.F64 ? 8 : 4) ? 0 : 2 * slice;
}
