// WindowCentroid: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="WindowCentroid"/>. P patches in a grid, W windows, D channels.</summary>
public struct WindowCentroidArguments
{
    /// <summary>[P, D] patches in (depth, height, width) order.</summary>
    public Activations X;

    /// <summary>[W, D] output; windows in (depth, height, width) order.</summary>
    public Activations Y;

    /// <summary>Patches along the depth.</summary>
    public int GridDepth;

    /// <summary>Patches along the height.</summary>
    public int GridHeight;

    /// <summary>Patches along the width.</summary>
    public int GridWidth;

    /// <summary>Patches of a window along the depth.</summary>
    public int WindowDepth;

    /// <summary>Patches of a window along the height.</summary>
    public int WindowHeight;

    /// <summary>Patches of a window along the width.</summary>
    public int WindowWidth;

    /// <summary>D, channels.</summary>
    public int Channels;

    /// <summary>The six sizes at once.</summary>
    public WindowGrid Grid
    {
        readonly get => new(GridDepth, GridHeight, GridWidth, WindowDepth, WindowHeight, WindowWidth);
        set => value.Deconstruct(out GridDepth, out GridHeight, out GridWidth, out WindowDepth, out WindowHeight, out WindowWidth);
    }
}

/// <summary>
/// Mean of each window of patches (HSENet, Spatial Packer: the low-resolution queries; followed by two linear layers it is the
/// average-pooling projector of the paper): y[w,d] = mean over p in window w of x[p,d].
/// </summary>
public static partial class WindowCentroid
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<WindowCentroidArguments> ForwardOperation = new("WindowCentroid", Check,
        Rung.Host<WindowCentroidArguments>("Host", HostForward) with
        {
            Accepts = static a => a.X.Type == ActivationType.F32 && a.Y.Type == ActivationType.F32,
        },
        Rung.Gpu<WindowCentroidArguments>("V1.Naive", ForwardV1).WithThreads(128, static a => a.Grid.Windows, static a => a.Channels),
        Vector<F32Activations>(ForwardV2<F32Activations>),
        Vector<BF16Activations>(ForwardV2<BF16Activations>));

    /// <summary>Averages every window.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in WindowCentroidArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(WindowCentroidArguments a)
    {
        const string name = "WindowCentroid";
        var (patches, windows) = a.Grid.Check(name, a.Channels);
        Require.Length(name, nameof(a.X), a.X.Length, patches, "P × D");
        Require.Length(name, nameof(a.Y), a.Y.Length, windows, "W × D");
    }
}
