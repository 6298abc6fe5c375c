// The 2D slice encoder: a ViT over single slices whose CLS features guide encoder 2 (timm's trunk inside BiomedCLIP).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>[slices, 3, size, size] pixels → [slices, channels]: the CLS token of the final norm.</summary>
sealed partial class SliceEncoder
{
    const string Name = "slice_encoder";

    readonly SliceEncoderConfig _config;
    readonly LinearLayer _patches;
    readonly Weights _positions, _cls;
    readonly View<float> _gradPositions, _gradCls;
    readonly TransformerBlock[] _blocks;
    readonly LayerNormLayer _norm;

    public SliceEncoder(WeightStore weights, SliceEncoderConfig config)
    {
        _config = config;
        int channels = config.HiddenSize, pixels = 3 * config.PatchSize * config.PatchSize;
        _patches = LinearLayer.Bind(weights, $"{Name}.patch_embed.proj", pixels, channels);
        // The position of CLS is row 0; timm adds it, MONAI has none.
        _positions = weights.Matrix($"{Name}.pos_embed", config.Patches + 1, channels);
        _cls = new Weights(weights.Vector($"{Name}.cls_token", channels));
        _gradPositions = weights.Gradient($"{Name}.pos_embed");
        _gradCls = weights.Gradient($"{Name}.cls_token");
        _blocks = [.. Enumerable.Range(0, config.NumLayers)
            .Select(i => new TransformerBlock(weights, $"{Name}.blocks.{i}", BlockNames.Timm, Size(config)))];
        _norm = LayerNormLayer.Bind(weights, $"{Name}.norm", channels, SliceEncoderConfig.LayerNormEpsilon);
    }

    public readonly record struct Buffers(PlannedBuffer Tokens, ClassBuffers Class, BlockBuffers Blocks, int Slices);

    /// <summary>What the class token is made in: the token with its position, and its index in the table.</summary>
    public readonly record struct ClassBuffers(PlannedBuffer Token, PlannedBuffer Zero)
    {
        public static ClassBuffers Reserve(MemoryPlan plan, int channels) =>
            new(plan.Reserve($"{Name}.cls_token", channels), plan.Reserve($"{Name}.zero", 1, sizeof(int)));
    }

    public static Buffers Reserve(MemoryPlan plan, SliceEncoderConfig config, int slices)
    {
        using var scope = plan.BeginScope();
        long rows = (long)slices * (config.Patches + 1);
        return new Buffers(
            plan.Reserve($"{Name}.tokens", rows * config.HiddenSize),
            ClassBuffers.Reserve(plan, config.HiddenSize),
            BlockBuffers.Reserve(plan, Name, rows, Size(config)),
            slices);
    }

    /// <summary>Encodes pixels [slices, 3, size, size] into features [slices, channels].</summary>
    public void Forward(in Pass pass, Buffers buffers, View<float> pixels, View<float> features)
    {
        int slices = buffers.Slices, tokens = _config.Patches + 1, channels = _config.HiddenSize;
        var x = pass[buffers.Tokens];
        Embed(pass, buffers.Class, slices, pixels, x);
        var tensors = buffers.Blocks.InPlace(pass, x);
        foreach (var block in _blocks)
        {
            block.Forward(pass, tensors, slices, tokens);
            pass.Advance();
        }
        _norm.Forward(pass.Device, x, x, slices * tokens);
        pass.Show(Name, "norm", x);
        for (int slice = 0; slice < slices; slice++)
            pass.Device.Copy(x.Slice((long)slice * tokens * channels, channels), features.Slice((long)slice * channels, channels));
        pass.Show(Name, "out", features);
    }

    void Embed(in Pass pass, ClassBuffers buffers, int slices, View<float> pixels, View<float> x)
    {
        int size = _config.ImageSize, patches = _config.Patches, channels = _config.HiddenSize;
        var first = pass[buffers.Token];
        var zero = pass.Arena.Integers(buffers.Zero);
        pass.Device.Clear(zero.As<byte>());
        TokenEmbedding.Forward(pass.Device, new TokenEmbeddingArguments
        {
            Ids = zero,
            Table = _cls,
            Position = _positions,
            Y = first,
            Tokens = 1,
            Channels = channels,
        });
        var positions = _positions.Rows(1, patches, channels);
        for (int slice = 0; slice < slices; slice++)
            pass.Device.Copy(first, x.Slice((long)slice * (patches + 1) * channels, channels));
        PatchEmbedding.Forward(pass.Device, new PatchEmbeddingArguments
        {
            Image = pixels,
            W = _patches.W,
            Bias = _patches.Bias,
            Position = positions,
            Y = x,
            Factors = pass.Arena.Plan.Activations,
            Images = slices,
            LeadingRows = 1,
            Channels = 3,
            Depth = 1,
            Height = size,
            Width = size,
            PatchDepth = 1,
            PatchHeight = _config.PatchSize,
            PatchWidth = _config.PatchSize,
            Outputs = channels,
        });
        pass.Show(Name, "embedded", x);
    }

    static BlockSize Size(SliceEncoderConfig config) =>
        new(config.HiddenSize, config.MlpDim, config.NumHeads, SliceEncoderConfig.LayerNormEpsilon);
}
