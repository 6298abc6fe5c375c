// A 3D vision transformer in training: a forward that keeps what backward needs, and the same read upwards.
using HSENet.Kernels;

namespace HSENet.Runtime;

sealed partial class VisionEncoder
{
    /// <summary>Plans the memory of <see cref="ForwardKeeping"/> and <see cref="Backward"/> of one volume.</summary>
    public static BlockTrainingBuffers ReserveTraining(MemoryPlan plan, string name, VisionConfig config, bool checkpointing) =>
        BlockTrainingBuffers.Reserve(plan, name, config.NumLayers, config.Patches + 1, Size(config), checkpointing);

    /// <summary>Encodes a volume [1, D, H, W] into <paramref name="features"/> [1 + patches, channels].</summary>
    public void ForwardKeeping(in Pass pass, BlockTrainingBuffers buffers, View<float> volume, View<float> features)
    {
        var embedded = pass[buffers.Inputs[0]];
        EmbedPatches(pass, volume, embedded);
        AddClass(pass, embedded);
        buffers.Forward(pass, _blocks, Tokens);
        _norm.Forward(pass.Device, pass[buffers.Inputs[^1]], features, Tokens);
        pass.Show(_name, "norm", features);
    }

    /// <summary>Adds to the gradients of all weights that are trained.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="buffers">As the forward left them.</param>
    /// <param name="volume">The forward's.</param>
    /// <param name="gradFeatures">[1 + patches, channels] gradient of the features.</param>
    public void Backward(in Pass pass, BlockTrainingBuffers buffers, View<float> volume, View<float> gradFeatures)
    {
        var grad = pass[buffers.Grad];
        _norm.Backward(pass.Device, pass[buffers.Inputs[^1]], gradFeatures, grad, pass[buffers.NormScratch], Tokens);
        buffers.Backward(pass, _blocks, Tokens);
        int channels = _config.HiddenSize;
        if (!_gradCls.IsEmpty) // gradCls += the first row
            Dropout.Forward(pass.Device, new DropoutArguments { X = grad.Slice(0, channels), Residual = _gradCls, Y = _gradCls, Count = channels });
        if (_patches.GradW.IsEmpty && _patches.GradBias.IsEmpty && _gradPositions.IsEmpty)
            return;
        PatchEmbedding.Backward(pass.Device, new PatchEmbeddingBackwardArguments
        {
            Image = volume,
            GradY = grad.Slice(channels, grad.Length - channels),
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
