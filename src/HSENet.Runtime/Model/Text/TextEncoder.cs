// The text encoder of the contrastive stages: BERT, post-norm, and the projections into the shared space.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What embedding a text takes.</summary>
/// <param name="Ids">Ids of the tokens, behind them their type's.</param>
/// <param name="Type">[channels] embedding of the type.</param>
readonly record struct EmbeddedTextBuffers(PlannedBuffer Ids, PlannedBuffer Type)
{
    public static EmbeddedTextBuffers Reserve(MemoryPlan plan, string name, TextEncoderConfig config, int tokens) =>
        new(plan.Reserve($"{name}.ids", tokens + 1L, sizeof(int)), plan.Reserve($"{name}.type", config.HiddenSize));
}

/// <summary>Word pieces → last hidden states [tokens, channels] (reference: <c>language_encoder</c>, transformers' BertModel without its
/// pooler).</summary>
sealed partial class TextEncoder
{
    readonly TextEncoderConfig _config;
    readonly string _name;
    readonly Weights _words, _positions, _types;
    readonly View<float> _gradWords, _gradPositions, _gradType;
    readonly long _embeddingDropout;
    readonly LayerNormLayer _norm;
    readonly TextLayer[] _layers;

    public TextEncoder(WeightStore weights, string name, TextEncoderConfig config)
    {
        (_name, _config) = (name, config);
        int channels = config.HiddenSize;
        _words = weights.Matrix($"{name}.embeddings.word_embeddings.weight", config.VocabSize, channels);
        _positions = weights.Matrix($"{name}.embeddings.position_embeddings.weight", config.MaxPositionEmbeddings, channels);
        _types = weights.Matrix($"{name}.embeddings.token_type_embeddings.weight", config.TypeVocabSize, channels);
        _gradWords = weights.Gradient($"{name}.embeddings.word_embeddings.weight");
        _gradPositions = weights.Gradient($"{name}.embeddings.position_embeddings.weight");
        var gradTypes = weights.Gradient($"{name}.embeddings.token_type_embeddings.weight");
        _gradType = gradTypes.IsEmpty ? default : gradTypes.Slice(0, channels);
        _norm = LayerNormLayer.Bind(weights, $"{name}.embeddings.LayerNorm", channels, config.LayerNormEps);
        _embeddingDropout = DropoutSeeds.Site($"{name}.embeddings.dropout");
        _layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(i => new TextLayer(weights, $"{name}.encoder.layer.{i}", config))];
    }

    public readonly record struct Buffers(EmbeddedTextBuffers Embedded, PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value,
        PlannedBuffer Mixed, PlannedBuffer Hidden);

    public static Buffers Reserve(MemoryPlan plan, TextEncoderConfig config, int tokens)
    {
        using var scope = plan.BeginScope();
        long floats = (long)tokens * config.HiddenSize;
        return new Buffers(
            EmbeddedTextBuffers.Reserve(plan, "text_encoder", config, tokens),
            plan.Reserve("text_encoder.query", floats), plan.Reserve("text_encoder.key", floats),
                plan.Reserve("text_encoder.value", floats),
            plan.Reserve("text_encoder.mixed", floats), plan.Reserve("text_encoder.mlp", (long)tokens * config.IntermediateSize));
    }

    /// <summary>Encodes ids; keys beyond <paramref name="valid"/> are padding that no query sees. Result in <paramref name="x"/> [tokens,
    /// channels].</summary>
    public void Forward(in Pass pass, Buffers buffers, ReadOnlySpan<int> ids, int valid, View<float> x)
    {
        int tokens = ids.Length, channels = _config.HiddenSize;
        Embed(pass, buffers.Embedded, ids, x);
        _norm.Forward(pass.Device, x, x, tokens);
        var tensors = new TextTensors(x, pass.Rows(buffers.Query, tokens, channels), pass.Rows(buffers.Key, tokens, channels),
            pass.Rows(buffers.Value, tokens, channels),
            pass.Rows(buffers.Mixed, tokens, channels), x, x, default, pass.Rows(buffers.Hidden, tokens, _config.IntermediateSize), x, x);
        foreach (var layer in _layers)
            layer.Forward(pass, tensors, tokens, valid, default);
        pass.Show(_name, "last_hidden", x);
    }

    /// <summary>Word, position and type embeddings before their norm.</summary>
    void Embed(in Pass pass, EmbeddedTextBuffers buffers, ReadOnlySpan<int> ids, View<float> x)
    {
        // Every token is of type 0: a report is one sentence pair's first half.
        int[] withType = [.. ids, 0];
        View<int> deviceIds = pass.Arena.Integers(buffers.Ids).Slice(0, withType.Length);
        View<float> type = pass[buffers.Type];
        pass.Device.Upload<int>(withType, deviceIds);
        TokenEmbedding.Forward(pass.Device, new TokenEmbeddingArguments
        {
            Ids = deviceIds.Slice(ids.Length, 1),
            Table = _types,
            Y = type,
            Tokens = 1,
            Channels = _config.HiddenSize,
        });
        TokenEmbedding.Forward(pass.Device, new TokenEmbeddingArguments
        {
            Ids = deviceIds.Slice(0, ids.Length),
            Table = _words,
            Position = _positions,
            Added = type,
            Y = x,
            Tokens = ids.Length,
            Channels = _config.HiddenSize,
        });
    }
}
