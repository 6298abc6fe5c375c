// The text encoder of the contrastive stages: BERT, post-norm, and the projections into the shared space.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Word pieces → last hidden states [tokens, channels] (reference: <c>language_encoder</c>, transformers' BertModel without its pooler).</summary>
sealed class TextEncoder
{
    readonly TextEncoderConfig _config;
    readonly string _name;
    readonly Weights _words, _positions;
    readonly View<float> _type;
    readonly LayerNormLayer _norm;
    readonly Layer[] _layers;

    public TextEncoder(WeightStore weights, string name, TextEncoderConfig config)
    {
        (_name, _config) = (name, config);
        int channels = config.HiddenSize;
        _words = weights.Matrix($"{name}.embeddings.word_embeddings.weight", config.VocabSize, channels);
        _positions = weights.Matrix($"{name}.embeddings.position_embeddings.weight", config.MaxPositionEmbeddings, channels);
        // Every token is of type 0: a report is one sentence pair's first half.
        _type = weights.Vector($"{name}.embeddings.token_type_embeddings.weight", (long)config.TypeVocabSize * channels).Slice(0, channels);
        _norm = LayerNormLayer.Bind(weights, $"{name}.embeddings.LayerNorm", channels, config.LayerNormEps);
        _layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(i => new Layer(weights, $"{name}.encoder.layer.{i}", config))];
    }

    public readonly record struct Buffers(PlannedBuffer Ids, PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value, PlannedBuffer Mixed, PlannedBuffer Hidden);

    public static Buffers Reserve(MemoryPlan plan, TextEncoderConfig config, int tokens)
    {
        using var scope = plan.BeginScope();
        long floats = (long)tokens * config.HiddenSize;
        return new Buffers(
            plan.Reserve("text_encoder.ids", tokens, sizeof(int)),
            plan.Reserve("text_encoder.query", floats), plan.Reserve("text_encoder.key", floats), plan.Reserve("text_encoder.value", floats),
            plan.Reserve("text_encoder.mixed", floats), plan.Reserve("text_encoder.mlp", (long)tokens * config.IntermediateSize));
    }

    /// <summary>Encodes ids; keys beyond <paramref name="valid"/> are padding that no query sees. Result in <paramref name="x"/> [tokens, channels].</summary>
    public void Forward(in Pass pass, Buffers buffers, ReadOnlySpan<int> ids, int valid, View<float> x)
    {
        var deviceIds = pass.Arena.Integers(buffers.Ids).Slice(0, ids.Length);
        pass.Device.Upload(ids, deviceIds);
        TokenEmbedding.Forward(pass.Device, new TokenEmbeddingArguments
        {
            Ids = deviceIds,
            Table = _words,
            Position = _positions,
            Added = _type,
            Y = x,
            Tokens = ids.Length,
            Channels = _config.HiddenSize,
        });
        _norm.Forward(pass.Device, x, x, ids.Length);
        foreach (var layer in _layers)
            layer.Forward(pass, buffers, x, ids.Length, valid);
        pass.Show(_name, "last_hidden", x);
    }

    /// <summary>x = norm(x + attention(x)); x = norm(x + mlp(x)).</summary>
    sealed class Layer(WeightStore weights, string name, TextEncoderConfig config)
    {
        readonly LinearLayer _query = LinearLayer.Bind(weights, $"{name}.attention.self.query", config.HiddenSize, config.HiddenSize);
        readonly LinearLayer _key = LinearLayer.Bind(weights, $"{name}.attention.self.key", config.HiddenSize, config.HiddenSize);
        readonly LinearLayer _value = LinearLayer.Bind(weights, $"{name}.attention.self.value", config.HiddenSize, config.HiddenSize);
        readonly LinearLayer _out = LinearLayer.Bind(weights, $"{name}.attention.output.dense", config.HiddenSize, config.HiddenSize);
        readonly LayerNormLayer _norm1 = LayerNormLayer.Bind(weights, $"{name}.attention.output.LayerNorm", config.HiddenSize, config.LayerNormEps);
        readonly LinearLayer _up = LinearLayer.Bind(weights, $"{name}.intermediate.dense", config.HiddenSize, config.IntermediateSize);
        readonly LinearLayer _down = LinearLayer.Bind(weights, $"{name}.output.dense", config.IntermediateSize, config.HiddenSize);
        readonly LayerNormLayer _norm2 = LayerNormLayer.Bind(weights, $"{name}.output.LayerNorm", config.HiddenSize, config.LayerNormEps);

        public void Forward(in Pass pass, Buffers buffers, View<float> x, int tokens, int valid)
        {
            var device = pass.Device;
            int channels = config.HiddenSize, headSize = channels / config.NumAttentionHeads;
            long floats = (long)tokens * channels;
            View<float> query = pass[buffers.Query].Slice(0, floats), key = pass[buffers.Key].Slice(0, floats), value = pass[buffers.Value].Slice(0, floats);
            View<float> mixed = pass[buffers.Mixed].Slice(0, floats), hidden = pass[buffers.Hidden].Slice(0, (long)tokens * config.IntermediateSize);
            _query.Forward(device, x, query, tokens);
            _key.Forward(device, x, key, tokens);
            _value.Forward(device, x, value, tokens);
            Attention.Forward(device, new AttentionArguments
            {
                Q = query,
                K = key,
                V = value,
                Y = mixed,
                QueryStride = channels,
                KeyStride = channels,
                Batch = 1,
                Queries = tokens,
                Keys = valid,
                QueryHeads = config.NumAttentionHeads,
                KeyHeads = config.NumAttentionHeads,
                HeadSize = headSize,
                Scale = 1 / MathF.Sqrt(headSize),
            });
            _out.Forward(device, mixed, x, tokens, residual: x);
            _norm1.Forward(device, x, x, tokens);
            _up.Forward(device, x, hidden, tokens, activation: LinearActivation.Gelu);
            _down.Forward(device, hidden, x, tokens, residual: x);
            _norm2.Forward(device, x, x, tokens);
        }
    }
}
