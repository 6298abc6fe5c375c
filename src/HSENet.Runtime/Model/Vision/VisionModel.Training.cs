// The part that sees, in fine-tuning: frozen encoders forward only, projectors that keep what their backward needs.
using HSENet.Kernels;

namespace HSENet.Runtime;

sealed partial class VisionModel
{
    /// <summary>Memory of a training pass: tokens, features and what the projectors keep outlive it, the encoders' scratch does
    /// not.</summary>
    public sealed record TrainingBuffers(
        PlannedBuffer VisualTokens, PlannedBuffer[] Features, Projector.Buffers[] Projectors, Projector.GradientBuffers Gradients,
            VisionEncoder.Buffers[] Encoders);

    /// <summary>Reserves the memory of <see cref="EncodeKeeping"/> and <see cref="Backward"/>.</summary>
    public static TrainingBuffers ReserveTraining(MemoryPlan plan, ModelConfig config)
    {
        (string Name, bool SliceGuided)[] branches = [.. Branches(config)];
        int channels = config.Vision.HiddenSize, width = config.LanguageModel.HiddenSize;
        var tokens = plan.Reserve("visual_tokens", (long)config.VisualTokens * width);
        PlannedBuffer[] features = [.. branches.Select(branch =>
            plan.Reserve($"{branch.Name}.features", (long)(config.Vision.Patches + 1) * channels))];
        Projector.Buffers[] projectors = [.. branches.Select((_, i) =>
            Runtime.Projector.Reserve(plan, $"packer{i + 1}", config.Projector, config.Vision.Grid, channels, width, keeping: true))];
        var gradients = Runtime.Projector.ReserveGradients(plan, "packer", config.Projector, config.Vision.Grid, channels, width);
        using var scope = plan.BeginScope();
        return new TrainingBuffers(tokens, features, projectors, gradients,
            [.. branches.Select(branch => VisionEncoder.Reserve(plan, branch.Name, config.Vision,
                branch.SliceGuided ? config.SliceEncoder!.Slices : 0, dropout: true))]);
    }

    /// <summary>
    /// Visual tokens [n, width] from a volume and slice features, as <see cref="Encode"/>; everything that backward needs stays. The
    /// reference trains with the frozen encoders' dropout on: <paramref name="frozen"/>. Without it, features that are
    /// <paramref name="kept"/> are not computed again.
    /// </summary>
    public View<float> EncodeKeeping(in Pass pass, TrainingBuffers buffers, View<float> volume, View<float> sliceFeatures,
        AttentionDropout dropout, AttentionDropout frozen, FrozenFeatures? kept = null)
    {
        var tokens = pass[buffers.VisualTokens];
        for (int i = 0; i < _branches.Length; i++)
        {
            var (encoder, sliceGuided, projector) = _branches[i];
            var features = pass[buffers.Features[i]];
            if (kept?.TryLoad(pass.Device, i, features) != true)
            {
                encoder.Forward(pass, buffers.Encoders[i], volume, sliceGuided ? sliceFeatures : default, features, frozen);
                kept?.Store(pass.Device, i, features);
            }
            projector.Forward(pass, buffers.Projectors[i], Patches(features), Branch(tokens, i), dropout);
        }
        return tokens;
    }

    /// <summary>Adds to the gradients of the projectors, given that of the tokens [n, width]; the encoders are frozen.</summary>
    public void Backward(in Pass pass, TrainingBuffers buffers, View<float> gradTokens, AttentionDropout dropout)
    {
        for (int i = 0; i < _branches.Length; i++)
            _branches[i].Projector.Backward(pass, buffers.Projectors[i], buffers.Gradients,
                Patches(pass[buffers.Features[i]]).Floats,
                Branch(gradTokens, i), default, dropout);
    }
}
