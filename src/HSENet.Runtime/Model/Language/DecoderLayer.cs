// A decoder layer of the language model: x += attention(norm(x)); x += swiglu-mlp(norm(x)) (transformers' Phi3DecoderLayer).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Scratch memory that all layers share, for a number of rows (tokens in flight).</summary>
readonly record struct DecoderBuffers(
    PlannedBuffer Normed, PlannedBuffer QueryKeyValue, PlannedBuffer Mixed, PlannedBuffer GateUp, PlannedBuffer Hidden,
        PlannedBuffer LowRank)
{
    public static DecoderBuffers Reserve(MemoryPlan plan, LanguageModelConfig config, long rows) => new(
        plan.ReserveActivations("decoder.normed", rows * config.HiddenSize),
        plan.ReserveActivations("decoder.qkv", rows * config.QueryKeyValueSize),
        plan.ReserveActivations("decoder.mixed", rows * config.NumAttentionHeads * config.HeadSize),
        plan.ReserveActivations("decoder.gate_up", config.Lora is null ? 0 : rows * 2 * config.IntermediateSize),
        plan.ReserveActivations("decoder.mlp", rows * config.IntermediateSize),
        plan.Reserve("decoder.lora", config.Lora is { } lora ? rows * lora.R : 0));

    /// <summary>The layer's tensors for generation: it works in place, and both norms share their memory.</summary>
    public DecoderTensors InPlace(in Pass pass, LanguageModelConfig config, View<float> x, int tokens)
    {
        var normed = pass.ActivationRows(Normed, tokens, config.HiddenSize);
        return new DecoderTensors(x, normed, pass.ActivationRows(QueryKeyValue, tokens, config.QueryKeyValueSize),
            pass.ActivationRows(Mixed, tokens, config.NumAttentionHeads * config.HeadSize), x, normed,
            config.Lora is null ? default : pass.ActivationRows(GateUp, tokens, 2 * config.IntermediateSize),
                pass.ActivationRows(Hidden, tokens, config.IntermediateSize), x);
    }
}

/// <summary>
/// Everything a layer computes, in the order of the data; training gives each tensor memory of its own, generation lets them share.
/// </summary>
/// <param name="Input">[tokens, channels].</param>
/// <param name="Normed">[tokens, channels] before attention.</param>
/// <param name="QueryKeyValue">[tokens, (H + 2G)·D]; the queries rotated.</param>
/// <param name="Mixed">[tokens, H·D] output of attention.</param>
/// <param name="Attended">[tokens, channels] input + attention.</param>
/// <param name="MlpNormed">[tokens, channels] before the MLP.</param>
/// <param name="GateUp">[tokens, 2·intermediate]; may be left out where no adapter and no backward need it.</param>
/// <param name="Hidden">[tokens, intermediate].</param>
/// <param name="Output">[tokens, channels], or none where a layer is computed again for what is inside.</param>
readonly record struct DecoderTensors(
    View<float> Input, Activations Normed, Activations QueryKeyValue, Activations Mixed, View<float> Attended, Activations MlpNormed,
        Activations GateUp, Activations Hidden,
    View<float> Output);

/// <summary>Keys and values of all earlier positions of one layer, and the rotary tables.</summary>
readonly record struct LayerCache(Activations Keys, Activations Values, View<float> Cosine, View<float> Sine);

/// <summary>Gradients inside a layer, which all layers share.</summary>
/// <param name="Normed">[tokens, channels] of either norm's output.</param>
/// <param name="QueryKeyValue">[tokens, (H + 2G)·D].</param>
/// <param name="Keys">[tokens, G·D] of the rotated keys.</param>
/// <param name="Values">[tokens, G·D].</param>
/// <param name="Mixed">[tokens, H·D].</param>
/// <param name="Hidden">[tokens, intermediate].</param>
/// <param name="AttentionScratch">Of <see cref="Attention.BackwardScratch"/>.</param>
/// <param name="NormScratch">Of <see cref="RmsNorm.BackwardScratch"/>.</param>
readonly record struct DecoderGradients(
    View<float> Normed, View<float> QueryKeyValue, View<float> Keys, View<float> Values, View<float> Mixed, View<float> Hidden,
        View<float> AttentionScratch, View<float> NormScratch);

/// <summary>One layer with its weights.</summary>
sealed class DecoderLayer(WeightStore weights, string name, LanguageModelConfig config)
{
    readonly RmsNormLayer _inputNorm =
        RmsNormLayer.Bind(weights, $"{name}.input_layernorm", config.HiddenSize, config.RmsNormEps);
    readonly AdaptedLinear _queryKeyValue =
        new(weights, $"{name}.self_attn.qkv_proj", config.HiddenSize, config.QueryKeyValueSize, config.Lora);
    readonly AdaptedLinear _out = new(weights, $"{name}.self_attn.o_proj", config.NumAttentionHeads * config.HeadSize, config.HiddenSize,
        config.Lora);
    readonly RmsNormLayer _mlpNorm =
        RmsNormLayer.Bind(weights, $"{name}.post_attention_layernorm", config.HiddenSize, config.RmsNormEps);
    readonly AdaptedLinear _gateUp = new(weights, $"{name}.mlp.gate_up_proj", config.HiddenSize, 2 * config.IntermediateSize, config.Lora);
    readonly AdaptedLinear _down = new(weights, $"{name}.mlp.down_proj", config.IntermediateSize, config.HiddenSize, config.Lora);

    /// <summary>Runs both halves of the layer; the first row of the input stands at <paramref name="firstPosition"/>.</summary>
    public void Forward(in Pass pass, in DecoderTensors t, AdapterScratch scratch, LayerCache cache, int tokens, int firstPosition)
    {
        _inputNorm.Forward(pass.Device, t.Input, t.Normed, tokens);
        pass.Show(name, "input_layernorm", t.Normed);
        Attend(pass, t, scratch, cache, tokens, firstPosition);
        pass.Show(name, "attended", t.Attended);

        _mlpNorm.Forward(pass.Device, t.Attended, t.MlpNormed, tokens);
        pass.Show(name, "post_attention_layernorm", t.MlpNormed);
        if (_gateUp.Adapted || !t.GateUp.IsEmpty)
        {
            _gateUp.Forward(pass.Device, scratch, t.MlpNormed, t.GateUp, tokens);
            SwiGlu.Forward(pass.Device, new SwiGluArguments
            {
                GateUp = t.GateUp,
                Y = t.Hidden,
                Rows = tokens,
                Channels = config.IntermediateSize
            });
        }
        else
            _gateUp.Forward(pass.Device, scratch, t.MlpNormed, t.Hidden, tokens, activation: LinearActivation.SwiGlu);
        if (t.Output.IsEmpty)
            return;
        _down.Forward(pass.Device, scratch, t.Hidden, t.Output, tokens, residual: t.Attended);
        pass.Show(name, t.Output);
    }

    void Attend(in Pass pass, in DecoderTensors t, AdapterScratch scratch, LayerCache cache, int tokens, int firstPosition)
    {
        _queryKeyValue.Forward(pass.Device, scratch, t.Normed, t.QueryKeyValue, tokens);
        RotaryEmbedding.Forward(pass.Device, new RotaryEmbeddingArguments
        {
            QueryKeyValue = t.QueryKeyValue,
            Cosine = cache.Cosine,
            Sine = cache.Sine,
            KeyCache = cache.Keys,
            ValueCache = cache.Values,
            Tokens = tokens,
            FirstPosition = firstPosition,
            QueryHeads = config.NumAttentionHeads,
            KeyHeads = config.NumKeyValueHeads,
            HeadSize = config.HeadSize,
            RotaryDimensions = config.RotaryDimensions,
        });
        Attention.Forward(pass.Device, Attending(t, cache, tokens, firstPosition + tokens));
        _out.Forward(pass.Device, scratch, t.Mixed, t.Attended, tokens, residual: t.Input);
    }

    /// <summary>
    /// Turns the gradient of the output into the gradient of the input, in place in <paramref name="grad"/>, and adds to the gradients of
    /// what is trained. The forward read upwards; the tensor of gates and ups is overwritten.
    /// </summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="t">What the forward computed, from position 0 on.</param>
    /// <param name="scratch">With the seeds of the forward.</param>
    /// <param name="cache">The forward's.</param>
    /// <param name="gradients">Scratch.</param>
    /// <param name="grad">[tokens, channels].</param>
    /// <param name="tokens">Rows.</param>
    public void Backward(in Pass pass, in DecoderTensors t, AdapterScratch scratch, LayerCache cache, in DecoderGradients gradients,
        View<float> grad, int tokens)
    {
        _down.Backward(pass.Device, scratch, grad, t.Hidden.Floats, gradients.Hidden, tokens);
        SwiGlu.Backward(pass.Device, new SwiGluBackwardArguments
        {
            GateUp = t.GateUp.Floats,
            GradY = gradients.Hidden,
            GradGateUp = t.GateUp.Floats,
            Rows = tokens,
            Channels = config.IntermediateSize,
        });
        _gateUp.Backward(pass.Device, scratch, t.GateUp.Floats, t.MlpNormed.Floats, gradients.Normed, tokens);
        // The gradient that passes a norm by is in grad already.
        _mlpNorm.Backward(pass.Device, t.Attended, gradients.Normed, grad, gradients.NormScratch, tokens, residual: grad);

        _out.Backward(pass.Device, scratch, grad, t.Mixed.Floats, gradients.Mixed, tokens);
        AttendBackward(pass, t, cache, gradients, tokens);
        _queryKeyValue.Backward(pass.Device, scratch, gradients.QueryKeyValue, t.Normed.Floats, gradients.Normed, tokens);
        _inputNorm.Backward(pass.Device, t.Input, gradients.Normed, grad, gradients.NormScratch, tokens, residual: grad);
    }

    void AttendBackward(in Pass pass, in DecoderTensors t, LayerCache cache, in DecoderGradients gradients, int tokens)
    {
        Attention.Backward(pass.Device, new AttentionBackwardArguments
        {
            Forward = Attending(t, cache, tokens, tokens),
            GradY = gradients.Mixed,
            GradQ = gradients.QueryKeyValue,
            GradK = gradients.Keys,
            GradV = gradients.Values,
            Scratch = gradients.AttentionScratch,
        });
        RotaryEmbedding.Backward(pass.Device, new RotaryEmbeddingBackwardArguments
        {
            GradQueryKeyValue = gradients.QueryKeyValue,
            Cosine = cache.Cosine,
            Sine = cache.Sine,
            GradKeys = gradients.Keys,
            GradValues = gradients.Values,
            Tokens = tokens,
            QueryHeads = config.NumAttentionHeads,
            KeyHeads = config.NumKeyValueHeads,
            HeadSize = config.HeadSize,
            RotaryDimensions = config.RotaryDimensions,
        });
    }

    // Of the forward; the backward takes them again.
    AttentionArguments Attending(in DecoderTensors t, LayerCache cache, int tokens, int keys) => new()
    {
        Q = t.QueryKeyValue,
        K = cache.Keys,
        V = cache.Values,
        Y = t.Mixed,
        QueryStride = config.QueryKeyValueSize,
        KeyStride = config.NumKeyValueHeads * config.HeadSize,
        Batch = 1,
        Queries = tokens,
        Keys = keys,
        QueryHeads = config.NumAttentionHeads,
        KeyHeads = config.NumKeyValueHeads,
        HeadSize = config.HeadSize,
        Causal = 1,
        Scale = 1 / MathF.Sqrt(config.HeadSize),
    };
}
