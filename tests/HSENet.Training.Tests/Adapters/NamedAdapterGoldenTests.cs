// Several adapters beside one base: each gives what peft gives of it, converted together, added later, or merged into a copy.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class NamedAdapterGoldenTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    Dictionary<string, string> Adapters(params string[] kinds) =>
        kinds.ToDictionary(kind => kind, kind => GoldenAdapter.WithProjectors(kind, _folder.At($"adapter_{kind}")));

    string Convert(string name, Dictionary<string, string> adapters)
    {
        ModelConverter.Convert(TinyModel.Options(_folder.At(name)) with { Adapter = "", NamedAdapters = adapters });
        return _folder.At(name);
    }

    string CopyOfTiny()
    {
        Directory.CreateDirectory(_folder.At("old"));
        foreach (string file in Directory.GetFiles(TinyModel.Folder))
            File.Copy(file, _folder.At($"old/{Path.GetFileName(file)}"));
        return _folder.At("old");
    }

    static void EachAgrees(string model, params string[] kinds)
    {
        using var opened = HseNetModel.Open(model, PartRun.Host);
        foreach (string kind in kinds)
        {
            var adapted = opened.Adapted(kind)!;
            GoldenAdapter.Agrees(kind, adapted.Language, adapted.Config.LanguageModel);
        }
    }

    [Fact]
    public void Each_of_several_adapters_gives_the_logits_that_peft_gives_on_one_base()
    {
        string model = Convert("model", Adapters(GoldenAdapter.Kinds));
        EachAgrees(model, GoldenAdapter.Kinds);

        using var opened = HseNetModel.Open(model, PartRun.Host);
        Assert.Equal(GoldenAdapter.Kinds.Order(StringComparer.Ordinal), opened.Adapters);
        Assert.Equal(opened.Adapters.Count, opened.Hashes.Distinct().Count());
        using var own = TensorSource.Open(model);
        long adapters = Directory.GetFiles(Path.Combine(model, "adapters")).Sum(file =>
        {
            using var source = TensorSource.Open(file);
            return source.Tensors.Sum(tensor => tensor.ByteLength);
        });
        // The base is in memory once: nothing is bound twice.
        Assert.InRange(opened.WeightBytes, adapters, adapters + own.Tensors.Sum(tensor => tensor.ByteLength));
        Assert.DoesNotContain(own.Tensors, tensor => tensor.Name.StartsWith("packer", StringComparison.Ordinal)
            || LoraConfig.Owns(tensor.Name));
    }

    [Fact]
    public void An_adapter_that_is_added_is_the_one_that_is_converted()
    {
        var adapters = Adapters("rslora", "lm_head");
        string together = Convert("together", adapters), one = Convert("one", new() { ["rslora"] = adapters["rslora"] });
        var config = NamedAdapterFile.Add(one, "lm_head", adapters["lm_head"], "vqa");
        Assert.Equal("vqa", config.Adapters!["lm_head"].Task);
        foreach (string name in adapters.Keys)
            Assert.Equal(File.ReadAllBytes(NamedAdapter.File(together, name)), File.ReadAllBytes(NamedAdapter.File(one, name)));
        EachAgrees(one, "rslora", "lm_head");
    }

    [Fact]
    public void A_folder_with_an_adapter_of_its_own_goes_on_with_it_and_the_added_one_has_nothing_of_it()
    {
        string model = CopyOfTiny();
        var adapters = Adapters("layers_to_transform", "norms");
        foreach (var (name, file) in adapters)
            NamedAdapterFile.Add(model, name, file, null);
        EachAgrees(model, [.. adapters.Keys]);
        using var study = CtStudy.Open(GoldenFolder.At("data/ct_odd.nii.gz"));
        using HseNetModel before = HseNetModel.Open(TinyModel.Folder, PartRun.Host), after = HseNetModel.Open(model, PartRun.Host);
        Assert.Equal(["base", "layers_to_transform", "norms"], after.Adapters);
        var expected = before.Report(study).Complete();
        var result = after.Report(study).Complete();
        Assert.Equal((expected.Text, expected.Weights, "base"), (result.Text, result.Weights, result.Adapter));
    }

    [Theory, InlineData("patterns"), InlineData("lm_head"), InlineData("norms"), InlineData("embed_tokens")]
    public void A_named_adapter_is_merged_into_a_copy(string kind)
    {
        string model = Convert("model", Adapters("rslora", kind));
        NamedAdapterFile.Read(model, ModelConfig.Read(model), kind).WriteModel(model, _folder.At("merged"), merge: true);
        GoldenAdapter.Agrees(kind, _folder.At("merged"), merged: true);
        using var opened = HseNetModel.Open(_folder.At("merged"), PartRun.Host);
        Assert.Equal(["base"], opened.Adapters);
    }

    [Fact]
    public void A_trained_stage_takes_the_adapters_along()
    {
        string model = Convert("model", Adapters("rslora", "norms")), stage = _folder.At("stage.safetensors");
        using (var writer = new SafetensorsWriter(stage, [new TensorDescription("clip1.logit_scale", DataType.F32, [1])]))
        {
            writer.Write("clip1.logit_scale", BitConverter.GetBytes(2.5f));
            writer.Commit();
        }
        StageExport.WriteModel(model, stage, _folder.At("pretrained"));
        EachAgrees(_folder.At("pretrained"), "rslora", "norms");
    }

    [Theory, InlineData("bf16"), InlineData("int8")]
    public void Adapters_are_stored_in_the_model_s_type(string dtype)
    {
        ModelConverter.Convert(TinyModel.Options(_folder.At("model")) with
        {
            Adapter = "",
            NamedAdapters = Adapters("patterns", "norms"),
            Dtype = dtype,
        });
        using var study = CtStudy.Open(GoldenFolder.At("data/ct_odd.nii.gz"));
        using var model = HseNetModel.Open(_folder.At("model"), PartRun.Host, new ModelOptions { VerifyChecksums = true });
        foreach (string name in model.Adapters)
            Assert.Equal(name, model.Report(study, new ReportOptions { Adapter = name, MaxTokens = 3 }).Complete().Adapter);
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_the_folder_stays_as_it_was()
    {
        var adapters = Adapters("rslora", "embed_tokens");
        string model = Convert("model", new() { ["rslora"] = adapters["rslora"] });
        string[] before = [.. Directory.GetFiles(model, "*", SearchOption.AllDirectories).Order()];
        byte[] config = File.ReadAllBytes(Path.Combine(model, "config.json"));
        Refused(() => NamedAdapterFile.Add(model, "rslora", adapters["rslora"], null), "has an adapter rslora already");
        Refused(() => NamedAdapterFile.Add(model, "base", adapters["rslora"], null), "not base");
        Refused(() => NamedAdapterFile.Add(model, "a/b", adapters["rslora"], null), "letters, digits");
        // Of peft alone, without projectors, which this base does not have either.
        string bare = GoldenFolder.At("adapters/rslora/adapter_model.safetensors");
        Refused(() => NamedAdapterFile.Add(model, "bare", bare, null), "has no model.mm_projector");
        Refused(() => NamedAdapterFile.Add(model, "other", model, null), "have no place in the model");
        Assert.Equal(before, Directory.GetFiles(model, "*", SearchOption.AllDirectories).Order());
        Assert.Equal(config, File.ReadAllBytes(Path.Combine(model, "config.json")));

        ModelConverter.Convert(TinyModel.Options(_folder.At("merged")) with { MergeLora = true });
        Refused(() => NamedAdapterFile.Add(_folder.At("merged"), "vqa", adapters["rslora"], null), "merged into its weights");
        // Its table is its own adapter's: others were not trained on it.
        ModelConverter.Convert(TinyModel.Options(_folder.At("saved")) with { Adapter = adapters["embed_tokens"] });
        Refused(() => NamedAdapterFile.Add(_folder.At("saved"), "vqa", adapters["rslora"], null), "embed_tokens.weight of its own adapter");
        Refused(() => ModelConverter.Convert(TinyModel.Options(_folder.At("both")) with { NamedAdapters = adapters }), "without a name");
    }

    [Fact]
    public void A_damaged_or_foreign_adapter_file_is_refused_at_open()
    {
        string model = Convert("model", Adapters("rslora", "norms"));
        string file = NamedAdapter.File(model, "norms");
        byte[] whole = File.ReadAllBytes(file), damaged = [.. whole];
        damaged[^8] ^= 1;
        File.WriteAllBytes(file, damaged);
        HseNetModel.Open(model, PartRun.Host).Dispose(); // what is not looked at is not noticed
        Refused(() => HseNetModel.Open(model, PartRun.Host, new ModelOptions { VerifyChecksums = true }), "norms.safetensors", "checksum");

        using (var writer = new SafetensorsWriter(file, [new TensorDescription("encoder1.norm.weight", DataType.F32, [1])]))
        {
            writer.Write("encoder1.norm.weight", new byte[4]);
            writer.Commit();
        }
        Refused(() => HseNetModel.Open(model, PartRun.Host), "encoder1.norm.weight", "share the encoders");
        File.Delete(file);
        Refused(() => HseNetModel.Open(model, PartRun.Host), "norms.safetensors", "no such file");
        File.WriteAllBytes(file, whole);
        HseNetModel.Open(model, PartRun.Host, new ModelOptions { VerifyChecksums = true }).Dispose();
    }

    static void Refused(Action action, params string[] words)
    {
        var error = Assert.ThrowsAny<HseNetException>(action);
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();
}
