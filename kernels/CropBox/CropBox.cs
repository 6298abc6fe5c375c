// CropBox: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="CropBox"/>.</summary>
public struct CropBoxArguments
{
    /// <summary>[depth, height, width] volume.</summary>
    public View<float> X;

    /// <summary>[depth + height + width] output: for each slice, then each row, then each column, 1 if it holds a
    /// value above 0, otherwise 0.</summary>
    public View<int> Occupied;

    /// <summary>Slices.</summary>
    public int Depth;

    /// <summary>Rows.</summary>
    public int Height;

    /// <summary>Columns.</summary>
    public int Width;
}

/// <summary>
/// Which slices, rows and columns of a volume hold a value above 0: their first and last ones are the bounding box to which the
/// reference crops (MONAI's CropForeground). <see cref="ReadBox"/> reads it back.
/// </summary>
public static partial class CropBox
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<CropBoxArguments> ForwardOperation = new("CropBox", Check,
        Rung.Host<CropBoxArguments>("Host", HostForward),
        Rung.Gpu<CropBoxArguments>("V1.Naive", ForwardV1).WithThreads(64, static a => a.Depth + a.Height + a.Width));

    /// <summary>Marks the occupied slices, rows and columns.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in CropBoxArguments arguments) => ForwardOperation.Launch(device, arguments);

    /// <summary>Waits, reads the marks back and returns the box, ends exclusive; null when no value is above 0.</summary>
    public static ((int D, int H, int W) Start, (int D, int H, int W) End)? ReadBox(Device device, in CropBoxArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(device);
        var occupied = new int[arguments.Occupied.Length];
        device.Download(arguments.Occupied, occupied);
        var depth = Extent(occupied.AsSpan(0, arguments.Depth));
        var height = Extent(occupied.AsSpan(arguments.Depth, arguments.Height));
        var width = Extent(occupied.AsSpan(arguments.Depth + arguments.Height));
        return depth.End == 0 ? null : ((depth.Start, height.Start, width.Start), (depth.End, height.End, width.End));
    }

    static (int Start, int End) Extent(ReadOnlySpan<int> occupied) => (occupied.IndexOf(1), occupied.LastIndexOf(1) + 1);

    static void Check(CropBoxArguments a)
    {
        const string name = "CropBox";
        long elements = Require.Elements(name, "depth × height × width", (nameof(a.Depth), a.Depth), (nameof(a.Height), a.Height),
            (nameof(a.Width), a.Width));
        Require.Length(name, nameof(a.X), a.X.Length, elements, "depth × height × width");
        Require.Length(name, nameof(a.Occupied), a.Occupied.Length, (long)a.Depth + a.Height + a.Width, "depth + height + width");
    }
}
