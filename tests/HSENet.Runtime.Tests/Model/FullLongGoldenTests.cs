// The whole full-size model against the reference's tensors, minutes of work: encoders, packers, all decoder layers, the cached path.
using HSENet.Kernels;
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
        Decode(PartRun.Host, ActivationType.F32, Exact, visual);
    }

    // In bf16 each part starts from what is exact, as the reference's own bf16 runs do, and no tensor may err more than theirs. The
    // emulator checks every access.

    [LongFact]
    public void Slice_encoder_errs_in_bf16_no_more_than_the_reference_s_own_run()
    {
        using var emulator = new EmulatorDevice();
        using var source = new SyntheticSource(emulator, ModelTensors.SliceEncoder(Config.SliceEncoder!));
        FullVision.Slices(source.Weights, ActivationType.BF16, FullModel.NoWorse);
    }

    [LongTheory, InlineData(1), InlineData(2)]
    public void Encoder_and_packer_err_in_bf16_no_more_than_the_reference_s_own_run(int number)
    {
        using var emulator = new EmulatorDevice();
        using var source = new SyntheticSource(emulator, ModelTensors.Encoder(Config.Vision, number),
            ModelTensors.Projector(Config, number));
        float[] features = Encoder(new WeightStore(PartRun.Host, source.Tensors), number, ActivationType.F32, Exact);
        Packer(source.Weights, number, features, ActivationType.BF16, FullModel.NoWorse);
        Encoder(source.Weights, number, ActivationType.BF16, FullModel.NoWorse);
    }

    [LongFact]
    public void Decoder_errs_in_bf16_no_more_than_the_reference_s_own_run()
    {
        using var emulator = new EmulatorDevice();
        Decode(emulator, ActivationType.BF16, FullModel.NoWorse, [.. Branch(1), .. Branch(2)]);
    }

    static void Exact(string part, string name, ReadOnlySpan<float> actual) => FullModel.Equal(part, name, actual);

    // An encoder and its packer: the visual tokens.
    static float[] Branch(int number)
    {
        using var source = new SyntheticSource(ModelTensors.Encoder(Config.Vision, number), ModelTensors.Projector(Config, number));
        return Packer(source.Weights, number, Encoder(source.Weights, number, ActivationType.F32, Exact), ActivationType.F32, Exact);
    }

    // The features of the patches.
    static float[] Encoder(WeightStore weights, int number, ActivationType activations, FullVision.Check check)
    {
        string name = $"encoder{number}";
        var seen = FullVision.Encode(weights, Config.Vision, number, activations);
        check(name, "patch_embedding", seen[$"{name}.patch_embedding"]);
        if (number == 2)
            check(name, "patch_score_proj", [.. seen[$"{name}.patch_scores"].Select(score => (float)Math.Log(score / (1.0 - score)))]);
        for (int i = 0; i < Config.Vision.NumLayers; i++)
            check(name, $"blocks.{i}", seen[$"{name}.blocks.{i}"]);
        check(name, "norm", seen[$"{name}.norm"]);
        return seen[$"{name}.norm"][Config.Vision.HiddenSize..];
    }

    static float[] Packer(WeightStore weights, int number, float[] features, ActivationType activations, FullVision.Check check)
    {
        var (absorbed, tokens) = FullVision.Pack(weights, number, features, activations);
        check($"packer{number}", "resolution_attention", absorbed);
        check($"packer{number}", "tokens", tokens);
        return tokens;
    }

    // Layer by layer in one layer's memory: a row of layer i needs only rows of layer i - 1, so the whole prompt goes through a layer, and
    // then the shorter prompt and the single tokens over a cache, before the next layer's weights take the place.
    static void Decode(Device device, ActivationType activations, FullVision.Check check, float[] visual)
    {
        var config = Config.LanguageModel with { NumHiddenLayers = 1 };
        var inputs = FullModel.Json.GetProperty("decoder_inputs");
        int[] ids = [.. inputs.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        int first = inputs.GetProperty("logits_rows_are_positions")[0].GetInt32(), prompt = first + 1, channels = config.HiddenSize;
        var plan = new MemoryPlan(activations);
        var buffers = LanguageModel.Reserve(plan, config, ids.Length, ids.Length);
        var tokens = plan.Reserve("visual", visual.Length);
        using var run = new PartRun(plan, device);
        using var source = new SyntheticSource(device, ModelTensors.LanguageModel(config));
        var model = new LanguageModel(source.Weights, config);
        var pass = new Pass(run.Device, run.Pass.Arena);

        float[] whole = run.Read(model.Embed(pass, buffers, ids, run.Write(tokens, visual))), cached = [.. whole];
        Exact("decoder", "inputs_embeds", whole);
        model.Begin(pass, buffers, ids.Length);
        for (int i = 0; i < Config.LanguageModel.NumHiddenLayers; i++)
        {
            if (i > 0)
                source.Fill(name => name.Contains(".layers.0.", StringComparison.Ordinal), name =>
                    name.Replace("layers.0.", $"layers.{i}.", StringComparison.Ordinal));
            Layer(whole, 0, ids.Length);
            check("decoder", $"layers.{i}", whole);
            Layer(cached, 0, prompt);
            for (int position = prompt; position < ids.Length; position++)
                Layer(cached, position, 1);
            check("decoder", $"layers.{i}", cached);
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
            RmsNormLayer.Bind(source.Weights, "language_model.norm", channels, config.RmsNormEps)
                .Forward(pass.Device, x, normed, ids.Length);
            check("decoder", "norm", run.Read(normed.Slice(0, x.Length)));
            var logits = new List<float>();
            for (int row = first; row < ids.Length; row++)
            {
                float[] scores = run.Read(model.Logits(pass, buffers, x, row));
                int[] best = [.. Enumerable.Range(0, scores.Length).OrderByDescending(id => scores[id]).Take(8)];
                if (activations == ActivationType.F32) // elsewhere scores that nearly tie may change places
                    Assert.Equal(inputs.GetProperty("top8_ids")[row - first].EnumerateArray().Select(id => id.GetInt32()), best);
                logits.AddRange(scores);
            }
            check("decoder", "logits_from_256", System.Runtime.InteropServices.CollectionsMarshal.AsSpan(logits));
        }
    }
}
