// The slice encoder in training: a forward that keeps what backward needs, and the same read upwards.
using HSENet.Kernels;

namespace HSENet.Runtime;

sealed partial class SliceEncoder
{
    /// <summary>Memory of a training step of some slices.</summary>
    public sealed record TrainingBuffers(ClassBuffers Class, BlockTrainingBuffers Blocks);

    /// <summary>Plans the memory of <see cref="ForwardKeeping"/> and <see cref="Backward"/>.</summary>
    public static TrainingBuffers ReserveTraining(MemoryPlan plan, SliceEncoderConfig config, int slices, bool checkpointing) => new(
        ClassBuffers.Reserve(plan, config.HiddenSize),
        BlockTrainingBuffers.Reserve(plan, Name, config.NumLayers, config.Patches + 1, Size(config), checkpointing, slices));

    /// <summary>Encodes pixels [slices, 3, size, size] into <paramref name="tokens"/> [slices, 1 + patches, channels]; the first of
    /// each slice is its feature.</summary>
    public void ForwardKeeping(in Pass pass, TrainingBuffers training, View<float> pixels, View<float> tokens)
    {
        var buffers = training.Blocks;
        Embed(pass, training.Class, buffers.Sequences, pixels, pass[buffers.Inputs[0]]);
        buffers.Forward(pass, _blocks, Tokens);
        _norm.Forward(pass.Device, pass[buffers.Inputs[^1]], tokens, buffers.Sequences * Tokens);
    }

    /// <summary>Adds to the gradients of all weights that are trained.</summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="training">As the forward left it.</param>
    /// <param name="pixels">The forward's.</param>
    /// <param name="gradTokens">[slices, 1 + patches, channels] gradient of the tokens.</param>
    public void Backward(in Pass pass, TrainingBuffers training, View<float> pixels, View<float> gradTokens)
    {
        var buffers = training.Blocks;
        long channels = _config.HiddenSize, rows = Tokens * channels, image = 3L * _config.ImageSize * _config.ImageSize;
        var grad = pass[buffers.Grad];
        _norm.Backward(pass.Device, pass[buffers.Inputs[^1]], gradTokens, grad, pass[buffers.NormScratch], buffers.Sequences * Tokens);
        buffers.Backward(pass, _blocks, Tokens);
        for (int slice = 0; slice < buffers.Sequences; slice++)
            BackwardEmbedding(pass.Device, pixels.Slice(slice * image, image), grad.Slice(slice * rows, rows));
    }

    // The class token and its position get the first row, everything else the rows of the patches.
    void BackwardEmbedding(Device device, View<float> pixels, View<float> grad)
    {
        int channels = _config.HiddenSize, size = _config.ImageSize;
        Add(_gradCls);
        Add(_gradPositions.IsEmpty ? default : _gradPositions.Slice(0, channels));
        if (_patches.GradW.IsEmpty && _patches.GradBias.IsEmpty && _gradPositions.IsEmpty)
            return;
        PatchEmbedding.Backward(device, new PatchEmbeddingBackwardArguments
        {
            Image = pixels,
            GradY = grad.Slice(channels, grad.Length - channels),
            GradW = _patches.GradW,
            GradBias = _patches.GradBias,
            GradPosition = _gradPositions.IsEmpty ? default : _gradPositions.Slice(channels, _gradPositions.Length - channels),
            Channels = 3,
            Depth = 1,
            Height = size,
            Width = size,
            PatchDepth = 1,
            PatchHeight = _config.PatchSize,
            PatchWidth = _config.PatchSize,
            Outputs = channels,
        });

        void Add(View<float> sum)
        {
            if (!sum.IsEmpty)
                Elementwise.Add(device, grad.Slice(0, channels), sum, sum);
        }
    }

    int Tokens => _config.Patches + 1;
}
