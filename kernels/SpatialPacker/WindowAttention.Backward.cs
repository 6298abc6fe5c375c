// WindowAttention.Backward: the gradients of queries, keys and values, their arguments and their ladder.
namespace HSENet.Kernels;

/// <summary>Arguments of <see cref="WindowAttention.Backward"/>. P patches in a grid, W windows, D channels.</summary>
public struct WindowAttentionBackwardArguments
{
    /// <summary>[W, D] projected centroids.</summary>
    public View<float> Q;

    /// <summary>[P, D] projected patches, keys.</summary>
    public View<float> K;

    /// <summary>[P, D] projected patches, values.</summary>
    public View<float> V;

    /// <summary>[W, patches of a window] the forward's map.</summary>
    public View<float> Map;

    /// <summary>[W, D] gradient of the output.</summary>
    public View<float> GradY;

    /// <summary>[W, D] gradient of the centroids: overwritten.</summary>
    public View<float> GradQ;

    /// <summary>[P, D] gradient of the keys: overwritten.</summary>
    public View<float> GradK;

    /// <summary>[P, D] gradient of the values: overwritten.</summary>
    public View<float> GradV;

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

    /// <summary>The forward's share of dropped weights.</summary>
    public float DropoutRate;

    /// <summary>The forward's mask.</summary>
    public long DropoutSeed;

    /// <summary>The six sizes at once.</summary>
    public WindowGrid Grid
    {
        readonly get => new(GridDepth, GridHeight, GridWidth, WindowDepth, WindowHeight, WindowWidth);
        set => value.Deconstruct(out GridDepth, out GridHeight, out GridWidth, out WindowDepth, out WindowHeight, out WindowWidth);
    }
}

public static partial class WindowAttention
{
    /// <summary>The backward operation in the catalogue.</summary>
    public static readonly Operation<WindowAttentionBackwardArguments> BackwardOperation = new("WindowAttention.Backward", Check,
        Rung.Host<WindowAttentionBackwardArguments>("Host", HostBackward),
        Rung.Gpu<WindowAttentionBackwardArguments>("V1.Naive", BackwardV1).WithThreads(64, static a => a.Grid.Windows));

    /// <summary>
    /// With f dropout's factors and s[w,i] = map[w,i]·(f[w,i]·gradY[w]·V[p] − Σ_j map[w,j]·f[w,j]·gradY[w]·V[j])/√D for patch p at place i
    /// of window w: gradQ[w] = Σ_i s[w,i]·K[p], gradK[p] = s[w,i]·Q[w], gradV[p] = map[w,i]·f[w,i]·gradY[w]; all overwritten.
    /// </summary>
    /// <exception cref="KernelArgumentException">Sizes do not fit each other.</exception>
    public static void Backward(Device device, in WindowAttentionBackwardArguments arguments) =>
        BackwardOperation.Launch(device, arguments);

    static void Check(WindowAttentionBackwardArguments a)
    {
        const string name = "WindowAttention.Backward";
        var (patches, windows) = a.Grid.Check(name, a.Channels);
        Require.Length(name, nameof(a.Q), a.Q.Length, windows, "W × D");
        Require.Length(name, nameof(a.K), a.K.Length, patches, "P × D");
        Require.Length(name, nameof(a.V), a.V.Length, patches, "P × D");
        Require.Length(name, nameof(a.Map), a.Map.Length, a.Grid.Patches, "W × patches of a window");
        Require.Length(name, nameof(a.GradY), a.GradY.Length, windows, "W × D");
        Require.Length(name, nameof(a.GradQ), a.GradQ.Length, windows, "W × D");
        Require.Length(name, nameof(a.GradK), a.GradK.Length, patches, "P × D");
        Require.Length(name, nameof(a.GradV), a.GradV.Length, patches, "P × D");
        Require.Rate(name, nameof(a.DropoutRate), a.DropoutRate);
    }
}
