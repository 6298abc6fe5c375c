// A trained adapter in every form it is written in, read back through conversion.
using System.Text.Json;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class AdapterExportGoldenTests
{
    [Theory, InlineData(AdapterExport.TorchFile), InlineData(AdapterExport.PeftFile), InlineData("")]
    public void Conversion_reads_both_forms_back(string file)
    {
        using var folder = new TemporaryFolder();
        var export = Export(factor: 1.5f, alpha: 5);
        export.Write(folder.At("adapter"), "phi4-mini");
        ModelConverter.Convert(TinyModel.Options(folder.At("model")) with { Adapter = Path.Combine(folder.At("adapter"), file) });
        Assert.Equal(export.Lora, ModelConfig.Read(folder.At("model")).LanguageModel.Lora);
        Equal(export, folder.At("model"));
    }

    [Fact]
    public void Peft_finds_its_names_and_its_configuration()
    {
        using var folder = new TemporaryFolder();
        var export = Export(factor: 1, alpha: 5);
        export.Write(folder.Path, "phi4-mini");
        using var peft = TensorSource.Open(folder.At(AdapterExport.PeftFile));
        using var torch = TensorSource.Open(folder.At(AdapterExport.TorchFile));
        Assert.Contains("base_model.model.model.layers.0.self_attn.qkv_proj.lora_A.weight", peft.Tensors.Select(tensor => tensor.Name));
        using var golden = TensorSource.Open(GoldenFolder.At("tiny/vlm/pytorch_model.bin"));
        Assert.Equal(golden.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            torch.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        using var config = JsonDocument.Parse(File.ReadAllBytes(folder.At(AdapterExport.PeftConfigFile)));
        Assert.Equal("LORA", config.RootElement.GetProperty("peft_type").GetString());
        Assert.Equal(export.Lora.R, config.RootElement.GetProperty("r").GetInt32());
        Assert.Equal(5, config.RootElement.GetProperty("lora_alpha").GetDouble());
        Assert.Equal(export.TargetModules,
            config.RootElement.GetProperty("target_modules").EnumerateArray().Select(module => module.GetString()!));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_model_folder_holds_the_adapter_beside_its_weights_or_merged_as_conversion_merges_it(bool merge)
    {
        using var folder = new TemporaryFolder();
        var export = Export(factor: 1.5f, alpha: 5);
        export.Write(folder.At("adapter"), "phi4-mini");
        ModelConverter.Convert(TinyModel.Options(folder.At("expected")) with { Adapter = folder.At("adapter"), MergeLora = merge });
        var config = export.WriteModel(TinyModel.Folder, folder.At("model"), merge);
        Assert.Equal(merge, config.LanguageModel.Lora is null);
        using var expected = TensorSource.Open(folder.At("expected"));
        using var actual = TensorSource.Open(folder.At("model"));
        Assert.Equal(expected.Tensors.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal),
            actual.Tensors.Select(tensor => tensor.ToString()).Order(StringComparer.Ordinal));
        foreach (var tensor in expected.Tensors)
            Assert.True(tensor.Bytes.SequenceEqual(actual.Get(tensor.Name).Bytes), tensor.Name);
        using var model = HseNetModel.Open(folder.At("model"), PartRun.Host);
    }

    [Theory, InlineData(AdapterExport.TorchFile), InlineData(AdapterExport.PeftFile), InlineData("")]
    public void Reading_gives_what_was_written(string file)
    {
        using var folder = new TemporaryFolder();
        var written = Export(factor: 1.5f, alpha: 5);
        written.Write(folder.Path, "phi4-mini");
        var read = AdapterExport.Read(Path.Combine(folder.Path, file), TinyModel.Config.LanguageModel);
        Assert.Equal((written.Lora, string.Join(' ', written.TargetModules.Order())),
            (read.Lora, string.Join(' ', read.TargetModules.Order())));
        Assert.Equal(written.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            read.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in written.Tensors)
            Assert.True(tensor.Bytes.Span.SequenceEqual(read.Tensors.Single(other => other.Name == tensor.Name).Bytes.Span), tensor.Name);
    }

    [Fact]
    public void An_adapter_of_another_model_is_refused()
    {
        using var folder = new TemporaryFolder();
        SyntheticModel.Write(new SyntheticModelOptions { Preset = SyntheticPreset.Tiny, Seed = 1, Output = folder.At("other") });
        var config = ModelConfig.Read(folder.At("other"));
        var export = Export(factor: 1, alpha: 5);
        var foreign = export with
        {
            Tensors =
            [export.Tensors[0] with { Name =
            $"language_model.layers.{config.LanguageModel.NumHiddenLayers}.mlp.down_proj.lora_A.weight" }]
        };
        Assert.Contains("no place for language_model.layers.",
            Assert.Throws<HseNetException>(() => foreign.WriteModel(folder.At("other"), folder.At("model"), merge: true)).Message,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.At("model")));
    }

    static AdapterExport Export(float factor, float alpha)
    {
        var model = TinyModel.Config;
        var training = TrainingConfig.For(TrainingTask.Report) with { LoraR = model.LanguageModel.Lora!.R, LoraAlpha = alpha };
        using var source = TensorSource.Open(TinyModel.Folder);
        using var set = new ParameterSet(PartRun.Host,
            new ParameterPlan(FineTuningTensors.All(model, training.LoraTargetModules), rounded: true));
        set.Load(source);
        // Different from the base everywhere, as after a training.
        foreach (var parameter in set.All)
            foreach (ref float value in parameter.Values.AsSpan())
                value *= factor;
        return AdapterExport.From(set, training);
    }

    static void Equal(AdapterExport export, string folder)
    {
        using var source = TensorSource.Open(folder);
        foreach (var tensor in export.Tensors)
            Assert.True(tensor.Bytes.Span.SequenceEqual(source.Get(tensor.Name).Bytes), tensor.Name);
    }
}
