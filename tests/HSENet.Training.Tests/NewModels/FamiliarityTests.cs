// Volumes unlike those of a training: a note on them, none on others, in results and in kept studies; merges keep what still holds.
using System.Runtime.InteropServices;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class FamiliarityTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    string Model => _folder.At("model");

    public FamiliarityTests()
    {
        string file = NewModelTests.Config(_folder);
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"slice_encoder\": {", "\"slice_encoder\": {\"source\": \"volume\", ",
            StringComparison.Ordinal));
        NewModel.Write(NewModelTests.Options(_folder, file));
        for (int i = 0; i < 120; i++)
            Volume($"{i}.npy", i, 0.3f, 0.1f);
        string Rows(int from, int count) => string.Join(",\n", Enumerable.Range(from, count)
            .Select(i => $$"""{"image": "{{i}}.npy", "text": "t"}"""));
        File.WriteAllText(_folder.At("volumes.json"), $$"""{"train": [{{Rows(0, 90)}}], "validation": [{{Rows(90, 20)}}]}""");
    }

    [Fact]
    public void A_volume_unlike_those_of_the_training_is_noted_and_others_are_not()
    {
        var measured = FamiliarityFit.Write(Model, _folder.At("volumes.json"), 1000, PartRun.Host);
        Assert.Equal((90, 20), (measured.Volumes, measured.Others));
        Assert.InRange(measured.Median, 0.7, 3);
        Assert.InRange(measured.Limit, measured.Largest, 1.3 * measured.Largest);
        Volume("bright.npy", 7, 0.6f, 0.1f);
        Volume("rough.npy", 8, 0.3f, 0.7f);
        using var model = HseNetModel.Open(Model, PartRun.Host);
        foreach (string name in Enumerable.Range(110, 10).Select(i => $"{i}.npy"))
            Assert.Empty(Report(name).Notes);
        foreach (string name in (string[])["bright.npy", "rough.npy"])
        {
            string note = Assert.Single(Report(name).Notes);
            Assert.StartsWith("is unlike the volumes that the model was trained on: at a distance of ", note, StringComparison.Ordinal);
            using var study = CtStudy.Open(_folder.At(name));
            using var encoded = model.Encode(study);
            encoded.Save(_folder.At("kept"));
            using var kept = model.LoadEncoded(_folder.At("kept"));
            Assert.Equal([note], kept.Notes);
            Assert.Equal([note], kept.Report(new ReportOptions { MaxTokens = 1 }).Complete().Notes);
        }

        ReportResult Report(string name)
        {
            using var study = CtStudy.Open(_folder.At(name));
            return model.Report(study, new ReportOptions { MaxTokens = 1 }).Complete();
        }
    }

    [Fact]
    public void Other_encoders_do_not_inherit_it_and_another_decoder_or_type_does()
    {
        FamiliarityFit.Write(Model, _folder.At("volumes.json"), 30, PartRun.Host);
        StageExport.WriteModel(Model, Checkpoint("language_model.embed_tokens.weight"), _folder.At("words"), dtype: "bf16");
        StageExport.WriteModel(Model, Checkpoint("encoder1.cls_token"), _folder.At("eyes"));
        Assert.Equal(ModelConfig.Read(Model).Familiarity, ModelConfig.Read(_folder.At("words")).Familiarity);
        Assert.Equal(File.ReadAllBytes(Path.Combine(Model, Familiarity.FileName)),
            File.ReadAllBytes(_folder.At($"words/{Familiarity.FileName}")));
        Assert.Null(ModelConfig.Read(_folder.At("eyes")).Familiarity);
        Assert.False(File.Exists(_folder.At($"eyes/{Familiarity.FileName}")));
        using (var half = TensorSource.Open(_folder.At("words")))
            Assert.Equal(DataType.BF16, half.Get("encoder1.blocks.0.mlp.linear1.weight").Type);
        using (HseNetModel.Open(_folder.At("words"), PartRun.Host)) { }
        using (HseNetModel.Open(_folder.At("eyes"), PartRun.Host)) { }
    }

    [Fact]
    public void A_file_that_is_missing_or_of_another_model_is_refused_by_name()
    {
        FamiliarityFit.Write(Model, _folder.At("volumes.json"), 30, PartRun.Host);
        string file = Path.Combine(Model, Familiarity.FileName);
        File.Delete(file);
        Assert.StartsWith($"{file}: does not exist", Refusal(), StringComparison.Ordinal);
        using (var writer = new SafetensorsWriter(file, [new TensorDescription("mean", DataType.F32, [2]),
            new TensorDescription("whitening", DataType.F32, [1, 2])]))
        {
            writer.Write("mean", new byte[8]);
            writer.Write("whitening", new byte[8]);
            writer.Commit();
        }
        Assert.Contains("expected [32] and [directions, 32]", Refusal(), StringComparison.Ordinal);
        Assert.Contains("has 1 for training and 1", Assert.Throws<HseNetFileException>(() =>
            FamiliarityFit.Write(Model, Manifest("one.json", """{"image": "0.npy", "text": "t"}"""), 30, PartRun.Host)).Message, StringComparison.Ordinal);
        Assert.Contains("expected f32 or bf16", Assert.Throws<HseNetException>(() =>
            StageExport.WriteModel(Model, Checkpoint("encoder1.cls_token"), _folder.At("small"), dtype: "int8")).Message,
            StringComparison.Ordinal);

        string Refusal() => Assert.Throws<HseNetFileException>(() => HseNetModel.Open(Model, PartRun.Host)).Message;
    }

    string Manifest(string name, string train)
    {
        File.WriteAllText(_folder.At(name), $$"""{"train": [{{train}}], "validation": [{"image": "1.npy", "text": "t"}]}""");
        return _folder.At(name);
    }

    // One tensor as it is in the model: what a stage that trains it would leave.
    string Checkpoint(string name)
    {
        using var source = TensorSource.Open(Model);
        var tensor = source.Get(name);
        string file = _folder.At($"{name}.safetensors");
        using var writer = new SafetensorsWriter(file, [new TensorDescription(name, DataType.F32, tensor.Shape.ToArray())]);
        writer.Write(name, MemoryMarshal.AsBytes<float>(tensor.ToSingles()));
        writer.Commit();
        return file;
    }

    void Volume(string name, int seed, float low, float spread)
    {
        var random = new Random(seed);
        float level = low + 0.05f * random.NextSingle();
        NumpyFile.Write(_folder.At(name), [.. Enumerable.Range(0, 4 * 16 * 16).Select(_ => level + spread * (random.NextSingle() - 0.3f))
            .Select(value => Math.Clamp(value, 0, 1))], 1, 4, 16, 16);
    }

    public void Dispose() => _folder.Dispose();
}
