// WindowCentroid.Backward: the gradient of the patches, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="WindowCentroid.Backward"/>. P patches in a grid, W windows, D channels.</summary>
public struct WindowCentroidBackwardArguments
{
    /// <summary>[W, D] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[P, D] gradient of the patches: added to, as the attention's own gradient is there already.</summary>
    public View<float> GradX;

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

public static partial class WindowCentroid
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<WindowCentroidBackwardArguments> BackwardOperation = new("WindowCentroid.Backward", Check,
        Rung.Host<WindowCentroidBackwardArguments>("Host", HostBackward),
        Rung.Gpu<WindowCentroidBackwardArguments>("V1.Naive", BackwardV1)
            .WithThreads(128, static a => a.Grid.Windows, static a => a.Channels));

    /// <summary>gradX[p,d] += gradY[window of p,d] / patches of a window.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in WindowCentroidBackwardArguments arguments) => BackwardOperation.Launch(device, arguments);

    static void Check(WindowCentroidBackwardArguments a)
    {
        const string name = "WindowCentroid.Backward";
        var (patches, windows) = a.Grid.Check(name, a.Channels);
        Require.Length(name, nameof(a.GradY), a.GradY.Length, windows, "W × D");
        Require.Length(name, nameof(a.GradX), a.GradX.Length, patches, "P × D");
    }
}
