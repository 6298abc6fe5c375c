// The text encoder in training: a forward that keeps what backward needs, and the same read upwards.
using HSENet.Kernels;

namespace HSENet.Runtime;

/// <summary>What a layer keeps for its backward.</summary>
readonly record struct KeptTextLayer(
    PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value, PlannedBuffer Mixed, PlannedBuffer Attended, PlannedBuffer Normed,
        PlannedBuffer Up, PlannedBuffer Hidden,
    PlannedBuffer Summed)
{
    public static KeptTextLayer Reserve(MemoryPlan plan, string name, TextEncoderConfig config, long tokens)
    {
        long channels = tokens * config.HiddenSize, intermediate = tokens * config.IntermediateSize;
        return new KeptTextLayer(
            plan.Reserve($"{name}.query", channels), plan.Reserve($"{name}.key", channels), plan.Reserve($"{name}.value", channels),
                plan.Reserve($"{name}.mixed", channels),
            plan.Reserve($"{name}.attended", channels), plan.Reserve($"{name}.normed", channels), plan.Reserve($"{name}.up", intermediate),
            plan.Reserve($"{name}.mlp", intermediate), plan.Reserve($"{name}.summed", channels));
    }

    public TextTensors Tensors(in Pass pass, TextEncoderConfig config, View<float> input, View<float> output, int tokens) => new(
        input, pass.Rows(Query, tokens, config.HiddenSize), pass.Rows(Key, tokens, config.HiddenSize),
            pass.Rows(Value, tokens, config.HiddenSize),
        pass.Rows(Mixed, tokens, config.HiddenSize), pass.Rows(Attended, tokens, config.HiddenSize),
            pass.Rows(Normed, tokens, config.HiddenSize),
        pass.Rows(Up, tokens, config.IntermediateSize), pass.Rows(Hidden, tokens, config.IntermediateSize),
            pass.Rows(Summed, tokens, config.HiddenSize), output);
}

/// <summary>Gradients inside a layer.</summary>
readonly record struct TextGradientBuffers(
    PlannedBuffer Summed, PlannedBuffer Dropped, PlannedBuffer Mixed, PlannedBuffer Query, PlannedBuffer Key, PlannedBuffer Value,
        PlannedBuffer Hidden,
    PlannedBuffer AttentionScratch, PlannedBuffer NormScratch)
{
    public static TextGradientBuffers Reserve(MemoryPlan plan, string name, TextEncoderConfig config, int tokens, bool dropout)
    {
        long channels = (long)tokens * config.HiddenSize;
        return new TextGradientBuffers(
            plan.Reserve($"{name}.grad_summed", channels), plan.Reserve($"{name}.grad_dropped", dropout ? channels : 0),
                plan.Reserve($"{name}.grad_mixed", channels),
            plan.Reserve($"{name}.grad_query", channels), plan.Reserve($"{name}.grad_key", channels),
                plan.Reserve($"{name}.grad_value", channels),
            plan.Reserve($"{name}.grad_mlp", (long)tokens * config.IntermediateSize),
            plan.Reserve($"{name}.attention_scratch", Attention.BackwardScratch(1, config.NumAttentionHeads, tokens)),
            plan.Reserve($"{name}.norm_scratch", LayerNorm.BackwardScratch(tokens, config.HiddenSize)));
    }

    public TextGradients Views(in Pass pass, TextEncoderConfig config, int tokens) => new(
        pass.Rows(Summed, tokens, config.HiddenSize), Dropped.Bytes == 0 ? default : pass.Rows(Dropped, tokens, config.HiddenSize),
            pass.Rows(Mixed, tokens, config.HiddenSize),
        pass.Rows(Query, tokens, config.HiddenSize), pass.Rows(Key, tokens, config.HiddenSize), pass.Rows(Value, tokens, config.HiddenSize),
        pass.Rows(Hidden, tokens, config.IntermediateSize),
            pass[AttentionScratch].Slice(0, Attention.BackwardScratch(1, config.NumAttentionHeads, tokens)), pass[NormScratch]);
}

sealed partial class TextEncoder
{
    /// <summary>Memory of a training step over texts of up to some tokens.</summary>
    /// <param name="Checkpointing">Whether only the inputs of layers are kept and the rest is computed again.</param>
    /// <param name="Text">Of embedding.</param>
    /// <param name="Embedded">[tokens, channels] before the first norm.</param>
    /// <param name="Inputs">[tokens, channels] of each layer, and the output of the last one.</param>
    /// <param name="Layers">What each layer keeps; one for all with checkpointing.</param>
    /// <param name="Grad">[tokens, channels] gradient on its way back.</param>
    /// <param name="Gradients">Inside a layer.</param>
    public sealed record TrainingBuffers(
        bool Checkpointing, EmbeddedTextBuffers Text, PlannedBuffer Embedded, PlannedBuffer[] Inputs, KeptTextLayer[] Layers,
            PlannedBuffer Grad, TextGradientBuffers Gradients);

    /// <summary>Plans the memory of <see cref="ForwardKeeping"/> and <see cref="Backward"/> for texts of up to
    /// <paramref name="tokens"/>.</summary>
    public static TrainingBuffers ReserveTraining(MemoryPlan plan, string name, TextEncoderConfig config, int tokens, bool checkpointing,
        bool dropout)
    {
        long channels = (long)tokens * config.HiddenSize;
        var (text, embedded) = (EmbeddedTextBuffers.Reserve(plan, name, config, tokens), plan.Reserve($"{name}.embedded", channels));
        PlannedBuffer[] inputs = [.. Enumerable.Range(0, config.NumHiddenLayers + 1)
            .Select(i => plan.Reserve($"{name}.layers.{i}.input", channels))];
        var layers = new KeptTextLayer[config.NumHiddenLayers];
        for (int i = 0; i < layers.Length; i++)
            layers[i] = checkpointing && i > 0 ? layers[0]
                : KeptTextLayer.Reserve(plan, checkpointing ? $"{name}.layer" : $"{name}.layers.{i}", config, tokens);
        return new TrainingBuffers(checkpointing, text, embedded, inputs, layers, plan.Reserve($"{name}.grad", channels),
            TextGradientBuffers.Reserve(plan, name, config, tokens, dropout));
    }

    /// <summary>One text on its way through the encoder.</summary>
    /// <param name="Buffers">Its memory.</param>
    /// <param name="Tokens">Its length without padding, which changes nothing that is read: no query sees it.</param>
    /// <param name="Dropout">Of embeddings, attention probabilities and both projections.</param>
    public readonly record struct Sequence(TrainingBuffers Buffers, int Tokens, AttentionDropout Dropout = default);

    /// <summary>Encodes ids without padding. Returns the last hidden states, [tokens, channels], CLS first.</summary>
    public View<float> ForwardKeeping(in Pass pass, in Sequence sequence, ReadOnlySpan<int> ids)
    {
        var (buffers, tokens) = (sequence.Buffers, sequence.Tokens);
        View<float> embedded = Rows(pass, buffers.Embedded, tokens), input = Rows(pass, buffers.Inputs[0], tokens);
        Embed(pass, buffers.Text, ids, embedded);
        _norm.Forward(pass.Device, embedded, input, tokens);
        if (sequence.Dropout.Rate > 0)
            sequence.Dropout.Apply(pass.Device, _embeddingDropout, input, default, input);
        for (int i = 0; i < _layers.Length; i++)
            ForwardLayer(pass, sequence, i);
        return Hidden(pass, sequence);
    }

    /// <summary>The last hidden states of the forward, [tokens, channels].</summary>
    public View<float> Hidden(in Pass pass, in Sequence sequence) => Rows(pass, sequence.Buffers.Inputs[^1], sequence.Tokens);

    /// <summary>The gradient of the last hidden states, [tokens, channels]: to be filled before <see cref="Backward"/>, which overwrites
    /// it.</summary>
    public View<float> Grad(in Pass pass, in Sequence sequence) => Rows(pass, sequence.Buffers.Grad, sequence.Tokens);

    /// <summary>Adds to the gradients of all weights that are trained, given <see cref="Grad"/>.</summary>
    public void Backward(in Pass pass, in Sequence sequence)
    {
        var (buffers, tokens) = (sequence.Buffers, sequence.Tokens);
        var grad = Grad(pass, sequence);
        var gradients = buffers.Gradients.Views(pass, _config, tokens);
        for (int i = _layers.Length - 1; i >= 0; i--)
        {
            // What the last layer computed is still there.
            if (buffers.Checkpointing && i < _layers.Length - 1)
                ForwardLayer(pass, sequence, i);
            _layers[i].Backward(pass, Tensors(pass, sequence, i), gradients, grad, tokens, sequence.Dropout);
        }
        if (sequence.Dropout.Rate > 0)
            sequence.Dropout.Apply(pass.Device, _embeddingDropout, grad, default, grad);
        _norm.Backward(pass.Device, Rows(pass, buffers.Embedded, tokens), grad, gradients.Summed, gradients.NormScratch, tokens);
        if (_gradWords.IsEmpty && _gradPositions.IsEmpty && _gradType.IsEmpty)
            return;
        TokenEmbedding.Backward(pass.Device, new TokenEmbeddingBackwardArguments
        {
            Ids = pass.Arena.Integers(buffers.Text.Ids).Slice(0, tokens),
            GradY = gradients.Summed,
            GradTable = _gradWords,
            GradPosition = _gradPositions,
            GradAdded = _gradType,
            Tokens = tokens,
            Channels = _config.HiddenSize,
            Vocabulary = _config.VocabSize,
        });
    }

    void ForwardLayer(in Pass pass, in Sequence sequence, int layer) =>
        _layers[layer].Forward(pass, Tensors(pass, sequence, layer), sequence.Tokens, sequence.Tokens, sequence.Dropout);

    TextTensors Tensors(in Pass pass, in Sequence sequence, int layer) => sequence.Buffers.Layers[layer].Tensors(pass, _config,
        Rows(pass, sequence.Buffers.Inputs[layer], sequence.Tokens), Rows(pass, sequence.Buffers.Inputs[layer + 1], sequence.Tokens),
            sequence.Tokens);

    View<float> Rows(in Pass pass, PlannedBuffer buffer, int tokens) => pass.Rows(buffer, tokens, _config.HiddenSize);
}
