// A decoder layer of the language model: x += attention(norm(x)); x += swiglu-mlp(norm(x)) (transformers' Phi3DecoderLayer).
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Scratch memory that all layers share, for a number of rows (tokens in flight).</summary>
readonly record struct DecoderBuffers(
    PlannedBuffer Normed, PlannedBuffer QueryKeyValue, PlannedBuffer Mixed, PlannedBuffer GateUp, PlannedBuffer Hidden, PlannedBuffer LowRank)
{
    public static DecoderBuffers Reserve(MemoryPlan plan, LanguageModelConfig config, long rows) => new(
        plan.Reserve("decoder.normed", rows * config.HiddenSize),
        plan.Reserve("decoder.qkv", rows * config.QueryKeyValueSize),
        plan.Reserve("decoder.mixed", rows * config.NumAttentionHeads * config.HeadSize),
        plan.Reserve("decoder.gate_up", config.Lora is null ? 0 : rows * 2 * config.IntermediateSize),
        plan.Reserve("decoder.mlp", rows * config.IntermediateSize),
        plan.Reserve("decoder.lora", config.Lora is { } lora ? rows * lora.R : 0));
}

/// <summary>Keys and values of all earlier positions of one layer, and the rotary tables.</summary>
readonly record struct LayerCache(View<float> Keys, View<float> Values, View<float> Cosine, View<float> Sine);

/// <summary>One layer with its weights.</summary>
sealed class DecoderLayer(WeightStore weights, string name, LanguageModelConfig config)
{
    readonly View<float> _inputNorm = weights.Vector($"{name}.input_layernorm.weight", config.HiddenSize);
    readonly AdaptedLinear _queryKeyValue = new(weights, $"{name}.self_attn.qkv_proj", config.HiddenSize, config.QueryKeyValueSize, config.Lora);
    readonly AdaptedLinear _out = new(weights, $"{name}.self_attn.o_proj", config.NumAttentionHeads * config.HeadSize, config.HiddenSize, config.Lora);
    readonly View<float> _mlpNorm = weights.Vector($"{name}.post_attention_layernorm.weight", config.HiddenSize);
    readonly AdaptedLinear _gateUp = new(weights, $"{name}.mlp.gate_up_proj", config.HiddenSize, 2 * config.IntermediateSize, config.Lora);
    readonly AdaptedLinear _down = new(weights, $"{name}.mlp.down_proj", config.IntermediateSize, config.HiddenSize, config.Lora);

    /// <summary>Adds both halves of the layer to x, [tokens, channels], whose first row stands at <paramref name="firstPosition"/>.</summary>
    public void Forward(in Pass pass, DecoderBuffers buffers, LayerCache cache, View<float> x, int tokens, int firstPosition)
    {
        View<float> normed = Rows(pass[buffers.Normed], tokens, config.HiddenSize), lowRank = pass[buffers.LowRank];
        Normalize(pass, x, _inputNorm, normed, tokens);
        pass.Show(name, "input_layernorm", normed);
        Attend(pass, buffers, cache, normed, x, tokens, firstPosition);
        pass.Show(name, "attended", x);

        Normalize(pass, x, _mlpNorm, normed, tokens);
        pass.Show(name, "post_attention_layernorm", normed);
        var hidden = Rows(pass[buffers.Hidden], tokens, config.IntermediateSize);
        if (_gateUp.Adapted)
        {
            var gateUp = Rows(pass[buffers.GateUp], tokens, 2 * config.IntermediateSize);
            _gateUp.Forward(pass, lowRank, normed, gateUp, tokens);
            SwiGlu.Forward(pass.Device, new SwiGluArguments { GateUp = gateUp, Y = hidden, Rows = tokens, Channels = config.IntermediateSize });
        }
        else
            _gateUp.Forward(pass, lowRank, normed, hidden, tokens, activation: LinearActivation.SwiGlu);
        _down.Forward(pass, lowRank, hidden, x, tokens, residual: x);
        pass.Show(name, x);
    }

    void Attend(in Pass pass, DecoderBuffers buffers, LayerCache cache, View<float> normed, View<float> x, int tokens, int firstPosition)
    {
        int headSize = config.HeadSize, keyWidth = config.NumKeyValueHeads * headSize;
        View<float> qkv = Rows(pass[buffers.QueryKeyValue], tokens, config.QueryKeyValueSize);
        View<float> mixed = Rows(pass[buffers.Mixed], tokens, config.NumAttentionHeads * headSize), lowRank = pass[buffers.LowRank];
        _queryKeyValue.Forward(pass, lowRank, normed, qkv, tokens);
        RotaryEmbedding.Forward(pass.Device, new RotaryEmbeddingArguments
        {
            QueryKeyValue = qkv,
            Cosine = cache.Cosine,
            Sine = cache.Sine,
            KeyCache = cache.Keys,
            ValueCache = cache.Values,
            Tokens = tokens,
            FirstPosition = firstPosition,
            QueryHeads = config.NumAttentionHeads,
            KeyHeads = config.NumKeyValueHeads,
            HeadSize = headSize,
            RotaryDimensions = config.RotaryDimensions,
        });
        Attention.Forward(pass.Device, new AttentionArguments
        {
            Q = qkv,
            K = cache.Keys,
            V = cache.Values,
            Y = mixed,
            QueryStride = config.QueryKeyValueSize,
            KeyStride = keyWidth,
            Batch = 1,
            Queries = tokens,
            Keys = firstPosition + tokens,
            QueryHeads = config.NumAttentionHeads,
            KeyHeads = config.NumKeyValueHeads,
            HeadSize = headSize,
            Causal = 1,
            Scale = 1 / MathF.Sqrt(headSize),
        });
        _out.Forward(pass, lowRank, mixed, x, tokens, residual: x);
    }

    void Normalize(in Pass pass, View<float> x, View<float> gamma, View<float> y, int tokens) =>
        LanguageModel.Normalize(pass, config, x, gamma, y, tokens);

    static View<float> Rows(View<float> buffer, int rows, int columns) => buffer.Slice(0, (long)rows * columns);
}
