// The decoder with adapters, every layer and all logits, and the long rotary factors, against the reference's tensors.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class DecoderGoldenTests
{
    [Theory, InlineData("host", ActivationType.F32), InlineData("emulator", ActivationType.F32)]
    [InlineData("emulator", ActivationType.BF16)]
    public void Decoder_agrees_in_every_layer(string device, ActivationType activations)
    {
        const string name = "language_model";
        var golden = GoldenFolder.Tensors("tiny/golden/decoder.safetensors");
        var config = TinyModel.Config.LanguageModel;
        int tokens = golden["inputs_embeds"].Shape[1];
        using var decoder = new DecoderRun(config, tokens, device, activations: activations);
        var x = decoder.Run.Write(decoder.Buffers.X, golden["inputs_embeds"].Singles());
        decoder.Model.Begin(decoder.Run.Pass, decoder.Buffers, tokens);
        decoder.Model.Run(decoder.Run.Pass, decoder.Buffers, x, tokens, 0);

        float[] before = golden["inputs_embeds"].Singles();
        for (int i = 0; i < config.NumHiddenLayers; i++)
        {
            string layer = $"layers.{i}";
            float[] attended = decoder.Run.Seen[$"{name}.{layer}.attended"], after = decoder.Run.Seen[$"{name}.{layer}"];
            // Rounded are the norm's output, the product, the rotated, the weights, what they mix; then the norm, gate and up, hidden.
            Check($"{layer}.input_layernorm", decoder.Run.Seen[$"{name}.{layer}.input_layernorm"], 9 * i + 1);
            Check($"{layer}.self_attn", Golden.Minus(attended, before), 9 * i + 6);
            Check($"{layer}.post_attention_layernorm", decoder.Run.Seen[$"{name}.{layer}.post_attention_layernorm"], 9 * i + 7);
            Check($"{layer}.mlp", Golden.Minus(after, attended), 9 * i + 9);
            Check(layer, after, 9 * i + 9);
            before = after;
        }
        var (norms, logits) = decoder.AllLogits(x, 0, tokens);
        Check("norm", norms, 9 * config.NumHiddenLayers + 1);
        Check("logits", logits, 9 * config.NumHiddenLayers + 1);

        void Check(string part, float[] actual, int roundings) =>
            Golden.Equal(part, actual, golden[part].Singles(), Golden.Allowed(activations, roundings));
    }

    [Fact]
    public void Prompts_beyond_the_original_length_use_the_long_factors()
    {
        var golden = GoldenFolder.Tensors("tiny/golden/decoder_long.safetensors");
        int[] ids = [.. golden["input_ids"].Doubles().Select(id => (int)id)];
        var config = TinyModel.Config.LanguageModel;
        Assert.True(ids.Length > config.OriginalMaxPositionEmbeddings);
        using var decoder = new DecoderRun(config, ids.Length);
        var x = decoder.Model.Embed(decoder.Run.Pass, decoder.Buffers, ids, default);
        decoder.Model.Begin(decoder.Run.Pass, decoder.Buffers, ids.Length);
        decoder.Model.Run(decoder.Run.Pass, decoder.Buffers, x, ids.Length, 0);
        int last = golden["logits_last8"].Shape[1];
        Golden.Equal("logits_last8", decoder.AllLogits(x, ids.Length - last, last).Logits, golden["logits_last8"].Singles());
    }

    [Fact]
    public void Decoding_one_token_at_a_time_gives_the_logits_of_the_whole_prompt()
    {
        var golden = GoldenFolder.Tensors("tiny/golden/decoder.safetensors");
        var config = TinyModel.Config.LanguageModel;
        float[] embedded = golden["inputs_embeds"].Singles(), logits = golden["logits"].Singles();
        int tokens = golden["inputs_embeds"].Shape[1], prompt = tokens / 2, channels = config.HiddenSize;
        using var decoder = new DecoderRun(config, tokens);
        decoder.Model.Begin(decoder.Run.Pass, decoder.Buffers, prompt);
        var x = decoder.Run.Write(decoder.Buffers.X, embedded.AsSpan(0, prompt * channels));
        decoder.Model.Run(decoder.Run.Pass, decoder.Buffers, x, prompt, 0);
        for (int position = prompt; position < tokens; position++)
        {
            var row = decoder.Run.Write(decoder.Buffers.X, embedded.AsSpan(position * channels, channels));
            decoder.Model.Run(decoder.Run.Pass, decoder.Buffers, row, 1, position);
            Golden.Equal($"position {position}", decoder.AllLogits(row, 0, 1).Logits,
                logits.AsSpan(position * config.VocabSize, config.VocabSize));
        }
    }
}
