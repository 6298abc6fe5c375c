// From a volume and its slices to visual tokens: slice encoder, encoders, projectors, in the order of the data.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>The part of HSENet that sees.</summary>
sealed partial class VisionModel
{
    readonly ModelConfig _config;
    readonly SliceEncoder? _sliceEncoder;
    readonly (VisionEncoder Encoder, bool SliceGuided, Projector Projector)[] _branches;

    public VisionModel(WeightStore weights, ModelConfig config)
    {
        _config = config;
        _sliceEncoder = config.SliceEncoder is { } slices ? new SliceEncoder(weights, slices) : null;
        _branches = [.. Branches(config).Select((branch, i) => (
            new VisionEncoder(weights, branch.Name, config.Vision, branch.SliceGuided), branch.SliceGuided,
            new Projector(weights, $"packer{i + 1}", config.Projector, config.Vision.Grid, config.Vision.HiddenSize,
                config.LanguageModel.HiddenSize)))];
    }

    /// <summary>Memory of a pass: the tokens outlive it, everything else is scratch.</summary>
    public sealed record Buffers(
        PlannedBuffer VisualTokens, PlannedBuffer SliceFeatures, PlannedBuffer Features, PlannedBuffer Normed,
        SliceEncoder.Buffers? Slices, VisionEncoder.Buffers[] Encoders, Projector.Buffers Projector);

    /// <summary>Reserves the visual tokens, and scratch that is free again when the pass is over.</summary>
    public static Buffers Reserve(MemoryPlan plan, ModelConfig config)
    {
        var tokens = plan.Reserve("visual_tokens", (long)config.VisualTokens * config.LanguageModel.HiddenSize);
        using var scope = plan.BeginScope();
        int slices = config.SliceEncoder?.Slices ?? 0, channels = config.Vision.HiddenSize;
        var sliceFeatures = plan.Reserve("slice_features", (long)slices * channels);
        SliceEncoder.Buffers? sliceBuffers = config.SliceEncoder is { } sliceConfig ? SliceEncoder.Reserve(plan, sliceConfig, slices)
            : null;
        var features = plan.Reserve("features", (long)(config.Vision.Patches + 1) * channels);
        // The blocks' residual stream is f32; what the packers read is normed.
        var normed = plan.Activations == ActivationType.F32 ? features
            : plan.ReserveActivations("features.normed", (long)(config.Vision.Patches + 1) * channels);
        return new Buffers(tokens, sliceFeatures, features, normed, sliceBuffers,
            [.. Branches(config).Select(branch =>
                VisionEncoder.Reserve(plan, branch.Name, config.Vision, branch.SliceGuided ? slices : 0))],
            Runtime.Projector.Reserve(plan, "packer", config.Projector, config.Vision.Grid, channels, config.LanguageModel.HiddenSize));
    }

    /// <summary>Slice features [slices, channels] from pixels [slices, 3, size, size].</summary>
    public View<float> EncodeSlices(in Pass pass, Buffers buffers, View<float> pixels)
    {
        var features = pass[buffers.SliceFeatures];
        _sliceEncoder!.Forward(pass, buffers.Slices!.Value, pixels, features);
        return features;
    }

    /// <summary>
    /// Visual tokens [n, width] from a volume [1, D, H, W] and slice features [slices, channels] (none for encoder 1 alone); encoder 1's
    /// come first.
    /// </summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="buffers">Memory of the pass.</param>
    /// <param name="volume">The normalised volume.</param>
    /// <param name="sliceFeatures">What guides encoder 2.</param>
    /// <param name="encoded">Called after each encoder with its features, CLS first, which the next one overwrites.</param>
    public View<float> Encode(in Pass pass, Buffers buffers, View<float> volume, View<float> sliceFeatures,
        Action<int, Activations>? encoded = null)
    {
        var tokens = pass[buffers.VisualTokens];
        var features = pass.Activations(buffers.Normed);
        for (int i = 0; i < _branches.Length; i++)
        {
            EncodeBranch(pass, buffers, i, volume, sliceFeatures);
            encoded?.Invoke(_branches[i].SliceGuided ? 2 : 1, features);
            ProjectBranch(pass, buffers, i, Patches(features), tokens);
        }
        return tokens;
    }

    /// <summary>The features of all encoders, without CLS: [encoders, patches, channels], which every adapter's projectors take.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="buffers">Memory of the pass.</param>
    /// <param name="volume">The normalised volume.</param>
    /// <param name="sliceFeatures">What guides encoder 2.</param>
    /// <param name="kept">Where they go; outlives the pass.</param>
    public void EncodeFeatures(in Pass pass, Buffers buffers, View<float> volume, View<float> sliceFeatures, Activations kept)
    {
        var patches = Patches(pass.Activations(buffers.Normed));
        for (int i = 0; i < _branches.Length; i++)
        {
            EncodeBranch(pass, buffers, i, volume, sliceFeatures);
            pass.Device.Copy(patches.Values, kept.Slice(i * patches.Length, patches.Length).Values);
        }
    }

    /// <summary>Visual tokens [n, width] from the features of <see cref="EncodeFeatures"/>.</summary>
    public void Project(in Pass pass, Buffers buffers, Activations features, View<float> tokens)
    {
        long size = features.Length / _branches.Length;
        for (int i = 0; i < _branches.Length; i++)
            ProjectBranch(pass, buffers, i, features.Slice(i * size, size), tokens);
    }

    void EncodeBranch(in Pass pass, Buffers buffers, int i, View<float> volume, View<float> sliceFeatures) =>
        _branches[i].Encoder.Forward(pass, buffers.Encoders[i], volume, _branches[i].SliceGuided ? sliceFeatures : default,
            pass[buffers.Features], normed: pass.Activations(buffers.Normed));

    void ProjectBranch(in Pass pass, Buffers buffers, int i, Activations patches, View<float> tokens) =>
        _branches[i].Projector.Forward(pass, buffers.Projector, patches, Branch(tokens, i));

    Activations Patches(Activations features) => features.Slice(_config.Vision.HiddenSize, features.Length - _config.Vision.HiddenSize);

    View<float> Branch(View<float> tokens, int branch)
    {
        long size = (long)_config.TokensPerEncoder * _config.LanguageModel.HiddenSize;
        return tokens.Slice(branch * size, size);
    }

    static IEnumerable<(string Name, bool SliceGuided)> Branches(ModelConfig config)
    {
        if (config.Encoders != VisionEncoders.SliceGuided)
            yield return ("encoder1", false);
        if (config.Encoders != VisionEncoders.Volume)
            yield return ("encoder2", true);
    }
}
