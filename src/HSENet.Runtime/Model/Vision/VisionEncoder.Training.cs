// A 3D vision transformer in training: a forward that keeps what backward needs, and the same read upwards.
using HSENet.Kernels;

namespace HSENet.Runtime;

sealed partial class VisionEncoder
{
    /// <summary>Memory of a training step of one volume.</summary>
    public sealed record TrainingBuffers(BlockTrainingBuffers Blocks, SliceGuidance.Buffers? Guidance,
        SliceGuidance.GradientBuffers? GuidanceGradients);

    /// <summary>Plans the memory of <see cref="ForwardKeeping"/> and <see cref="Backward"/>; <paramref name="slices"/> is 0 for encoder
    /// 1.</summary>
    public static TrainingBuffers ReserveTraining(MemoryPlan plan, string name, VisionConfig config, int slices, bool checkpointing) => new(
        BlockTrainingBuffers.Reserve(plan, name, config.NumLayers, config.Patches + 1, Size(config), checkpointing),
        slices == 0 ? null : SliceGuidance.Reserve(plan, name, config.Patches, slices, config.HiddenSize, dropout: true, keeping: true),
        slices == 0 ? null : SliceGuidance.ReserveGradients(plan, name, config.Patches, slices, config.HiddenSize));

    /// <summary>Encodes a volume [1, D, H, W] into <paramref name="features"/> [1 + patches, channels].</summary>
    public void ForwardKeeping(in Pass pass, TrainingBuffers training, View<float> volume, View<float> sliceFeatures, View<float> features,
        AttentionDropout dropout = default)
    {
        var buffers = training.Blocks;
        var embedded = pass[buffers.Inputs[0]];
        var patches = EmbedPatches(pass, volume, embedded);
        _guidance?.Forward(pass, training.Guidance!.Value, patches, sliceFeatures, dropout);
        AddClass(pass, embedded);
        buffers.Forward(pass, _blocks, Tokens);
        _norm.Forward(pass.Device, pass[buffers.Inputs[^1]], features, Tokens);
        pass.Show(_name, "norm", features);
    }

    /// <summary>Adds to the gradients of all weights that are trained.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="training">As the forward left it.</param>
    /// <param name="volume">The forward's.</param>
    /// <param name="sliceFeatures">The forward's.</param>
    /// <param name="gradFeatures">[1 + patches, channels] gradient of the features.</param>
    /// <param name="dropout">The forward's.</param>
    public void Backward(in Pass pass, TrainingBuffers training, View<float> volume, View<float> sliceFeatures, View<float> gradFeatures,
        AttentionDropout dropout = default)
    {
        var buffers = training.Blocks;
        int channels = _config.HiddenSize;
        View<float> grad = pass[buffers.Grad], gradPatches = grad.Slice(channels, grad.Length - channels);
        _norm.Backward(pass.Device, pass[buffers.Inputs[^1]], gradFeatures, grad, pass[buffers.NormScratch], Tokens);
        buffers.Backward(pass, _blocks, Tokens);
        if (!_gradCls.IsEmpty) // gradCls += the first row
            Elementwise.Add(pass.Device, grad.Slice(0, channels), _gradCls, _gradCls);
        _guidance?.Backward(pass, training.Guidance!.Value, training.GuidanceGradients!.Value, sliceFeatures, gradPatches, dropout);
        if (_patches.GradW.IsEmpty && _patches.GradBias.IsEmpty && _gradPositions.IsEmpty)
            return;
        PatchEmbedding.Backward(pass.Device, new PatchEmbeddingBackwardArguments
        {
            Image = volume,
            GradY = gradPatches,
            GradW = _patches.GradW,
            GradBias = _patches.GradBias,
            GradPosition = _gradPositions,
            Channels = 1,
            Depth = _config.Image.Depth,
            Height = _config.Image.Height,
            Width = _config.Image.Width,
            PatchDepth = _config.Patch.Depth,
            PatchHeight = _config.Patch.Height,
            PatchWidth = _config.Patch.Width,
            Outputs = channels,
        });
    }

    int Tokens => _config.Patches + 1;
}
