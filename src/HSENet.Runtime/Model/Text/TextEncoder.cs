// The text encoder of the contrastive stages: BERT, post-norm, and the projections into the shared space.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Word pieces → last hidden states [tokens, channels] (reference: <c>language_encoder</c>, transformers' BertModel without its
/// pooler).</summary>
sealed partial class TextEncoder
{
    readonly TextEncoderConfig _config;
    readonly string _name;
    readonly Weights _words, _positions;
    readonly View<float> _type, _gradWords, _gradPositions, _gradType;
    readonly long _embeddingDropout;
    readonly LayerNormLayer _norm;
    readonly TextLayer[] _layers;

    public TextEncoder(WeightStore weights, string name, TextEncoderConfig config)
    {
        (_name, _config) = (name, config);
        int channels = config.HiddenSize;
        _words = weights.Matrix($"{name}.embeddings.word_embeddings.weight", config.VocabSize, channels);
        _positions = weights.Matrix($"{name}.embeddings.position_embeddings.weight", config.MaxPositionEmbeddings, channels);
        // Every token is of type 0: a report is one sentence pair's first half.
        _type = weights.Vector($"{name}.embeddings.token_type_embeddings.weight", (long)config.TypeVocabSize * channels).Slice(0, channels);
        _gradWords = weights.Gradient($"{name}.embeddings.word_embeddings.weight");
        _gradPositions = weights.Gradient($"{name}.embeddings.position_embeddings.weight");
        var gradTypes = weights.Gradient($"{name}.embeddings.token_type_embeddings.weight");
        _gradType = gradTypes.IsEmpty ? default : gradTypes.Slice(0, channels);
        _norm = LayerNormLayer.Bind(weights, $"{name}.embeddings.LayerNorm", channels, config.LayerNormEps);
        _embeddingDropout = DropoutSeeds.Site($"{name}.embeddings.dropout");
        _layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(i => new TextLayer(weights, $"{name}.encoder.layer.{i}", config))];
    }

    public readonly record struct Buffers(PlannedBuffer Ids, PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value,
        PlannedBuffer Mixed, PlannedBuffer Hidden);

    public static Buffers Reserve(MemoryPlan plan, TextEncoderConfig config, int tokens)
    {
        using var scope = plan.BeginScope();
        long floats = (long)tokens * config.HiddenSize;
        return new Buffers(
            plan.Reserve("text_encoder.ids", tokens, sizeof(int)),
            plan.Reserve("text_encoder.query", floats), plan.Reserve("text_encoder.key", floats),
                plan.Reserve("text_encoder.value", floats),
            plan.Reserve("text_encoder.mixed", floats), plan.Reserve("text_encoder.mlp", (long)tokens * config.IntermediateSize));
    }

    /// <summary>Encodes ids; keys beyond <paramref name="valid"/> are padding that no query sees. Result in <paramref name="x"/> [tokens,
    /// channels].</summary>
    public void Forward(in Pass pass, Buffers buffers, ReadOnlySpan<int> ids, int valid, View<float> x)
    {
        int tokens = ids.Length, channels = _config.HiddenSize;
        Embed(pass, pass.Arena.Integers(buffers.Ids), ids, x);
        _norm.Forward(pass.Device, x, x, tokens);
        var tensors = new TextTensors(x, pass.Rows(buffers.Query, tokens, channels), pass.Rows(buffers.Key, tokens, channels),
            pass.Rows(buffers.Value, tokens, channels),
            pass.Rows(buffers.Mixed, tokens, channels), x, x, default, pass.Rows(buffers.Hidden, tokens, _config.IntermediateSize), x, x);
        foreach (var layer in _layers)
            layer.Forward(pass, tensors, tokens, valid, default);
        pass.Show(_name, "last_hidden", x);
    }

    /// <summary>Word, position and type embeddings before their norm.</summary>
    void Embed(in Pass pass, View<int> deviceIds, ReadOnlySpan<int> ids, View<float> x)
    {
        pass.Device.Upload(ids, deviceIds.Slice(0, ids.Length));
        TokenEmbedding.Forward(pass.Device, new TokenEmbeddingArguments
        {
            Ids = deviceIds.Slice(0, ids.Length),
            Table = _words,
            Position = _positions,
            Added = _type,
            Y = x,
            Tokens = ids.Length,
            Channels = _config.HiddenSize,
        });
    }
}
