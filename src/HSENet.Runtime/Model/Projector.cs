// From patch features to visual tokens: the Spatial Packer, or the average pooling that the paper compares it with (section 3.3).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Spatial Packer: the mean of each window attends to its window's patches, then linear-GELU-linear into the language model's width
/// (reference: <c>mm_projector</c>). Average pooling leaves the attention out.
/// </summary>
sealed class Projector
{
    readonly string _name;
    readonly Size3 _grid, _window;
    readonly int _channels, _width;
    readonly CrossAttentionLayer? _attention;
    readonly LinearLayer _up, _down;

    public Projector(WeightStore weights, string name, ProjectorConfig config, Size3 grid, int channels, int width)
    {
        (_name, _grid, _window, _channels, _width) = (name, grid, config.WindowSize, channels, width);
        string mlp = config.Kind == ProjectorKind.SpatialPacker ? "proj_mpls" : "projector";
        if (config.Kind == ProjectorKind.SpatialPacker)
            _attention = new CrossAttentionLayer(weights, $"{name}.resolution_attention", channels, ProjectorConfig.LayerNormEpsilon);
        _up = LinearLayer.Bind(weights, $"{name}.{mlp}.0", channels, width);
        _down = LinearLayer.Bind(weights, $"{name}.{mlp}.2", width, width);
    }

    public readonly record struct Buffers(PlannedBuffer Centroids, CrossAttentionLayer.Buffers Attention, PlannedBuffer Hidden);

    public static Buffers Reserve(MemoryPlan plan, string name, ProjectorConfig config, Size3 grid, int channels, int width)
    {
        using var scope = plan.BeginScope();
        long windows = grid.Count / config.WindowSize.Count;
        return new Buffers(
            plan.Reserve($"{name}.centroids", windows * channels),
            CrossAttentionLayer.Buffers.Reserve(plan, $"{name}.resolution_attention", windows, grid.Count, config.WindowSize.Count, channels),
            plan.Reserve($"{name}.hidden", windows * width));
    }

    int Windows => (int)(_grid.Count / _window.Count);

    /// <summary>Packs patch features [P, C] into tokens [windows, width].</summary>
    public void Forward(in Pass pass, Buffers buffers, View<float> patches, View<float> tokens)
    {
        View<float> centroids = pass[buffers.Centroids], hidden = pass[buffers.Hidden];
        WindowCentroid.Forward(pass.Device, new WindowCentroidArguments
        {
            X = patches,
            Y = centroids,
            GridDepth = _grid.Depth,
            GridHeight = _grid.Height,
            GridWidth = _grid.Width,
            WindowDepth = _window.Depth,
            WindowHeight = _window.Height,
            WindowWidth = _window.Width,
            Channels = _channels,
        });
        pass.Show(_name, "centroids", centroids);
        if (_attention is not null)
            Absorb(pass, buffers, patches, centroids);
        _up.Forward(pass.Device, centroids, hidden, Windows, activation: LinearActivation.Gelu);
        _down.Forward(pass.Device, hidden, tokens, Windows);
        pass.Show(_name, "tokens", tokens);
    }

    void Absorb(in Pass pass, Buffers buffers, View<float> patches, View<float> centroids)
    {
        var attention = buffers.Attention;
        _attention!.Project(pass, attention, centroids, Windows, patches, (int)_grid.Count);
        WindowAttention.Forward(pass.Device, new WindowAttentionArguments
        {
            Q = pass[attention.Query],
            K = pass[attention.Key],
            V = pass[attention.Value],
            Y = pass[attention.Mixed],
            Map = pass[attention.Map],
            GridDepth = _grid.Depth,
            GridHeight = _grid.Height,
            GridWidth = _grid.Width,
            WindowDepth = _window.Depth,
            WindowHeight = _window.Height,
            WindowWidth = _window.Width,
            Channels = _channels,
        });
        pass.Show(_name, "attention", pass[attention.Map]);
        _attention.Finish(pass, attention, centroids, Windows);
        pass.Show(_name, "absorbed", centroids);
    }
}
