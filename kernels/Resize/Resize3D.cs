// Resize3D: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>
/// Arguments of <see cref="Resize3D"/>. The old grid may lie inside a larger tensor (a crop), and both grids may be given in part:
/// some slices at a time, so that a scan streams through.
/// </summary>
public struct Resize3DArguments
{
    /// <summary>Old slices from <see cref="FirstSlice"/> on, as many as are needed; element (d, h, w) at
    /// d · SliceStride + h · RowStride + w.</summary>
    public View<byte> X;

    /// <summary>[NewSlices, NewHeight, NewWidth] output: new slices from <see cref="FirstNewSlice"/> on.</summary>
    public View<byte> Y;

    /// <summary>Type of <see cref="X"/>.</summary>
    public FloatType XType;

    /// <summary>Type of <see cref="Y"/>.</summary>
    public FloatType YType;

    /// <summary>Slices of the whole old grid.</summary>
    public int Depth;

    /// <summary>Rows of the old grid.</summary>
    public int Height;

    /// <summary>Columns of the old grid.</summary>
    public int Width;

    /// <summary>Slices of the whole new grid.</summary>
    public int NewDepth;

    /// <summary>Rows of the new grid.</summary>
    public int NewHeight;

    /// <summary>Columns of the new grid.</summary>
    public int NewWidth;

    /// <summary>The old slice that <see cref="X"/> starts with.</summary>
    public int FirstSlice;

    /// <summary>The new slice that <see cref="Y"/> starts with.</summary>
    public int FirstNewSlice;

    /// <summary>New slices to compute.</summary>
    public int NewSlices;

    /// <summary>Elements of X from one slice to the next.</summary>
    public int SliceStride;

    /// <summary>Elements of X from one row to the next.</summary>
    public int RowStride;

    /// <summary>All of one contiguous grid into all of another.</summary>
    public static Resize3DArguments Whole(View<byte> x, FloatType xType, (int D, int H, int W) old, View<byte> y, FloatType yType,
        (int D, int H, int W) @new) => new()
        {
            X = x,
            Y = y,
            XType = xType,
            YType = yType,
            Depth = old.D,
            Height = old.H,
            Width = old.W,
            NewDepth = @new.D,
            NewHeight = @new.H,
            NewWidth = @new.W,
            NewSlices = @new.D,
            SliceStride = old.H * old.W,
            RowStride = old.W,
        };
}

/// <summary>
/// Trilinear resize with half-pixel centres and no smoothing (torch.nn.functional.interpolate, align_corners=False): element i of an
/// axis is taken at max(0, (i + 0.5) · (old / new) − 0.5), computed in double precision whatever the types.
/// </summary>
public static partial class Resize3D
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<Resize3DArguments> ForwardOperation = new("Resize3D", Check,
        Rung.Host<Resize3DArguments>("Host", HostForward),
        V1(ForwardV1<F64Format, F64Format>, FloatType.F64, FloatType.F64),
        V1(ForwardV1<F64Format, F32Format>, FloatType.F64, FloatType.F32),
        V1(ForwardV1<F32Format, F32Format>, FloatType.F32, FloatType.F32));

    /// <summary>Computes the new slices.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in Resize3DArguments arguments) => ForwardOperation.Launch(device, arguments);

    /// <summary>The old slices that new slices <paramref name="first"/> to first + count − 1 are made of: the first one and how
    /// many.</summary>
    public static (int First, int Count) SlicesNeeded(int first, int count, int depth, int newDepth)
    {
        int low = (int)Position(first, depth, newDepth), high = Math.Min(depth - 1, (int)Position(first + count - 1, depth, newDepth) + 1);
        return (low, high - low + 1);
    }

    static double Position(int index, int old, int @new) => Math.Max(0, (index + 0.5) * ((double)old / @new) - 0.5);

    static Rung<Resize3DArguments> V1(Action<Resize3DArguments> kernel, FloatType x, FloatType y) =>
        Rung.Gpu("V1.Naive", kernel) with
        {
            Suffix = $"{x}_{y}",
            Group = 128,
            Accepts = a => a.XType == x && a.YType == y,
            Launch = static a => new(Parts.Of(a.NewWidth, 128), a.NewHeight, a.NewSlices),
        };

    static void Check(Resize3DArguments a)
    {
        const string name = "Resize3D";
        Require.That(a.XType == FloatType.F64 || a.YType == FloatType.F32, name, nameof(a.YType), "no wider than X", (long)a.YType);
        Require.Positive(name, nameof(a.Depth), a.Depth);
        Require.Positive(name, nameof(a.Height), a.Height);
        Require.Positive(name, nameof(a.Width), a.Width);
        Require.Positive(name, nameof(a.NewDepth), a.NewDepth);
        long elements = Require.Elements(name, "new slices × rows × columns",
            (nameof(a.NewSlices), a.NewSlices), (nameof(a.NewHeight), a.NewHeight), (nameof(a.NewWidth), a.NewWidth));
        Require.That(a.FirstNewSlice >= 0 && a.FirstNewSlice <= a.NewDepth - a.NewSlices, name, nameof(a.FirstNewSlice),
            "inside the new grid", a.FirstNewSlice);
        Require.That(a.RowStride >= a.Width, name, nameof(a.RowStride), "at least the width", a.RowStride);
        Require.That(a.SliceStride >= (long)(a.Height - 1) * a.RowStride + a.Width, name, nameof(a.SliceStride), "at least a slice",
            a.SliceStride);
        var (first, count) = SlicesNeeded(a.FirstNewSlice, a.NewSlices, a.Depth, a.NewDepth);
        Require.That(a.FirstSlice >= 0 && a.FirstSlice <= first, name, nameof(a.FirstSlice), "at most the first slice that is needed",
            a.FirstSlice);
        long last = (long)(first + count - 1 - a.FirstSlice) * a.SliceStride + (long)(a.Height - 1) * a.RowStride + a.Width;
        Require.Indexable(name, nameof(a.X), last);
        Require.That(a.X.Length >= last * a.XType.Size(), name, nameof(a.X), "all slices that are needed", a.X.Length);
        Require.Length(name, nameof(a.Y), a.Y.Length, elements * a.YType.Size(), "new slices × rows × columns × bytes of an element");
    }
}
