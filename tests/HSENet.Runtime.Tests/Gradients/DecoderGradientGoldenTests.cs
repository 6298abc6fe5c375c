// Gradients of a full-size decoder layer with adapters, against the reference's.

using HSENet.Tests;
using HSENet.Training;

namespace HSENet.Runtime.Tests;

public sealed class DecoderGradientGoldenTests
{
    const string Part = "grad_decoder_layer", Layer = "language_model.layers.0.";

    [Fact]
    public void Gradients_of_a_full_size_layer_agree()
    {
        const double tolerance = 1e-4;
        var golden = FullModel.Json.GetProperty(Part);
        int tokens = golden.GetProperty("d_input").GetProperty("shape")[1].GetInt32();
        int rank = golden.GetProperty("d_self_attn.qkv_proj.lora_A.default.weight").GetProperty("shape")[0].GetInt32();
        var config = FullModel.Config.LanguageModel
            with
        { NumHiddenLayers = 1, Lora = new LoraConfig { R = rank, LoraAlpha = 2 * rank }, VocabSize = 1 };
        ModelTensor[] layer = [.. ModelTensors.LanguageModel(config)], adapters = [.. FullModel.Adapters(layer, rank)];
        using var source = new SyntheticSource(layer, adapters);
        using var set = new ParameterSet(PartRun.Host,
            new ParameterPlan([.. adapters.Select(tensor => TrainableTensor.Of(tensor.Name, tensor.Shape))], rounded: false));
        set.Load(source.Tensors);
        var plan = new MemoryPlan();
        var buffers = LanguageModel.ReserveTraining(plan, config, tokens, checkpointing: true, dropout: false);
        using var run = new PartRun(plan);
        var model = new LanguageModel(new WeightStore(PartRun.Host, source.Tensors, set), config);

        var sequence = new LanguageModel.Sequence(buffers, tokens);
        long elements = (long)tokens * config.HiddenSize;
        FullModel.Equal(Part, "out", run.Read(
            model.ForwardKeeping(run.Pass, sequence, run.Write(buffers.Inputs[0], FullModel.Input("grad_x", elements)))));
        run.Write(buffers.Grad, FullModel.Input("grad_out", elements));
        FullModel.Equal(Part, "d_input", run.Read(model.Backward(run.Pass, sequence)), tolerance);
        foreach (var parameter in set.All)
            FullModel.Equal(Part, $"d_{parameter.Name[Layer.Length..].Replace(".weight", ".default.weight", StringComparison.Ordinal)}",
                run.Read(parameter.Gradient), tolerance);
    }
}
