// A decoder that learns all of itself: the slope of its loss along every tensor, runs that resume, and a model that says what it read.
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class LanguageObjectiveTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(true, false), InlineData(false, true)]
    public void Gradients_are_the_slope_of_the_loss_in_every_tensor(bool tied, bool checkpointing)
    {
        string weights = Weights(tied);
        using var objective = new LanguageObjective(PartRun.Host, ModelConfig.Read(weights), TensorSource.Open(weights),
            Config(weights) with { Checkpointing = checkpointing, Dtype = "f32" });
        TrainingExample[] batch = [Example(0, 8), Example(1, 5)];
        double loss = objective.AddGradients(batch, default, 1).Loss;
        Assert.Equal(loss, objective.Loss(batch, default).Loss, 6);
        Assert.Equal(tied ? 8 : 9, objective.Parameters.All.Count);
        Slopes.Check(objective, batch, default, reach: 0.005, allowed: 1e-4, least: 1e-4);
    }

    [Fact]
    public void A_run_learns_its_texts_resumes_bit_for_bit_and_leaves_a_decoder_without_a_start_of_its_own()
    {
        string weights = Weights(tied: true);
        var config = Config(weights) with { Steps = 40, SaveEvery = 15, EvalEvery = 20, LearningRate = 0.02, Dtype = "bf16" };
        Trainer.Run(_folder.At("whole"), config, PartRun.Host);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Trainer.Run(_folder.At("parts"), config, PartRun.Host,
            progress: new ContrastiveObjectiveTests.StopAt(22, stop), cancellation: stop.Token));
        var result = Trainer.Run(_folder.At("parts"), config, PartRun.Host, resume: true);
        Assert.Equal(File.ReadAllBytes(_folder.At("whole/best.safetensors")), File.ReadAllBytes(_folder.At("parts/best.safetensors")));
        Assert.InRange(result.BestLoss!.Value, 0, 3.5); // ln 320 = 5.8 before

        StageExport.WriteModel(weights, _folder.At("whole/best.safetensors"), _folder.At("model"));
        using var before = TensorSource.Open(weights);
        using var after = TensorSource.Open(_folder.At("model"));
        Assert.Equal(before.Tensors.Count, after.Tensors.Count);
        foreach (var tensor in before.Tensors)
            Assert.Equal(!tensor.Name.StartsWith("language_model.", StringComparison.Ordinal),
                tensor.ToSingles().AsSpan().SequenceEqual(after.Get(tensor.Name).ToSingles()));
        using var model = HseNetModel.Open(_folder.At("model"), PartRun.Host);
    }

    [Fact]
    public void Adapters_and_rows_without_words_are_refused()
    {
        string demo = GoldenFolder.Toy;
        Assert.Contains("has adapters", Assert.ThrowsAny<HseNetException>(() => Trainer.Run(_folder.At("run"), Config(demo) with
        {
            Manifest = Manifest()
        }, PartRun.Host)).Message, StringComparison.Ordinal);
        string silent = _folder.Write("silent.jsonl", """{"image": "a.npy", "abnormality": "nodule"}"""u8.ToArray());
        Assert.Contains("a question with its answer", Assert.ThrowsAny<HseNetException>(() =>
            Trainer.Run(_folder.At("run"), Config(Weights(tied: true)) with { Manifest = silent }, PartRun.Host)).Message,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("run")));
    }

    TrainingConfig Config(string weights) => TrainingConfig.For(TrainingTask.Language) with
    {
        Manifest = Manifest(),
        Weights = weights,
        Batch = 4,
        MaxLength = 48,
        Steps = 1,
    };

    // Its studies are nowhere: nobody looks at them.
    string Manifest()
    {
        string rows = string.Join(",", NewModelTests.Reports.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return _folder.Write("m.json", System.Text.Encoding.UTF8.GetBytes($"{{\"train\": [{rows}], \"validation\": [{rows}]}}"));
    }

    string Weights(bool tied)
    {
        string folder = _folder.At($"weights-{tied}");
        if (Directory.Exists(folder))
            return folder;
        string config = NewModelTests.Config(_folder);
        if (!tied)
            File.WriteAllText(config, File.ReadAllText(config).Replace("\"eos_token_id\"",
                "\"tie_word_embeddings\": false, \"eos_token_id\"",
                StringComparison.Ordinal));
        NewModel.Write(NewModelTests.Options(_folder, config) with { Output = folder, Deviation = 0.1 });
        return folder;
    }

    static TrainingExample Example(int row, int length)
    {
        int[] ids = [.. Enumerable.Range(0, length).Select(i => (row * 31 + i * 17) % 300)];
        return new TrainingExample(row, default, default, ids, [-100, .. ids[1..]]);
    }
}
