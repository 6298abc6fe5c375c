// The part that sees, in fine-tuning: frozen encoders forward only, projectors that keep what their backward needs.
using HSENet.Kernels;

namespace HSENet.Runtime;

sealed partial class VisionModel
{
    /// <summary>Memory of a training pass: tokens, features and what the projectors keep outlive it, the encoders' scratch does not.</summary>
    public sealed record TrainingBuffers(PlannedBuffer VisualTokens, PlannedBuffer[] Features, VisionEncoder.Buffers[] Encoders, Projector.Buffers[] Projectors);

    /// <summary>Reserves the memory of <see cref="EncodeKeeping"/> and what follows it backwards.</summary>
    /// <param name="plan">Where.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="slices">Slices of a study.</param>
    public static TrainingBuffers ReserveTraining(MemoryPlan plan, ModelConfig config, int slices)
    {
        (string Name, bool SliceGuided)[] branches = [.. Branches(config)];
        int channels = config.Vision.HiddenSize;
        var tokens = plan.Reserve("visual_tokens", (long)config.VisualTokens * config.LanguageModel.HiddenSize);
        PlannedBuffer[] features = [.. branches.Select(branch => plan.Reserve($"{branch.Name}.features", (long)(config.Vision.Patches + 1) * channels))];
        Projector.Buffers[] projectors = [.. branches.Select((_, i) => Projector.Reserve(plan, $"packer{i + 1}", config.Projector, config.Vision.Grid, channels, config.LanguageModel.HiddenSize))];
        using var scope = plan.BeginScope();
        return new TrainingBuffers(tokens, features,
            [.. branches.Select(branch => VisionEncoder.Reserve(plan, branch.Name, config.Vision, branch.SliceGuided ? slices : 0))], projectors);
    }

    /// <summary>Visual tokens [n, width] from a volume and slice features, as <see cref="Encode"/>; everything that backward needs stays.</summary>
    public View<float> EncodeKeeping(in Pass pass, TrainingBuffers buffers, View<float> volume, View<float> sliceFeatures)
    {
        var tokens = pass[buffers.VisualTokens];
        for (int i = 0; i < _branches.Length; i++)
        {
            var (encoder, sliceGuided, projector) = _branches[i];
            var features = pass[buffers.Features[i]];
            encoder.Forward(pass, buffers.Encoders[i], volume, sliceGuided ? sliceFeatures : default, features);
            projector.Forward(pass, buffers.Projectors[i], Patches(features), Branch(tokens, i));
        }
        return tokens;
    }

    View<float> Patches(View<float> features) => features.Slice(_config.Vision.HiddenSize, features.Length - _config.Vision.HiddenSize);

    View<float> Branch(View<float> tokens, int branch)
    {
        long size = (long)_config.TokensPerEncoder * _config.LanguageModel.HiddenSize;
        return tokens.Slice(branch * size, size);
    }
}
