// A pre-norm block of the vision transformers, 3D (MONAI) and 2D (timm): x += attention(norm1(x)); x += mlp(norm2(x)).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Where a library keeps the weights of a block.</summary>
sealed record BlockNames(string QueryKeyValue, bool QueryKeyValueBias, string Out, string Up, string Down)
{
    /// <summary>MONAI's TransformerBlock.</summary>
    public static BlockNames Monai { get; } = new("attn.qkv", false, "attn.out_proj", "mlp.linear1", "mlp.linear2");

    /// <summary>timm's Block.</summary>
    public static BlockNames Timm { get; } = new("attn.qkv", true, "attn.proj", "mlp.fc1", "mlp.fc2");
}

/// <summary>Sizes of a block.</summary>
readonly record struct BlockSize(int Channels, int MlpChannels, int Heads, float Epsilon)
{
    public int HeadSize => Channels / Heads;
}

/// <summary>Scratch memory of the blocks of one transformer.</summary>
readonly record struct BlockBuffers(PlannedBuffer Normed, PlannedBuffer QueryKeyValue, PlannedBuffer Hidden)
{
    public static BlockBuffers Reserve(MemoryPlan plan, string name, long rows, BlockSize size) => new(
        plan.Reserve($"{name}.normed", rows * size.Channels),
        plan.Reserve($"{name}.qkv", rows * 3 * size.Channels),
        plan.Reserve($"{name}.mlp", rows * size.MlpChannels));
}

/// <summary>One block with its weights.</summary>
sealed class TransformerBlock(WeightStore weights, string name, BlockNames names, BlockSize size)
{
    readonly LayerNormLayer _norm1 = LayerNormLayer.Bind(weights, $"{name}.norm1", size.Channels, size.Epsilon);
    readonly LinearLayer _queryKeyValue = LinearLayer.Bind(weights, $"{name}.{names.QueryKeyValue}", size.Channels, 3 * size.Channels, names.QueryKeyValueBias);
    readonly LinearLayer _out = LinearLayer.Bind(weights, $"{name}.{names.Out}", size.Channels, size.Channels);
    readonly LayerNormLayer _norm2 = LayerNormLayer.Bind(weights, $"{name}.norm2", size.Channels, size.Epsilon);
    readonly LinearLayer _up = LinearLayer.Bind(weights, $"{name}.{names.Up}", size.Channels, size.MlpChannels);
    readonly LinearLayer _down = LinearLayer.Bind(weights, $"{name}.{names.Down}", size.MlpChannels, size.Channels);

    /// <summary>Adds both halves of the block to x, [batch · tokens, channels].</summary>
    public void Forward(in Pass pass, BlockBuffers buffers, View<float> x, int batch, int tokens)
    {
        int rows = batch * tokens, channels = size.Channels;
        View<float> normed = pass[buffers.Normed], qkv = pass[buffers.QueryKeyValue], hidden = pass[buffers.Hidden];

        _norm1.Forward(pass.Device, x, normed, rows);
        pass.Show(name, "norm1", normed);
        _queryKeyValue.Forward(pass.Device, normed, qkv, rows);
        Attention.Forward(pass.Device, new AttentionArguments
        {
            Q = qkv,
            K = qkv.Slice(channels, qkv.Length - channels),
            V = qkv.Slice(2 * channels, qkv.Length - 2 * channels),
            Y = normed,
            QueryStride = 3 * channels,
            KeyStride = 3 * channels,
            Batch = batch,
            Queries = tokens,
            Keys = tokens,
            QueryHeads = size.Heads,
            KeyHeads = size.Heads,
            HeadSize = size.HeadSize,
            Scale = 1 / MathF.Sqrt(size.HeadSize),
        });
        _out.Forward(pass.Device, normed, x, rows, residual: x);
        pass.Show(name, "attended", x);

        _norm2.Forward(pass.Device, x, normed, rows);
        pass.Show(name, "norm2", normed);
        _up.Forward(pass.Device, normed, hidden, rows, activation: LinearActivation.Gelu);
        _down.Forward(pass.Device, hidden, x, rows, residual: x);
        pass.Show(name, x);
    }
}
