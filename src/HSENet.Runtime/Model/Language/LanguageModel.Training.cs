// The language model in training: a forward that keeps what backward needs, and the same read upwards.
using HSENet.Kernels;

namespace HSENet.Runtime;

sealed partial class LanguageModel
{
    /// <summary>Label of a position that is not learned.</summary>
    public const int IgnoredLabel = -100;

    /// <summary>Memory of a training step over sequences of up to <paramref name="Rows"/> tokens.</summary>
    /// <param name="Rows">Longest sequence.</param>
    /// <param name="Checkpointing">Whether only the inputs of layers are kept and the rest is computed again.</param>
    /// <param name="Cosine">Rotary table.</param>
    /// <param name="Sine">Rotary table.</param>
    /// <param name="Ids">Token ids.</param>
    /// <param name="Inputs">[rows, channels] of each layer, and the output of the last one.</param>
    /// <param name="Layers">What each layer keeps.</param>
    /// <param name="Grad">[rows, channels] gradient on its way back.</param>
    /// <param name="Head">Of the loss.</param>
    /// <param name="Gradients">Inside a layer.</param>
    /// <param name="Adapters">Of all adapters.</param>
    public sealed record TrainingBuffers(
        int Rows, bool Checkpointing, PlannedBuffer Cosine, PlannedBuffer Sine, PlannedBuffer Ids, PlannedBuffer[] Inputs,
            KeptBuffers[] Layers, PlannedBuffer Grad,
        HeadBuffers Head, DecoderGradientBuffers Gradients, AdapterBuffers Adapters);

    /// <summary>Memory of the loss: labels, losses, states after the final norm and their gradient.</summary>
    public readonly record struct HeadBuffers(PlannedBuffer Labels, PlannedBuffer Losses, PlannedBuffer Normed, PlannedBuffer GradNormed,
        PlannedBuffer Scratch, PlannedBuffer NormScratch);

    /// <summary>Plans the memory of the forward that keeps its tensors and of <see cref="Backward"/>.</summary>
    /// <param name="plan">Where.</param>
    /// <param name="config">Sizes.</param>
    /// <param name="rows">Longest sequence.</param>
    /// <param name="checkpointing">Whether only the inputs of layers are kept.</param>
    /// <param name="dropout">Whether adapters drop parts of their input.</param>
    public static TrainingBuffers ReserveTraining(MemoryPlan plan, LanguageModelConfig config, int rows, bool checkpointing, bool dropout)
    {
        long table = (long)rows * (config.RotaryDimensions / 2), channels = (long)rows * config.HiddenSize;
        var (cosine, sine, ids) = (plan.Reserve("decoder.cosine", table), plan.Reserve("decoder.sine", table),
            plan.Reserve("decoder.ids", rows, sizeof(int)));
        PlannedBuffer[] inputs = [.. Enumerable.Range(0, config.NumHiddenLayers + 1)
            .Select(i => plan.Reserve($"decoder.layers.{i}.input", channels))];
        var layers = new KeptBuffers[config.NumHiddenLayers];
        for (int i = 0; i < layers.Length; i++)
            layers[i] = checkpointing && i > 0 ? layers[0]
                : KeptBuffers.Reserve(plan, checkpointing ? "decoder.layer" : $"decoder.layers.{i}", config, rows);
        var grad = plan.Reserve("decoder.grad", channels);
        // The loss is over before the last layer goes back.
        HeadBuffers head;
        using (plan.BeginScope())
            head = new HeadBuffers(plan.Reserve("decoder.labels", rows, sizeof(int)), plan.Reserve("decoder.losses", rows),
                plan.Reserve("decoder.head_normed", channels),
                plan.Reserve("decoder.grad_head_normed", channels),
                    plan.Reserve("decoder.head_scratch", CrossEntropy.ScratchLength(rows, config.HiddenSize, config.VocabSize)),
                plan.Reserve("decoder.head_norm_scratch", RmsNorm.BackwardScratch(rows, config.HiddenSize)));
        return new TrainingBuffers(rows, checkpointing, cosine, sine, ids, inputs, layers, grad, head,
            DecoderGradientBuffers.Reserve(plan, config, rows), AdapterBuffers.Reserve(plan, config, rows, dropout));
    }

    /// <summary>One training sequence on its way through the model.</summary>
    /// <param name="Buffers">Its memory.</param>
    /// <param name="Tokens">Its length.</param>
    /// <param name="Seeds">Of its dropouts.</param>
    /// <param name="DropoutRate">Of the adapters.</param>
    public readonly record struct Sequence(TrainingBuffers Buffers, int Tokens, DropoutSeeds Seeds = default, float DropoutRate = 0);

    /// <summary>Embeds ids, visual tokens in place from position 1 on, and runs all layers. Returns the output, [tokens,
    /// channels].</summary>
    public View<float> ForwardKeeping(in Pass pass, in Sequence sequence, ReadOnlySpan<int> ids, View<float> visual)
    {
        var buffers = sequence.Buffers;
        var deviceIds = pass.Arena.Integers(buffers.Ids).Slice(0, ids.Length);
        pass.Device.Upload(ids, deviceIds);
        var input = pass.Rows(buffers.Inputs[0], ids.Length, _config.HiddenSize);
        EmbedOnDevice(pass, deviceIds, visual, input);
        return ForwardKeeping(pass, sequence, input);
    }

    /// <summary>Runs all layers over the embedded tokens, which lie in the input of the first.</summary>
    public View<float> ForwardKeeping(in Pass pass, in Sequence sequence, View<float> embedded)
    {
        var buffers = sequence.Buffers;
        // The reference pads every sample to the longest length, and the padded length decides which rotary factors hold.
        UploadTables(pass, pass[buffers.Cosine], pass[buffers.Sine], buffers.Rows, promptTokens: buffers.Rows);
        for (int i = 0; i < _layers.Length; i++)
            _layers[i].Forward(pass, Tensors(pass, sequence, i), Scratch(pass, sequence), Cache(pass, sequence, i), sequence.Tokens, 0);
        return pass.Rows(buffers.Inputs[^1], sequence.Tokens, _config.HiddenSize);
    }

    /// <summary>
    /// The sum of the cross entropies after a forward, and its gradient, times <paramref name="scale"/>, in
    /// <see cref="TrainingBuffers.Grad"/>. The
    /// label of a position is learned from the position before it. Waits for the device.
    /// </summary>
    /// <param name="pass">What it runs on.</param>
    /// <param name="sequence">The sequence that went forward.</param>
    /// <param name="labels">As long as the sequence; negative: not learned.</param>
    /// <param name="scale">Of the gradient; null: none is wanted.</param>
    public double Loss(in Pass pass, in Sequence sequence, ReadOnlySpan<int> labels, float? scale)
    {
        var (buffers, head, channels) = (sequence.Buffers, sequence.Buffers.Head, _config.HiddenSize);
        // What stands before the first label has no loss: visual tokens and question as a rule.
        int first = Math.Max(0, labels[1..].IndexOfAnyInRange(0, int.MaxValue)), count = sequence.Tokens - first;
        var shifted = new int[count];
        labels[(first + 1)..].CopyTo(shifted);
        shifted[^1] = IgnoredLabel;
        var deviceLabels = pass.Arena.Integers(head.Labels).Slice(0, count);
        pass.Device.Upload<int>(shifted, deviceLabels);

        var output = pass.Rows(buffers.Inputs[^1], sequence.Tokens, channels).Slice((long)first * channels, (long)count * channels);
        View<float> normed = pass.Rows(head.Normed, count, channels),
            gradNormed = scale is null ? default : pass.Rows(head.GradNormed, count, channels);
        _norm.Forward(pass.Device, output, normed, count);
        View<float> losses = pass[head.Losses].Slice(0, count),
            scratch = pass[head.Scratch].Slice(0, CrossEntropy.ScratchLength(count, channels, _config.VocabSize));
        CrossEntropy.Forward(pass.Device, new CrossEntropyArguments
        {
            X = normed,
            Head = _head,
            Labels = deviceLabels,
            Losses = losses,
            GradX = gradNormed,
            Scratch = scratch,
            Tokens = count,
            Channels = channels,
            Vocabulary = _config.VocabSize,
            Scale = scale ?? 1,
        });
        if (scale is not null)
        {
            var grad = pass.Rows(buffers.Grad, sequence.Tokens, channels);
            pass.Device.Clear(grad.Slice(0, (long)first * channels).As<byte>());
            _norm.Backward(pass.Device, output, gradNormed, grad.Slice((long)first * channels, (long)count * channels),
                pass[head.NormScratch], count);
            if (!_gradHead.IsEmpty)
                CrossEntropy.Backward(pass.Device, new CrossEntropyBackwardArguments
                {
                    X = normed,
                    Head = _head,
                    Labels = deviceLabels,
                    Losses = losses,
                    GradHead = _gradHead,
                    Scratch = scratch,
                    Tokens = count,
                    Channels = channels,
                    Vocabulary = _config.VocabSize,
                    Scale = scale.Value,
                });
        }
        var values = new float[count];
        pass.Device.Download(losses, values);
        double sum = 0;
        foreach (float loss in values)
            sum += loss;
        return sum;
    }

    /// <summary>
    /// Turns the gradient of the output, in <see cref="TrainingBuffers.Grad"/>, into the gradient of the embedded tokens, in place; the
    /// gradients of visual tokens are its rows from 1 on. An embedding table that is trained takes part only where there are none.
    /// </summary>
    public View<float> Backward(in Pass pass, in Sequence sequence)
    {
        var buffers = sequence.Buffers;
        var grad = pass.Rows(buffers.Grad, sequence.Tokens, _config.HiddenSize);
        var gradients = buffers.Gradients.Views(pass, _config, sequence.Tokens);
        for (int i = _layers.Length - 1; i >= 0; i--)
        {
            // What the last layer computed is still there.
            var tensors = Tensors(pass, sequence, i) with { Output = default };
            if (buffers.Checkpointing && i < _layers.Length - 1)
                _layers[i].Forward(pass, tensors, Scratch(pass, sequence), Cache(pass, sequence, i), sequence.Tokens, 0);
            _layers[i].Backward(pass, tensors, Scratch(pass, sequence), Cache(pass, sequence, i), gradients, grad, sequence.Tokens);
        }
        if (!_gradEmbedding.IsEmpty)
            TokenEmbedding.Backward(pass.Device, new TokenEmbeddingBackwardArguments
            {
                Ids = pass.Arena.Integers(buffers.Ids).Slice(0, sequence.Tokens),
                GradY = grad,
                GradTable = _gradEmbedding,
                Tokens = sequence.Tokens,
                Channels = _config.HiddenSize,
                Vocabulary = _config.VocabSize,
            });
        return grad;
    }

    DecoderTensors Tensors(in Pass pass, in Sequence sequence, int layer)
    {
        var buffers = sequence.Buffers;
        return buffers.Layers[layer].Tensors(pass, _config, pass.Rows(buffers.Inputs[layer], sequence.Tokens, _config.HiddenSize),
            pass.Rows(buffers.Inputs[layer + 1], sequence.Tokens, _config.HiddenSize), sequence.Tokens);
    }

    LayerCache Cache(in Pass pass, in Sequence sequence, int layer)
    {
        var (buffers, width) = (sequence.Buffers, _config.NumKeyValueHeads * _config.HeadSize);
        return new LayerCache(pass.Rows(buffers.Layers[layer].Keys, sequence.Tokens, width),
            pass.Rows(buffers.Layers[layer].Values, sequence.Tokens, width),
            pass[buffers.Cosine], pass[buffers.Sine]);
    }

    static AdapterScratch Scratch(in Pass pass, in Sequence sequence) =>
        sequence.Buffers.Adapters.Scratch(pass, sequence.Seeds, sequence.DropoutRate);
}
