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
        plan.ReserveActivations($"{name}.normed", rows * size.Channels),
        plan.ReserveActivations($"{name}.qkv", rows * 3 * size.Channels),
        plan.ReserveActivations($"{name}.mlp", rows * size.MlpChannels));

    /// <summary>A block's tensors for inference: it works in place on x, and one tensor serves both norms and attention.</summary>
    public BlockTensors InPlace(in Pass pass, View<float> x)
    {
        var normed = pass.Activations(Normed);
        return new BlockTensors(x, normed, pass.Activations(QueryKeyValue), normed, x, normed, default, pass.Activations(Hidden), x);
    }
}

/// <summary>Everything a block computes, in the order of the data; training gives each tensor memory of its own, inference lets them
/// share.</summary>
/// <param name="Input">[batch · tokens, channels].</param>
/// <param name="Normed">[…, channels] before attention.</param>
/// <param name="QueryKeyValue">[…, 3 · channels].</param>
/// <param name="Mixed">[…, channels] output of attention.</param>
/// <param name="Attended">[…, channels] input + attention.</param>
/// <param name="MlpNormed">[…, channels] before the MLP.</param>
/// <param name="Up">[…, MLP channels] before the activation; left out where no backward needs it.</param>
/// <param name="Hidden">[…, MLP channels].</param>
/// <param name="Output">[…, channels].</param>
readonly record struct BlockTensors(
    View<float> Input, Activations Normed, Activations QueryKeyValue, Activations Mixed, View<float> Attended, Activations MlpNormed,
        View<float> Up, Activations Hidden,
    View<float> Output);

/// <summary>Gradients inside a block, which all blocks share.</summary>
/// <param name="Normed">[batch · tokens, channels] of either norm's output, and of attention's.</param>
/// <param name="QueryKeyValue">[…, 3 · channels].</param>
/// <param name="Hidden">[…, MLP channels].</param>
/// <param name="AttentionScratch">Of <see cref="Attention.BackwardScratch"/>.</param>
/// <param name="NormScratch">Of <see cref="LayerNorm.BackwardScratch"/>.</param>
readonly record struct BlockGradients(View<float> Normed, View<float> QueryKeyValue, View<float> Hidden, View<float> AttentionScratch,
    View<float> NormScratch);

/// <summary>One block with its weights.</summary>
sealed class TransformerBlock(WeightStore weights, string name, BlockNames names, BlockSize size)
{
    readonly LayerNormLayer _norm1 = LayerNormLayer.Bind(weights, $"{name}.norm1", size.Channels, size.Epsilon);
    readonly LinearLayer _queryKeyValue =
        LinearLayer.Bind(weights, $"{name}.{names.QueryKeyValue}", size.Channels, 3 * size.Channels, names.QueryKeyValueBias);
    readonly LinearLayer _out = LinearLayer.Bind(weights, $"{name}.{names.Out}", size.Channels, size.Channels);
    readonly LayerNormLayer _norm2 = LayerNormLayer.Bind(weights, $"{name}.norm2", size.Channels, size.Epsilon);
    readonly LinearLayer _up = LinearLayer.Bind(weights, $"{name}.{names.Up}", size.Channels, size.MlpChannels);
    readonly LinearLayer _down = LinearLayer.Bind(weights, $"{name}.{names.Down}", size.MlpChannels, size.Channels);

    /// <summary>Runs both halves of the block.</summary>
    public void Forward(in Pass pass, in BlockTensors t, int batch, int tokens)
    {
        int rows = batch * tokens;
        _norm1.Forward(pass.Device, t.Input, t.Normed, rows);
        pass.Show(name, "norm1", t.Normed);
        _queryKeyValue.Forward(pass.Device, t.Normed, t.QueryKeyValue, rows);
        Attention.Forward(pass.Device, Attending(t, batch, tokens));
        _out.Forward(pass.Device, t.Mixed, t.Attended, rows, residual: t.Input);
        pass.Show(name, "attended", t.Attended);

        _norm2.Forward(pass.Device, t.Attended, t.MlpNormed, rows);
        pass.Show(name, "norm2", t.MlpNormed);
        _up.ForwardGelu(pass.Device, t.MlpNormed, t.Up, t.Hidden, rows);
        _down.Forward(pass.Device, t.Hidden, t.Output, rows, residual: t.Attended);
        pass.Show(name, t.Output);
    }

    /// <summary>
    /// Turns the gradient of the output into the gradient of the input, in place in <paramref name="grad"/>, and adds to the gradients of
    /// the weights that are trained: the forward read upwards.
    /// </summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="t">What the forward computed, each tensor in memory of its own.</param>
    /// <param name="gradients">Scratch.</param>
    /// <param name="grad">[batch · tokens, channels].</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="tokens">Rows of each.</param>
    public void Backward(in Pass pass, in BlockTensors t, in BlockGradients gradients, View<float> grad, int batch, int tokens)
    {
        int rows = batch * tokens;
        _down.Backward(pass.Device, grad, t.Hidden.Floats, gradients.Hidden, rows);
        _up.BackwardGelu(pass.Device, t.Up, gradients.Hidden, t.MlpNormed.Floats, gradients.Normed, rows);
        _norm2.Backward(pass.Device, t.Attended, gradients.Normed, grad, gradients.NormScratch, rows, residual: grad);

        _out.Backward(pass.Device, grad, t.Mixed.Floats, gradients.Normed, rows);
        Attention.Backward(pass.Device, new AttentionBackwardArguments
        {
            Forward = Attending(t, batch, tokens),
            GradY = gradients.Normed,
            GradQ = gradients.QueryKeyValue,
            GradK = Keys(gradients.QueryKeyValue).Floats,
            GradV = Values(gradients.QueryKeyValue).Floats,
            Scratch = gradients.AttentionScratch,
        });
        _queryKeyValue.Backward(pass.Device, gradients.QueryKeyValue, t.Normed.Floats, gradients.Normed, rows);
        _norm1.Backward(pass.Device, t.Input, gradients.Normed, grad, gradients.NormScratch, rows, residual: grad);
    }

    // Of the forward; the backward takes them again.
    AttentionArguments Attending(in BlockTensors t, int batch, int tokens) => new()
    {
        Q = t.QueryKeyValue,
        K = Keys(t.QueryKeyValue),
        V = Values(t.QueryKeyValue),
        Y = t.Mixed,
        QueryStride = 3 * size.Channels,
        KeyStride = 3 * size.Channels,
        Batch = batch,
        Queries = tokens,
        Keys = tokens,
        QueryHeads = size.Heads,
        KeyHeads = size.Heads,
        HeadSize = size.HeadSize,
        Scale = 1 / MathF.Sqrt(size.HeadSize),
    };

    Activations Keys(Activations queryKeyValue) => queryKeyValue.Slice(size.Channels, queryKeyValue.Length - size.Channels);

    Activations Values(Activations queryKeyValue) => queryKeyValue.Slice(2 * size.Channels, queryKeyValue.Length - 2 * size.Channels);
}
