// WindowAttention: what it computes, its arguments and its ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="WindowAttention"/>. P patches in a grid, W windows, D channels.</summary>
public struct WindowAttentionArguments
{
    /// <summary>[W, D] projected centroids; windows in (depth, height, width) order.</summary>
    public View<float> Q;

    /// <summary>[P, D] projected patches, keys, in (depth, height, width) order.</summary>
    public Activations K;

    /// <summary>[P, D] projected patches, values.</summary>
    public Activations V;

    /// <summary>[W, D] output.</summary>
    public Activations Y;

    /// <summary>[W, patches of a window] output: the weight of each patch of its window, before dropout.</summary>
    public View<float> Map;

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

    /// <summary>Share of the weights that dropout sets to 0 in training, in [0, 1).</summary>
    public float DropoutRate;

    /// <summary>Names dropout's mask, whose index is that of the map.</summary>
    public long DropoutSeed;

    /// <summary>The six sizes at once.</summary>
    public WindowGrid Grid
    {
        readonly get => new(GridDepth, GridHeight, GridWidth, WindowDepth, WindowHeight, WindowWidth);
        set => value.Deconstruct(out GridDepth, out GridHeight, out GridWidth, out WindowDepth, out WindowHeight, out WindowWidth);
    }
}

/// <summary>
/// Each centroid attends with one head to the patches of its own window (HSENet, Spatial Packer):
/// map[w] = softmax(Q[w]·K[window w]ᵀ/√D), y[w] = dropout(map[w])·V[window w]. Projections, residual and normalisation around it are
/// Linear and LayerNorm.
/// </summary>
public static partial class WindowAttention
{
    /// <summary>The operation in the catalogue.</summary>
    public static readonly Operation<WindowAttentionArguments> ForwardOperation = new("WindowAttention", Check,
        Rung.Host<WindowAttentionArguments>("Host", HostForward) with
        {
            Accepts = static a => a.K.Type == ActivationType.F32 && a.Y.Type == ActivationType.F32,
        },
        Rung.Gpu<WindowAttentionArguments>("V1.Naive", ForwardV1).WithThreads(64, static a => a.Grid.Windows),
        GroupPerWindow<F32Activations>(ForwardV2<F32Activations>),
        GroupPerWindow<BF16Activations>(ForwardV2<BF16Activations>));

    /// <summary>Attends from every centroid to its window.</summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Forward(Device device, in WindowAttentionArguments arguments) => ForwardOperation.Launch(device, arguments);

    static void Check(WindowAttentionArguments a)
    {
        const string name = "WindowAttention";
        var (patches, windows) = a.Grid.Check(name, a.Channels);
        Require.Length(name, nameof(a.Q), a.Q.Length, windows, "W × D");
        Require.Length(name, nameof(a.K), a.K.Length, patches, "P × D");
        Require.Length(name, nameof(a.V), a.V.Length, patches, "P × D");
        Require.Length(name, nameof(a.Y), a.Y.Length, windows, "W × D");
        Require.That(a.V.Type == a.K.Type, name, nameof(a.V), "the type of K", (long)a.V.Type);
        Require.Length(name, nameof(a.Map), a.Map.Length, a.Grid.Patches, "W × patches of a window");
        Require.Rate(name, nameof(a.DropoutRate), a.DropoutRate);
    }
}
