// A 3D vision transformer: encoder 1 reads the volume, encoder 2 the volume weighted by what 32 slices say (paper, section 3.2).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>
/// Patches + positions, [slice guidance], CLS token in front, pre-norm blocks, final norm: [1 + patches, channels], CLS first
/// (reference: <c>ViT</c> of stage 1, <c>ViT_stage2</c>).
/// </summary>
sealed partial class VisionEncoder
{
    readonly VisionConfig _config;
    readonly string _name;
    readonly LinearLayer _patches;
    readonly Weights _positions;
    readonly View<float> _cls, _gradPositions, _gradCls;
    readonly SliceGuidance? _guidance;
    readonly TransformerBlock[] _blocks;
    readonly LayerNormLayer _norm;

    public VisionEncoder(WeightStore weights, string name, VisionConfig config, bool sliceGuided)
    {
        (_name, _config) = (name, config);
        int voxels = (int)config.Patch.Count, channels = config.HiddenSize;
        _patches = LinearLayer.Bind(weights, $"{name}.patch_embedding.patch_embeddings.1", voxels, channels);
        _positions = weights.Matrix($"{name}.patch_embedding.position_embeddings", config.Patches, channels);
        _cls = weights.Vector($"{name}.cls_token", channels);
        _gradPositions = weights.Gradient($"{name}.patch_embedding.position_embeddings");
        _gradCls = weights.Gradient($"{name}.cls_token");
        _guidance = sliceGuided ? new SliceGuidance(weights, name, channels) : null;
        _blocks = [.. Enumerable.Range(0, config.NumLayers)
            .Select(i => new TransformerBlock(weights, $"{name}.blocks.{i}", BlockNames.Monai, Size(config)))];
        _norm = LayerNormLayer.Bind(weights, $"{name}.norm", channels, VisionConfig.LayerNormEpsilon);
    }

    /// <summary>Scratch memory; the features are reserved by the caller: they outlive it.</summary>
    public readonly record struct Buffers(BlockBuffers Blocks, SliceGuidance.Buffers? Guidance);

    /// <summary>Reserves scratch memory; <paramref name="dropout"/> says whether slice guidance drops anything, as in a frozen encoder that
    /// takes part in training.</summary>
    public static Buffers Reserve(MemoryPlan plan, string name, VisionConfig config, int slices, bool dropout = false)
    {
        using var scope = plan.BeginScope();
        // The guidance is over before the first block starts.
        SliceGuidance.Buffers? guidance = null;
        using (plan.BeginScope())
            if (slices > 0)
                guidance = SliceGuidance.Reserve(plan, name, config.Patches, slices, config.HiddenSize, dropout, keeping: false);
        return new Buffers(BlockBuffers.Reserve(plan, name, config.Patches + 1, Size(config)), guidance);
    }

    /// <summary>Encodes a volume [1, D, H, W] into features [1 + patches, channels].</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="buffers">Scratch.</param>
    /// <param name="volume">The normalised volume.</param>
    /// <param name="sliceFeatures">[slices, channels] that guide it, or none.</param>
    /// <param name="features">[1 + patches, channels] that the blocks work on, and the features unless <paramref name="normed"/> takes
    /// them.</param>
    /// <param name="dropout">Of slice guidance.</param>
    /// <param name="normed">[1 + patches, channels] of the final norm in another type, or none.</param>
    public void Forward(in Pass pass, Buffers buffers, View<float> volume, View<float> sliceFeatures, View<float> features,
        AttentionDropout dropout = default, Activations normed = default)
    {
        var patches = EmbedPatches(pass, volume, features);
        _guidance?.Forward(pass, buffers.Guidance!.Value, patches, sliceFeatures, dropout);
        AddClass(pass, features);
        var tensors = buffers.Blocks.InPlace(pass, features);
        foreach (var block in _blocks)
        {
            block.Forward(pass, tensors, 1, _config.Patches + 1);
            pass.Advance();
        }
        var output = normed.IsEmpty ? features : normed;
        _norm.Forward(pass.Device, features, output, _config.Patches + 1);
        pass.Show(_name, "norm", output);
    }

    /// <summary>Writes patches + positions behind the place of CLS, and returns them.</summary>
    View<float> EmbedPatches(in Pass pass, View<float> volume, View<float> embedded)
    {
        var patches = embedded.Slice(_config.HiddenSize, embedded.Length - _config.HiddenSize);
        PatchEmbedding.Forward(pass.Device, new PatchEmbeddingArguments
        {
            Image = volume,
            W = _patches.W,
            Bias = _patches.Bias,
            Position = _positions,
            Y = patches,
            Factors = pass.Arena.Plan.Activations,
            Images = 1,
            Channels = 1,
            Depth = _config.Image.Depth,
            Height = _config.Image.Height,
            Width = _config.Image.Width,
            PatchDepth = _config.Patch.Depth,
            PatchHeight = _config.Patch.Height,
            PatchWidth = _config.Patch.Width,
            Outputs = _config.HiddenSize,
        });
        pass.Show(_name, "patch_embedding", patches);
        return patches;
    }

    void AddClass(in Pass pass, View<float> embedded)
    {
        pass.Device.Copy(_cls, embedded.Slice(0, _config.HiddenSize));
        pass.Show(_name, "embedded", embedded);
    }

    static BlockSize Size(VisionConfig config) => new(config.HiddenSize, config.MlpDim, config.NumHeads, VisionConfig.LayerNormEpsilon);
}
