// The decoder-only language model (Phi-4-mini): embeddings with visual tokens in place, layers over a cache, output head.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>Reads token ids and visual tokens, keeps keys and values of all positions, gives logits of the next token.</summary>
sealed partial class LanguageModel
{
    const string Name = "language_model";

    readonly LanguageModelConfig _config;
    readonly Weights _embedding, _head;
    readonly View<float> _gradEmbedding, _gradHead;
    readonly DecoderLayer[] _layers;
    readonly RmsNormLayer _norm;

    public LanguageModel(WeightStore weights, LanguageModelConfig config)
    {
        _config = config;
        _embedding = weights.Matrix($"{Name}.embed_tokens.weight", config.VocabSize, config.HiddenSize);
        _head = config.TieWordEmbeddings ? _embedding
            : weights.Matrix($"{Name}.lm_head.weight", config.VocabSize, config.HiddenSize);
        _layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(i => new DecoderLayer(weights, $"{Name}.layers.{i}", config))];
        _norm = RmsNormLayer.Bind(weights, $"{Name}.norm", config.HiddenSize, config.RmsNormEps);
        _gradEmbedding = weights.Gradient($"{Name}.embed_tokens.weight");
        _gradHead = config.TieWordEmbeddings ? _gradEmbedding : weights.Gradient($"{Name}.lm_head.weight");
    }

    /// <summary>Memory for prompts of up to some tokens and sequences of up to some positions.</summary>
    public sealed record Buffers(
        int Positions, PlannedBuffer Keys, PlannedBuffer Values, PlannedBuffer Cosine, PlannedBuffer Sine,
        PlannedBuffer Ids, PlannedBuffer X, PlannedBuffer Last, PlannedBuffer Logits, DecoderBuffers Layers);

    /// <summary>Reserves caches for <paramref name="positions"/> and scratch for <paramref name="rows"/> tokens at a time.</summary>
    public static Buffers Reserve(MemoryPlan plan, LanguageModelConfig config, int rows, int positions)
    {
        long cache = (long)config.NumHiddenLayers * positions * config.CacheChannels;
        long table = (long)positions * (config.RotaryDimensions / 2);
        return new Buffers(positions,
            plan.ReserveActivations("decoder.key_cache", cache), plan.ReserveActivations("decoder.value_cache", cache),
            plan.Reserve("decoder.cosine", table), plan.Reserve("decoder.sine", table),
            plan.Reserve("decoder.ids", rows, sizeof(int)), plan.Reserve("decoder.x", (long)rows * config.HiddenSize),
            plan.ReserveActivations("decoder.last", config.HiddenSize), plan.Reserve("decoder.logits", config.VocabSize),
            DecoderBuffers.Reserve(plan, config, rows));
    }

    /// <summary>
    /// Fills the rotary tables for a prompt of <paramref name="promptTokens"/>: longer than the original maximum, the long factors hold
    /// for all its positions and for those that follow.
    /// </summary>
    public void Begin(in Pass pass, Buffers buffers, int promptTokens) =>
        UploadTables(pass, pass[buffers.Cosine], pass[buffers.Sine], buffers.Positions, promptTokens);

    void UploadTables(in Pass pass, View<float> cosineTable, View<float> sineTable, int positions, int promptTokens)
    {
        int half = _config.RotaryDimensions / 2;
        float[] factors = _config.RopeScaling is not { } scaling ? [.. Enumerable.Repeat(1f, half)]
            : _config.HasLongFactors(promptTokens) ? scaling.LongFactor : scaling.ShortFactor;
        // Without longrope there is no attention scaling either.
        int maximum = _config.RopeScaling is null ? _config.OriginalMaxPositionEmbeddings : _config.MaxPositionEmbeddings;
        var cosine = new float[positions * half];
        var sine = new float[positions * half];
        RotaryEmbedding.Tables(factors, _config.RopeTheta, maximum, _config.OriginalMaxPositionEmbeddings, cosine, sine);
        pass.Device.Upload<float>(cosine, cosineTable);
        pass.Device.Upload<float>(sine, sineTable);
    }

    /// <summary>Embeds ids, visual tokens [n, C] taking the places from 1 on (position 0 is the begin token), into
    /// <c>Buffers.X</c>.</summary>
    public View<float> Embed(in Pass pass, Buffers buffers, ReadOnlySpan<int> ids, View<float> visual)
    {
        var deviceIds = pass.Arena.Integers(buffers.Ids).Slice(0, ids.Length);
        pass.Device.Upload(ids, deviceIds);
        var x = pass[buffers.X].Slice(0, (long)ids.Length * _config.HiddenSize);
        EmbedOnDevice(pass, deviceIds, visual, x);
        return x;
    }

    void EmbedOnDevice(in Pass pass, View<int> ids, View<float> visual, View<float> x)
    {
        TokenEmbedding.Forward(pass.Device, new TokenEmbeddingArguments
        {
            Ids = ids,
            Table = _embedding,
            Visual = visual,
            Y = x,
            Tokens = (int)ids.Length,
            Channels = _config.HiddenSize,
            VisualStart = visual.IsEmpty ? 0 : 1,
        });
        pass.Show(Name, "inputs_embeds", x);
    }

    /// <summary>Runs all layers over x, whose first row stands at <paramref name="firstPosition"/>; caches grow by its rows.</summary>
    public void Run(in Pass pass, Buffers buffers, View<float> x, int tokens, int firstPosition)
    {
        Activations keys = pass.Activations(buffers.Keys), values = pass.Activations(buffers.Values);
        long layerCache = (long)buffers.Positions * _config.CacheChannels;
        var tensors = buffers.Layers.InPlace(pass, _config, x, tokens);
        var scratch = new AdapterScratch(pass[buffers.Layers.LowRank]);
        for (int i = 0; i < _layers.Length; i++)
        {
            var cache = new LayerCache(keys.Slice(i * layerCache, layerCache), values.Slice(i * layerCache, layerCache),
                pass[buffers.Cosine], pass[buffers.Sine]);
            _layers[i].Forward(pass, tensors, scratch, cache, tokens, firstPosition);
            pass.Advance();
        }
    }

    /// <summary>Logits [vocabulary] after row <paramref name="row"/> of x, in <c>Buffers.Logits</c>.</summary>
    public View<float> Logits(in Pass pass, Buffers buffers, View<float> x, int row)
    {
        var last = pass.Activations(buffers.Last);
        var logits = pass[buffers.Logits];
        _norm.Forward(pass.Device, x.Slice((long)row * _config.HiddenSize, _config.HiddenSize), last, 1);
        Linear.Forward(pass.Device, new LinearArguments
        {
            X = last,
            W = _head,
            Y = logits,
            Rows = 1,
            Inputs = _config.HiddenSize,
            Outputs = _config.VocabSize,
        });
        return logits;
    }
}
