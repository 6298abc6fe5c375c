// Parts of the full-size model that take seconds, against the reference's tensors: slice encoder, text encoder, packer, a block, a layer.
using HSENet.Kernels;
using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class FullGoldenTests
{
    static ModelConfig Config => FullModel.Config;

    [Fact]
    public void Slice_encoder_agrees_in_every_block()
    {
        using var source = new SyntheticSource(ModelTensors.SliceEncoder(Config.SliceEncoder!));
        FullVision.Slices(source.Weights, ActivationType.F32, (part, name, actual) => FullModel.Equal(part, name, actual));
    }

    [Fact]
    public void Text_encoder_agrees_with_and_without_padding()
    {
        var config = Config.TextEncoder! with { Stages = [1] };
        var inputs = FullModel.Json.GetProperty("text_inputs");
        using var source = new SyntheticSource(ModelTensors.TextEncoder(config, 1));
        var encoder = new TextEncoder(source.Weights, "text_encoder1", config);
        for (int row = 0; row < 2; row++)
        {
            int[] ids = [.. inputs.GetProperty("ids")[row].EnumerateArray().Select(id => id.GetInt32())];
            int valid = inputs.GetProperty("valid")[row].GetInt32();
            var plan = new MemoryPlan();
            var x = plan.Reserve("x", (long)ids.Length * config.HiddenSize);
            var buffers = TextEncoder.Reserve(plan, config, ids.Length);
            using var run = new PartRun(plan);
            encoder.Forward(run.Pass, buffers, ids, valid, run.Pass[x]);
            FullModel.Equal("text", row == 0 ? "last_hidden_row0" : "last_hidden_row1_valid",
                run.Read(run.Pass[x].Slice(0, (long)valid * config.HiddenSize)));
        }
    }

    [Fact]
    public void Packer_agrees()
    {
        using var source = new SyntheticSource(ModelTensors.Projector(Config, 1));
        float[] patches = FullModel.Input("grad_hr", (long)Config.Vision.Patches * Config.Vision.HiddenSize);
        FullModel.Equal("grad_packer", "tokens", FullVision.Pack(source.Weights, 1, patches).Tokens);
    }

    [Fact]
    public void Encoder_2_of_one_block_agrees()
    {
        var config = Config.Vision with { NumLayers = 1 };
        using var source = new SyntheticSource(ModelTensors.Encoder(config, 2));
        var run = FullVision.Encode(source.Weights, config, 2);
        FullModel.Equal("grad_encoder2_one_block", "out", run["encoder2.norm"]);
    }

    [Fact]
    public void Decoder_layer_with_adapters_agrees()
    {
        const string part = "grad_decoder_layer";
        var golden = FullModel.Json.GetProperty(part);
        int tokens = golden.GetProperty("out").GetProperty("shape")[1].GetInt32();
        int rank = golden.GetProperty("d_self_attn.qkv_proj.lora_A.default.weight").GetProperty("shape")[0].GetInt32();
        var config = Config.LanguageModel
            with
        { NumHiddenLayers = 1, Lora = new LoraConfig { R = rank, LoraAlpha = 2 * rank }, VocabSize = 1 };
        ModelTensor[] layer = [.. ModelTensors.LanguageModel(config)];
        using var source = new SyntheticSource(layer, FullModel.Adapters(layer, rank));
        var plan = new MemoryPlan();
        var buffers = LanguageModel.Reserve(plan, config, tokens, tokens);
        using var run = new PartRun(plan);
        var model = new LanguageModel(source.Weights, config);
        model.Begin(run.Pass, buffers, tokens);
        var x = run.Write(buffers.X, FullModel.Input("grad_x", (long)tokens * config.HiddenSize));
        model.Run(run.Pass, buffers, x, tokens, 0);
        FullModel.Equal(part, "out", run.Read(x));
    }
}
