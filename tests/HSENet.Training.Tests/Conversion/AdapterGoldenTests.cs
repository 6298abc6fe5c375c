// Adapters of every kind that peft writes, merged and beside the weights, against what peft itself makes of them.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class AdapterGoldenTests
{
    [Theory]
    [InlineData("rslora", true), InlineData("rslora", false), InlineData("patterns", true), InlineData("patterns", false)]
    [InlineData("layers_to_transform", true), InlineData("layers_to_transform", false), InlineData("norms", true),
        InlineData("norms", false)]
    [InlineData("embed_tokens", true), InlineData("embed_tokens", false), InlineData("lm_head", true), InlineData("lm_head", false)]
    public void Weights_and_logits_are_those_that_peft_gives(string kind, bool merge)
    {
        using var folder = new TemporaryFolder();
        ModelConverter.Convert(TinyModel.Options(folder.At("model")) with { Adapter = WithProjectors(kind, folder), MergeLora = merge });
        Agrees(kind, folder.At("model"), merged: merge);
    }

    // The other way to the same model: 'hsenet weights merge' into a model folder without adapters.
    [Theory]
    [InlineData("rslora", true), InlineData("rslora", false), InlineData("patterns", true), InlineData("patterns", false)]
    [InlineData("layers_to_transform", true), InlineData("layers_to_transform", false), InlineData("norms", true),
        InlineData("norms", false)]
    [InlineData("embed_tokens", true), InlineData("embed_tokens", false), InlineData("lm_head", true), InlineData("lm_head", false)]
    public void Weights_and_logits_are_those_that_peft_gives_when_merged_into_a_model_folder(string kind, bool merge)
    {
        using var folder = new TemporaryFolder();
        ModelConverter.Convert(TinyModel.Options(folder.At("base")) with
        {
            Adapter = CheckpointVariants.Adapter(folder, config: null, tensors =>
            {
                foreach (string name in tensors.Keys.Where(name => name.Contains(".lora_", StringComparison.Ordinal)).ToArray())
                    tensors.Remove(name);
            }),
        });
        AdapterExport.Read(GoldenFolder.At($"adapters/{kind}"), ModelConfig.Read(folder.At("base")).LanguageModel)
            .WriteModel(folder.At("base"), folder.At("model"), merge);
        Agrees(kind, folder.At("model"), merged: merge);
    }

    [Fact]
    public void Weight_decomposed_adapters_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        var refused = Assert.ThrowsAny<HseNetException>(() =>
            ModelConverter.Convert(TinyModel.Options(folder.At("model")) with { Adapter = WithProjectors("dora", folder) }));
        Assert.Contains("use_dora", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.At("model")));
    }

    static void Agrees(string kind, string model, bool merged)
    {
        var golden = GoldenFolder.Tensors($"adapters/{kind}/expected.safetensors");
        using var weights = TensorSource.Open(model);
        const string sample = "sample.", prefix = "model.";
        foreach (var (name, expected) in golden)
        {
            if (!name.StartsWith(sample, StringComparison.Ordinal))
                continue;
            string ours = name[sample.Length..];
            ours = $"language_model.{(ours.StartsWith(prefix, StringComparison.Ordinal) ? ours[prefix.Length..] : ours)}";
            if (!merged && weights.TryGet(ours.Replace(".weight", ".lora_A.weight", StringComparison.Ordinal), out _))
                continue; // the adapter stands beside it: the logits show it
            float[] actual = weights.Get(ours).ToSingles();
            float[] samples = expected.Singles();
            int stride = Math.Max(1, actual.Length / samples.Length);
            Golden.Equal($"{kind}: {name}", [.. samples.Select((_, i) => actual[i * stride])], samples);
        }
        var config = ModelConfig.Read(model).LanguageModel;
        int[] ids = [.. golden["input_ids"].Doubles().Select(id => (int)id)];
        int last = golden["logits"].Shape[0];
        using var decoder = new DecoderRun(config, ids.Length, folder: model);
        var x = decoder.Model.Embed(decoder.Run.Pass, decoder.Buffers, ids, default);
        decoder.Model.Begin(decoder.Run.Pass, decoder.Buffers, ids.Length);
        decoder.Model.Run(decoder.Run.Pass, decoder.Buffers, x, ids.Length, 0);
        Golden.Equal($"{kind}: logits", decoder.AllLogits(x, ids.Length - last, last).Logits, golden["logits"].Singles());
    }

    // peft saves adapters alone: the projectors of the golden checkpoint go with any of them.
    static string WithProjectors(string kind, TemporaryFolder folder)
    {
        string adapter = Directory.CreateDirectory(folder.At("adapter")).FullName;
        File.Copy(GoldenFolder.At($"adapters/{kind}/adapter_config.json"), Path.Combine(adapter, "adapter_config.json"));
        using var lora = TensorSource.Open(GoldenFolder.At($"adapters/{kind}/adapter_model.safetensors"));
        using var reference = TensorSource.Open(GoldenFolder.At("tiny/vlm/pytorch_model.bin"));
        TensorEntry[] all = [.. lora.Tensors, .. reference.Tensors.Where(tensor =>
            tensor.Name.Contains("mm_projector", StringComparison.Ordinal))];
        using var writer = new SafetensorsWriter(Path.Combine(adapter, "adapter_model.safetensors"),
            all.Select(tensor => new TensorDescription(tensor.Name, tensor.Type, tensor.Shape.ToArray())));
        foreach (var tensor in all)
            writer.Write(tensor.Name, tensor.Bytes);
        writer.Commit();
        return adapter;
    }
}
