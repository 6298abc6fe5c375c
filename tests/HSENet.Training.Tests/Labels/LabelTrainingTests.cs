// A loss on labels in the contrastive stages: its gradients, that it learns, and that nothing of its head leaves the run.
using System.Globalization;
using System.Text.Json;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class LabelTrainingTests : IDisposable
{
    const int Rows = 12;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData(1, 0.0, false), InlineData(2, 0.0, false), InlineData(1, 0.5, false), InlineData(2, 2, true)]
    public void Gradients_are_the_slope_of_the_loss(int stage, double contrastive, bool equalPositives)
    {
        var training = Training(stage) with
        {
            ContrastiveWeight = contrastive,
            LabelWeight = 2,
            Dropout = 0,
            EqualPositives = equalPositives,
            RelationWeight = 0,
        };
        var space = LabelSpace.Of([.. Enumerable.Range(0, Rows).Select(row => new StudyLabels(Findings(row)))], "m");
        using var objective = new ContrastiveObjective(PartRun.Host, Model(), TensorSource.Open(Weights()), training, space);
        var batch = (equalPositives ? [1, 5, 0, 7] : new[] { 0, 1, 2 }).Select(Example).ToArray();
        var step = new StepContext(3, 7);
        double loss = objective.AddGradients(batch, step, 1).Loss;
        Assert.Equal(loss, objective.Loss(batch, step).Loss, 5);
        Assert.Equal(1, objective.TakeScores()!["effusion"].Present);

        // A loss of about ten in f32 leaves 1e-5 of a difference, and that a slope over 4e-3.
        Slopes.Check(objective, batch, step, reach: 2e-3, allowed: 3e-3, least: 1e-3, all: false);
        Assert.Contains(objective.Parameters.All, parameter => parameter.Name == $"labels{stage}.patches.weight"
            && parameter.Gradient.AsSpan().ToArray().Any(value => value != 0));
        Assert.Equal(contrastive > 0, objective.Parameters.TryGet($"clip{stage}.logit_scale", out _));
    }

    [Fact]
    public void Half_a_batch_twice_is_the_whole_batch()
    {
        var training = Training(1) with { ContrastiveWeight = 0, LabelWeight = 1, Dropout = 0 };
        var space = LabelSpace.Of([.. Enumerable.Range(0, Rows).Select(row => new StudyLabels(Findings(row)))], "m");
        using var whole = new ContrastiveObjective(PartRun.Host, Model(), TensorSource.Open(Weights()), training, space);
        using var halves = new ContrastiveObjective(PartRun.Host, Model(), TensorSource.Open(Weights()), training, space);
        var batch = Enumerable.Range(0, 4).Select(Example).ToArray();
        whole.AddGradients(batch, default, 1);
        halves.AddGradients(batch[..2], default, 0.5);
        halves.AddGradients(batch[2..], default, 0.5);
        foreach (var (a, b) in whole.Parameters.All.Zip(halves.Parameters.All))
            foreach (var (x, y) in a.Gradient.AsSpan().ToArray().Zip(b.Gradient.AsSpan().ToArray()))
                Assert.Equal(x, y, 1e-4f);
    }

    [Theory, InlineData("stage1", 0, "off"), InlineData("stage2", 0, "intensity,shift"), InlineData("stage1", 0.2, "intensity"),
        InlineData("stage1", 0, "mosaic"), InlineData("stage1", 1, "shift", true)]
    public void A_run_learns_labels_resumes_bit_for_bit_and_leaves_a_model_without_the_head(string task, double contrastive,
        string augmentation, bool equalPositives = false)
    {
        var config = Training(task[^1] - '0') with
        {
            Manifest = Manifest(),
            Weights = Weights(),
            Steps = 30,
            EvalEvery = 10,
            SaveEvery = 10,
            LearningRate = 0.01,
            Augmentation = augmentation,
            Dropout = 0,
            LabelWeight = 1,
            ContrastiveWeight = contrastive,
            EqualPositives = equalPositives,
        };
        var whole = Trainer.Run(_folder.At("whole"), config, PartRun.Host);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Trainer.Run(_folder.At("parts"), config, PartRun.Host,
            progress: new ContrastiveObjectiveTests.StopAt(13, stop), cancellation: stop.Token));
        Trainer.Run(_folder.At("parts"), config, PartRun.Host, resume: true);
        Assert.Equal(File.ReadAllBytes(_folder.At("whole/best.safetensors")), File.ReadAllBytes(_folder.At("parts/best.safetensors")));

        var losses = File.ReadAllLines(_folder.At("whole/log.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("validation_loss", out _)).ToArray();
        // A mosaic teaches patches, not volumes: these stay as they started.
        double first = losses[0].GetProperty("validation_loss").GetDouble(), last = losses[^1].GetProperty("validation_loss").GetDouble();
        Assert.True(augmentation == "mosaic" || last < 0.8 * first, $"{first}, then {last}");
        Assert.Equal(Rows / 2, losses[^1].GetProperty("labels").GetProperty("nodule").GetProperty("present").GetInt32());
        Assert.Equal(whole.BestLoss, losses.Min(line => line.GetProperty("validation_loss").GetDouble()));

        StageExport.WriteModel(Weights(), _folder.At("whole/best.safetensors"), _folder.At("model"));
        using var before = TensorSource.Open(Weights());
        using var after = TensorSource.Open(_folder.At("model"));
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name).Order(), after.Tensors.Select(tensor => tensor.Name).Order());
        string encoder = $"encoder{task[^1]}.";
        foreach (var tensor in before.Tensors.Where(tensor => tensor.Name.StartsWith(encoder, StringComparison.Ordinal)))
            Assert.NotEqual(tensor.ToSingles(), after.Get(tensor.Name).ToSingles());
        Assert.Equal(contrastive > 0, Directory.Exists(_folder.At("whole/clip")));
        using var model = HseNetModel.Open(_folder.At("model"), PartRun.Host);
    }

    [Theory]
    [InlineData("label_weight", "1", "augmentation is on")]
    [InlineData("contrastive_weight", "0", "something to learn")]
    [InlineData("label_side_weight", "-1", "at least 0")]
    [InlineData("augmentation", "shift,flip", "augmentation is")]
    [InlineData("relation_steps", "-1", "at least 0")]
    [InlineData("slices_seen", "-1", "at least 0")]
    [InlineData("augmentation", "mosaic", "a mosaic has no report")]
    public void What_contradicts_itself_is_refused(string field, string value, string problem) =>
        Assert.Contains(problem, Assert.ThrowsAny<HseNetException>(() => Trainer.ReadConfig(null, TrainingTask.Stage1,
            new Dictionary<string, string> { ["manifest"] = "m", ["weights"] = "w", [field] = value })).Message, StringComparison.Ordinal);

    [Fact]
    public void Only_stages_learn_labels_and_a_row_without_them_is_named()
    {
        Assert.Contains("only stage1, stage2 and slices",
            Assert.ThrowsAny<HseNetException>(() => Trainer.ReadConfig(null, TrainingTask.Report,
            new Dictionary<string, string> { ["manifest"] = "m", ["weights"] = "w", ["label_weight"] = "1" })).Message,
            StringComparison.Ordinal);
        string manifest = Manifest(), broken = _folder.At("broken.json");
        File.WriteAllText(broken, File.ReadAllText(manifest).Replace("\"labels\"", "\"other\"", StringComparison.Ordinal));
        Assert.Contains("line 2 cannot be used: its labels: are missing", Assert.ThrowsAny<HseNetException>(() =>
            Trainer.Run(_folder.At("refused"), Training(1) with { LabelWeight = 1, Manifest = broken, Weights = Weights() }, PartRun.Host))
            .Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("refused")));
    }

    static TrainingConfig Training(int stage) => TrainingConfig.For(stage == 1 ? TrainingTask.Stage1 : TrainingTask.Stage2) with
    {
        Batch = 4,
        MaxLength = 16,
        Augmentation = "off",
        Dtype = "f32",
        Steps = 1,
    };

    ModelConfig Model() => ModelConfig.Read(Weights());

    string Weights()
    {
        string folder = _folder.At("model0");
        if (!Directory.Exists(folder))
            NewModel.Write(NewModelTests.Options(_folder, NewModelTests.Config(_folder)) with { Output = folder, Deviation = 0.1 });
        return folder;
    }

    // A bright block where a nodule is, a bright side where an effusion is.
    internal static IReadOnlyList<LabelledFinding> Findings(int row) =>
        [.. row % 2 == 0 ? [LabelTests.Nodule(row % 4 == 0 ? 0.25f : 0.75f, 0.25f, 0.75f, 0.2f, row % 4 == 0 ? "left" : "right")]
            : Array.Empty<LabelledFinding>(),
            .. row % 3 == 0 ? [LabelTests.Effusion with { Side = row % 2 == 0 ? "left" : "right" }] : Array.Empty<LabelledFinding>()];

    internal static float[] Volume(int row)
    {
        var random = new Random(row);
        float[] volume = [.. Enumerable.Range(0, 4 * 16 * 16).Select(_ => 0.1f * random.NextSingle())];
        for (int i = 0; i < volume.Length; i++)
        {
            var (z, y, x) = (i / 256, i / 16 % 16, i % 16);
            if (row % 2 == 0 && z / 2 == (row % 4 == 0 ? 0 : 1) && y / 8 == 0 && x / 8 == 1)
                volume[i] += 0.6f;
            if (row % 3 == 0 && (row % 2 == 0 ? y < 2 : y > 13))
                volume[i] += 0.8f;
        }
        return volume;
    }

    static TrainingExample Example(int row) =>
        new(row, Volume(row), Enumerable.Range(0, 4 * 16).Select(i => MathF.Sin(row + i)).ToArray(), [2, 30 + row, 40, 3], [])
        {
            Study = new(Findings(row)),
        };

    string Manifest() => Manifest(_folder, features: true);

    internal static string Manifest(TemporaryFolder folder, bool features)
    {
        string[] rows = [.. Enumerable.Range(0, Rows).Select(row =>
        {
            NumpyFile.Write(folder.At($"{row}.npy"), Volume(row), 1, 4, 16, 16);
            if (features)
                NumpyFile.Write(folder.At($"{row}.f.npy"), Example(row).SliceFeatures.ToArray(), 4, 16);
            var findings = Findings(row).Select(finding => $$"""
                {"kind": "{{finding.Kind}}", "side": "{{finding.Side}}",
                "lobe": {{(finding.Lobe is null ? "null" : $"\"{finding.Lobe}\"")}},
                "millimetres": {{finding.Millimetres}}, "places": [{{string.Join(',', finding.Places.Select(place =>
                    $$"""{"centre": {{Three(place.Centre)}}, "radius": {{Three(place.Radius)}}}"""))}}]}
                """.ReplaceLineEndings(" "));
            string given = features ? $"\"biomedclip_features\": \"{row}.f.npy\", " : "";
            return $$"""{"image": "{{row}}.npy", {{given}}"text": "Report {{row}}.", """
                + $$"""
                "labels": {"findings": [{{string.Join(',', findings)}}] } }
                """;
        })];
        string list = $"[\n{string.Join(",\n", rows)}\n]";
        return folder.Write("m.json", System.Text.Encoding.UTF8.GetBytes($"{{\"train\": {list}, \"validation\": {list}}}"));

        static string Three((float, float, float) values) =>
            string.Create(CultureInfo.InvariantCulture, $"[{values.Item1}, {values.Item2}, {values.Item3}]");
    }
}
