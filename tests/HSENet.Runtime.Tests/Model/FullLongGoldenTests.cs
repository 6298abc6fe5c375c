// The whole full-size model against the reference's tensors, minutes of work: encoders, packers, all decoder layers, the cached path.
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class FullLongGoldenTests
{
    static ModelConfig Config => FullModel.Config;

    [LongFact]
    public void The_whole_model_agrees_from_the_volume_to_the_next_token()
    {
        float[] visual = [.. Branch(1), .. Branch(2)];
        Decode(visual);
    }

    // An encoder and its packer: the visual tokens.
    static float[] Branch(int number)
    {
        var config = Config.Vision;
        string name = $"encoder{number}";
        using var source = new SyntheticSource(ModelTensors.Encoder(config, number), ModelTensors.Projector(Config, number));
        var seen = FullVision.Encode(source.Weights, config, number);
        FullModel.Equal(name, "patch_embedding", seen[$"{name}.patch_embedding"]);
        if (number == 2)
            FullModel.Equal(name, "patch_score_proj",
                [.. seen[$"{name}.patch_scores"].Select(score => (float)Math.Log(score / (1.0 - score)))]);
        for (int i = 0; i < config.NumLayers; i++)
            FullModel.Equal(name, $"blocks.{i}", seen[$"{name}.blocks.{i}"]);
        FullModel.Equal(name, "norm", seen[$"{name}.norm"]);
        var (absorbed, tokens) = FullVision.Pack(source.Weights, number, seen[$"{name}.norm"].AsSpan(config.HiddenSize));
        FullModel.Equal($"packer{number}", "resolution_attention", absorbed);
        FullModel.Equal($"packer{number}", "tokens", tokens);
        return tokens;
    }

    // Layer by layer in one layer's memory: a row of layer i needs only rows of layer i - 1, so the whole prompt goes through a layer, and
    // then the shorter prompt and the single tokens over a cache, before the next layer's weights take the place.
    static void Decode(float[] visual)
    {
        var config = Config.LanguageModel with { NumHiddenLayers = 1 };
        var inputs = FullModel.Json.GetProperty("decoder_inputs");
        int[] ids = [.. inputs.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        int first = inputs.GetProperty("logits_rows_are_positions")[0].GetInt32(), prompt = first + 1, channels = config.HiddenSize;
        var plan = new MemoryPlan();
        var buffers = LanguageModel.Reserve(plan, config, ids.Length, ids.Length);
        var tokens = plan.Reserve("visual", visual.Length);
        using var run = new PartRun(plan);
        using var source = new SyntheticSource(ModelTensors.LanguageModel(config));
        var model = new LanguageModel(source.Weights, config);
        var pass = new Pass(run.Device, run.Pass.Arena);

        float[] whole = run.Read(model.Embed(pass, buffers, ids, run.Write(tokens, visual))), cached = [.. whole];
        FullModel.Equal("decoder", "inputs_embeds", whole);
        model.Begin(pass, buffers, ids.Length);
        for (int i = 0; i < Config.LanguageModel.NumHiddenLayers; i++)
        {
            if (i > 0)
                source.Fill(name => name.Contains(".layers.0.", StringComparison.Ordinal), name =>
                    name.Replace("layers.0.", $"layers.{i}.", StringComparison.Ordinal));
            Layer(whole, 0, ids.Length);
            FullModel.Equal("decoder", $"layers.{i}", whole);
            Layer(cached, 0, prompt);
            for (int position = prompt; position < ids.Length; position++)
                Layer(cached, position, 1);
            FullModel.Equal("decoder", $"layers.{i}", cached);
        }
        foreach (float[] x in (float[][])[whole, cached])
            Head(x);

        void Layer(float[] x, int position, int rows)
        {
            var part = x.AsSpan(position * channels, rows * channels);
            var view = run.Write(buffers.X, part);
            model.Run(pass, buffers, view, rows, position);
            run.Device.Download(view, part);
        }

        void Head(float[] values)
        {
            var x = run.Write(buffers.X, values);
            var normed = run.Pass.Activations(buffers.Layers.Normed);
            LanguageModel.Normalize(pass, config, x, source.Weights.Vector("language_model.norm.weight", channels), normed, ids.Length);
            FullModel.Equal("decoder", "norm", run.Read(normed.Slice(0, x.Length)));
            var logits = new List<float>();
            for (int row = first; row < ids.Length; row++)
            {
                float[] scores = run.Read(model.Logits(pass, buffers, x, row));
                int[] best = [.. Enumerable.Range(0, scores.Length).OrderByDescending(id => scores[id]).Take(8)];
                Assert.Equal(inputs.GetProperty("top8_ids")[row - first].EnumerateArray().Select(id => id.GetInt32()), best);
                logits.AddRange(scores);
            }
            FullModel.Equal("decoder", "logits_from_256", System.Runtime.InteropServices.CollectionsMarshal.AsSpan(logits));
        }
    }
}
