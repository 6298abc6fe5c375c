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
    readonly WindowGrid _grid;
    readonly int _patches, _windows, _channels;
    readonly CrossAttentionLayer? _attention;
    readonly LinearLayer _up, _down;

    public Projector(WeightStore weights, string name, ProjectorConfig config, Size3 grid, int channels, int width)
    {
        var window = config.WindowSize;
        (_name, _channels) = (name, channels);
        _grid = new((grid.Depth, grid.Height, grid.Width), (window.Depth, window.Height, window.Width));
        (_patches, _windows) = ((int)grid.Count, (int)(grid.Count / window.Count));
        string mlp = config.Kind == ProjectorKind.SpatialPacker ? "proj_mpls" : "projector";
        if (config.Kind == ProjectorKind.SpatialPacker)
            _attention = new CrossAttentionLayer(weights, $"{name}.resolution_attention", channels, ProjectorConfig.LayerNormEpsilon);
        _up = LinearLayer.Bind(weights, $"{name}.{mlp}.0", channels, width);
        _down = LinearLayer.Bind(weights, $"{name}.{mlp}.2", width, width);
    }

    /// <summary>Memory of a forward; what is absorbed has the centroids' place, and nothing is kept before the GELU, unless backward
    /// follows.</summary>
    public readonly record struct Buffers(PlannedBuffer Centroids, CrossAttentionLayer.Buffers Attention, PlannedBuffer Absorbed,
        PlannedBuffer Inner, PlannedBuffer Hidden);

    /// <summary>Reserves scratch memory, or, <paramref name="keeping"/>, memory that lasts until the backward.</summary>
    public static Buffers Reserve(MemoryPlan plan, string name, ProjectorConfig config, Size3 grid, int channels, int width,
        bool keeping = false)
    {
        var scope = plan.BeginScope();
        long windows = grid.Count / config.WindowSize.Count;
        var centroids = plan.ReserveActivations($"{name}.centroids", windows * channels);
        var buffers = new Buffers(
            centroids,
            CrossAttentionLayer.Buffers.Reserve(plan, $"{name}.resolution_attention", windows, grid.Count, config.WindowSize.Count,
                channels, keeping),
            keeping && config.Kind == ProjectorKind.SpatialPacker ? plan.ReserveActivations($"{name}.absorbed", windows * channels)
                : centroids,
            plan.Reserve($"{name}.inner", keeping ? windows * width : 0),
            plan.ReserveActivations($"{name}.hidden", windows * width));
        if (!keeping)
            scope.Dispose();
        return buffers;
    }

    /// <summary>Scratch memory of a backward.</summary>
    public readonly record struct GradientBuffers(PlannedBuffer Hidden, PlannedBuffer Absorbed,
        CrossAttentionLayer.GradientBuffers Attention);

    /// <summary>Reserves scratch memory of a backward, which all projectors may share.</summary>
    public static GradientBuffers ReserveGradients(MemoryPlan plan, string name, ProjectorConfig config, Size3 grid, int channels,
        int width)
    {
        long windows = grid.Count / config.WindowSize.Count;
        return new GradientBuffers(
            plan.Reserve($"{name}.grad_hidden", windows * width),
            plan.Reserve($"{name}.grad_absorbed", windows * channels),
            CrossAttentionLayer.GradientBuffers.Reserve(plan, $"{name}.resolution_attention", windows, grid.Count, channels));
    }

    /// <summary>Packs patch features [P, C] into tokens [windows, width].</summary>
    public void Forward(in Pass pass, Buffers buffers, Activations patches, View<float> tokens, AttentionDropout dropout = default)
    {
        Activations centroids = pass.Activations(buffers.Centroids), absorbed = pass.Activations(buffers.Absorbed),
            hidden = pass.Activations(buffers.Hidden);
        WindowCentroid.Forward(pass.Device, new WindowCentroidArguments
        {
            X = patches,
            Y = centroids,
            Grid = _grid,
            Channels = _channels,
        });
        pass.Show(_name, "centroids", centroids);
        if (_attention is not null)
            Absorb(pass, buffers, patches, centroids, absorbed, dropout);
        _up.ForwardGelu(pass.Device, absorbed, pass[buffers.Inner], hidden, _windows);
        _down.Forward(pass.Device, hidden, tokens, _windows);
        pass.Show(_name, "tokens", tokens);
    }

    void Absorb(in Pass pass, Buffers buffers, Activations patches, Activations centroids, Activations absorbed,
        AttentionDropout dropout)
    {
        var attention = buffers.Attention;
        _attention!.Project(pass, attention, centroids, _windows, patches, _patches);
        WindowAttention.Forward(pass.Device, new WindowAttentionArguments
        {
            Q = pass[attention.Query],
            K = pass.Activations(attention.Key),
            V = pass.Activations(attention.Value),
            Y = pass.Activations(attention.Mixed),
            Map = pass[attention.Map],
            Grid = _grid,
            Channels = _channels,
            DropoutRate = dropout.Rate,
            DropoutSeed = _attention.WeightSeed(dropout),
        });
        pass.Show(_name, "attention", pass[attention.Map]);
        _attention.Finish(pass, attention, absorbed, _windows, dropout);
        pass.Show(_name, "absorbed", absorbed);
    }

    /// <summary>The forward read upwards, whose buffers were kept; adds to the gradients of the trained weights.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="buffers">Of the forward.</param>
    /// <param name="gradients">Scratch memory.</param>
    /// <param name="patches">[P, C] input of the forward.</param>
    /// <param name="gradTokens">[windows, width] gradient of the tokens.</param>
    /// <param name="gradPatches">[P, C] gradient of the patches, overwritten, or none.</param>
    /// <param name="dropout">Of the forward.</param>
    public void Backward(in Pass pass, Buffers buffers, GradientBuffers gradients, View<float> patches, View<float> gradTokens,
        View<float> gradPatches,
        AttentionDropout dropout = default)
    {
        View<float> gradHidden = pass[gradients.Hidden], gradCentroids = pass[gradients.Absorbed];
        _down.Backward(pass.Device, gradTokens, pass[buffers.Hidden], gradHidden, _windows);
        _up.BackwardGelu(pass.Device, pass[buffers.Inner], gradHidden, pass[buffers.Absorbed], gradCentroids, _windows);
        if (_attention is not null)
            AbsorbBackward(pass, buffers.Attention, gradients.Attention, patches, pass[buffers.Centroids], gradCentroids, gradPatches,
                dropout);
        else if (!gradPatches.IsEmpty)
            pass.Device.Clear(gradPatches.As<byte>());
        if (gradPatches.IsEmpty)
            return;
        WindowCentroid.Backward(pass.Device, new WindowCentroidBackwardArguments
        {
            GradY = gradCentroids,
            GradX = gradPatches,
            Grid = _grid,
            Channels = _channels,
        });
    }

    // The gradient of what was absorbed becomes that of the centroids, in place.
    void AbsorbBackward(in Pass pass, CrossAttentionLayer.Buffers attention, CrossAttentionLayer.GradientBuffers gradients,
        View<float> patches, View<float> centroids,
        View<float> grad, View<float> gradPatches, AttentionDropout dropout)
    {
        _attention!.BackwardFinish(pass, attention, gradients, grad, _windows, dropout);
        WindowAttention.Backward(pass.Device, new WindowAttentionBackwardArguments
        {
            Q = pass[attention.Query],
            K = pass[attention.Key],
            V = pass[attention.Value],
            Map = pass[attention.Map],
            GradY = pass[gradients.Mixed],
            GradQ = pass[gradients.Query],
            GradK = pass[gradients.Key],
            GradV = pass[gradients.Value],
            Grid = _grid,
            Channels = _channels,
            DropoutRate = dropout.Rate,
            DropoutSeed = _attention.WeightSeed(dropout),
        });
        _attention.BackwardProject(pass, gradients, centroids, gradPatches.IsEmpty ? default : grad, default, _windows, patches,
            gradPatches, _patches);
    }
}
