// A layer of the text encoder: x = norm(x + attention(x)); x = norm(x + mlp(x)) (transformers' BertLayer, post-norm).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Everything a layer computes, in the order of the data; training gives each tensor memory of its own, inference works in
/// place.</summary>
/// <param name="Input">[tokens, channels].</param>
/// <param name="Query">[tokens, channels].</param>
/// <param name="Key">[tokens, channels].</param>
/// <param name="Value">[tokens, channels].</param>
/// <param name="Mixed">[tokens, channels] output of attention.</param>
/// <param name="Attended">[tokens, channels] input + projected attention, before its norm.</param>
/// <param name="Normed">[tokens, channels] after it.</param>
/// <param name="Up">[tokens, intermediate] before the activation; left out where no backward needs it.</param>
/// <param name="Hidden">[tokens, intermediate].</param>
/// <param name="Summed">[tokens, channels] before the last norm.</param>
/// <param name="Output">[tokens, channels].</param>
readonly record struct TextTensors(
    View<float> Input, View<float> Query, View<float> Key, View<float> Value, View<float> Mixed, View<float> Attended, View<float> Normed,
        View<float> Up, View<float> Hidden,
    View<float> Summed, View<float> Output);

/// <summary>Gradients inside a layer, which all layers share; [tokens, channels] unless said.</summary>
/// <param name="Summed">Of either sum before its norm.</param>
/// <param name="Dropped">Of what was dropped before it was summed; with dropout only.</param>
/// <param name="Mixed">Of attention's output.</param>
/// <param name="Query">Of the queries.</param>
/// <param name="Key">Of the keys.</param>
/// <param name="Value">Of the values.</param>
/// <param name="Hidden">[tokens, intermediate].</param>
/// <param name="AttentionScratch">Of <see cref="Attention.BackwardScratch"/>.</param>
/// <param name="NormScratch">Of <see cref="LayerNorm.BackwardScratch"/>.</param>
readonly record struct TextGradients(
    View<float> Summed, View<float> Dropped, View<float> Mixed, View<float> Query, View<float> Key, View<float> Value, View<float> Hidden,
        View<float> AttentionScratch,
    View<float> NormScratch);

/// <summary>One layer with its weights.</summary>
sealed class TextLayer(WeightStore weights, string name, TextEncoderConfig config)
{
    readonly LinearLayer _query = LinearLayer.Bind(weights, $"{name}.attention.self.query", config.HiddenSize, config.HiddenSize);
    readonly LinearLayer _key = LinearLayer.Bind(weights, $"{name}.attention.self.key", config.HiddenSize, config.HiddenSize);
    readonly LinearLayer _value = LinearLayer.Bind(weights, $"{name}.attention.self.value", config.HiddenSize, config.HiddenSize);
    readonly LinearLayer _out = LinearLayer.Bind(weights, $"{name}.attention.output.dense", config.HiddenSize, config.HiddenSize);
    readonly LayerNormLayer _norm1 =
        LayerNormLayer.Bind(weights, $"{name}.attention.output.LayerNorm", config.HiddenSize, config.LayerNormEps);
    readonly LinearLayer _up = LinearLayer.Bind(weights, $"{name}.intermediate.dense", config.HiddenSize, config.IntermediateSize);
    readonly LinearLayer _down = LinearLayer.Bind(weights, $"{name}.output.dense", config.IntermediateSize, config.HiddenSize);
    readonly LayerNormLayer _norm2 = LayerNormLayer.Bind(weights, $"{name}.output.LayerNorm", config.HiddenSize, config.LayerNormEps);
    readonly long _probabilities = DropoutSeeds.Site($"{name}.attention.self.dropout");
    readonly long _attentionOutput = DropoutSeeds.Site($"{name}.attention.output.dropout");
    readonly long _output = DropoutSeeds.Site($"{name}.output.dropout");

    /// <summary>Runs both halves of the layer; no query sees keys beyond <paramref name="valid"/>.</summary>
    public void Forward(in Pass pass, in TextTensors t, int tokens, int valid, AttentionDropout dropout)
    {
        var device = pass.Device;
        _query.Forward(device, t.Input, t.Query, tokens);
        _key.Forward(device, t.Input, t.Key, tokens);
        _value.Forward(device, t.Input, t.Value, tokens);
        Attention.Forward(device, Attending(t, tokens, valid, dropout));
        dropout.Project(device, _attentionOutput, _out, t.Mixed, t.Input, t.Attended, tokens);
        _norm1.Forward(device, t.Attended, t.Normed, tokens);
        _up.ForwardGelu(device, t.Normed, t.Up, t.Hidden, tokens);
        dropout.Project(device, _output, _down, t.Hidden, t.Normed, t.Summed, tokens);
        _norm2.Forward(device, t.Summed, t.Output, tokens);
    }

    /// <summary>
    /// Turns the gradient of the output into the gradient of the input, in place in <paramref name="grad"/>, and adds to the gradients of
    /// the weights that are trained: the forward read upwards, without padding.
    /// </summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="t">What the forward computed, each tensor in memory of its own.</param>
    /// <param name="gradients">Scratch.</param>
    /// <param name="grad">[tokens, channels].</param>
    /// <param name="tokens">Rows.</param>
    /// <param name="dropout">The forward's.</param>
    public void Backward(in Pass pass, in TextTensors t, in TextGradients gradients, View<float> grad, int tokens, AttentionDropout dropout)
    {
        var device = pass.Device;
        View<float> summed = gradients.Summed;
        _norm2.Backward(device, t.Summed, grad, summed, gradients.NormScratch, tokens);
        _down.Backward(device, Dropped(device, gradients, dropout, _output), t.Hidden, gradients.Hidden, tokens);
        _up.BackwardGelu(device, t.Up, gradients.Hidden, t.Normed, grad, tokens, residual: summed);

        _norm1.Backward(device, t.Attended, grad, summed, gradients.NormScratch, tokens);
        _out.Backward(device, Dropped(device, gradients, dropout, _attentionOutput), t.Mixed, gradients.Mixed, tokens);
        Attention.Backward(device, new AttentionBackwardArguments
        {
            Forward = Attending(t, tokens, tokens, dropout),
            GradY = gradients.Mixed,
            GradQ = gradients.Query,
            GradK = gradients.Key,
            GradV = gradients.Value,
            Scratch = gradients.AttentionScratch,
        });
        _query.Backward(device, gradients.Query, t.Input, grad, tokens, residual: summed);
        _key.Backward(device, gradients.Key, t.Input, grad, tokens, residual: grad);
        _value.Backward(device, gradients.Value, t.Input, grad, tokens, residual: grad);
    }

    // Of the forward; the backward takes them again.
    AttentionArguments Attending(in TextTensors t, int tokens, int keys, AttentionDropout dropout) => new()
    {
        Q = t.Query,
        K = t.Key,
        V = t.Value,
        Y = t.Mixed,
        QueryStride = config.HiddenSize,
        KeyStride = config.HiddenSize,
        Batch = 1,
        Queries = tokens,
        Keys = keys,
        QueryHeads = config.NumAttentionHeads,
        KeyHeads = config.NumAttentionHeads,
        HeadSize = HeadSize,
        Scale = 1 / MathF.Sqrt(HeadSize),
        DropoutRate = dropout.Rate,
        DropoutSeed = dropout.Seeds.At(_probabilities),
    };

    int HeadSize => config.HiddenSize / config.NumAttentionHeads;

    /// <summary>The gradient of what was dropped before it was summed.</summary>
    static View<float> Dropped(Device device, in TextGradients gradients, AttentionDropout dropout, long site)
    {
        if (dropout.Rate == 0)
            return gradients.Summed;
        dropout.Apply(device, site, gradients.Summed, default, gradients.Dropped);
        return gradients.Dropped;
    }
}
