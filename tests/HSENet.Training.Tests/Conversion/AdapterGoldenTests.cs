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
        ModelConverter.Convert(TinyModel.Options(folder.At("model")) with
        {
            Adapter = GoldenAdapter.WithProjectors(kind, folder.At("adapter")),
            MergeLora = merge
        });
        GoldenAdapter.Agrees(kind, folder.At("model"), merged: merge);
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
        GoldenAdapter.Agrees(kind, folder.At("model"), merged: merge);
    }

    [Fact]
    public void Weight_decomposed_adapters_are_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        string adapter = GoldenAdapter.WithProjectors("dora", folder.At("adapter"));
        var refused = Assert.ThrowsAny<HseNetException>(() =>
            ModelConverter.Convert(TinyModel.Options(folder.At("model")) with { Adapter = adapter }));
        Assert.Contains("use_dora", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.At("model")));
    }
}
