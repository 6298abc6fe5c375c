// The slice encoder on labels of slices: what is asked, its gradients, whole runs, and the features of finished volumes that follow.
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class SliceTrainingTests : IDisposable
{
    const int Rows = 12;

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_slice_is_asked_for_the_lesions_that_reach_it_and_the_study_for_everything_else()
    {
        var space = SliceSpace.Of(LabelSpace.Of([.. Enumerable.Range(0, Rows).Select(Study)], "m"));
        Assert.Equal(["effusion", "nodule"], space.Volume.Kinds);
        Assert.Equal([("effusion", "left"), ("effusion", "right"), ("nodule", "left"), ("nodule", "right")], space.Sides);
        // A nodule on the left in the first two of four slices, and an effusion on the left.
        var targets = Targets(space, Study(0), 0, 1, 2, 3);
        Assert.Equal([1, 1, 1, 0, 1, 0, /**/ 1, 1, 1, 0, 1, 0, /**/ 1, 0, 1, 0, 0, 0, /**/ 1, 0, 1, 0, 0, 0], targets.Slices);
        Assert.Equal([1, 1, 1, 1, 1, 1, /**/ 1, 1, 1, 1, 1, 1, /**/ 1, 1, 1, 1, 0, 0, /**/ 1, 1, 1, 1, 0, 0], targets.Weights);
        Assert.Equal(2, targets.Patches.Held.Count);
        // Slices in another order, and some only.
        var some = Targets(space, Study(0), 3, 1);
        Assert.Equal([.. targets.Slices[18..], .. targets.Slices[6..12]], some.Slices);
        Assert.Equal(4 + targets.Patches.Held[0].Patch, Assert.Single(some.Patches.Held).Patch);
        // A study that was chosen for its findings says nothing of what has no place.
        var chosen = Targets(space, Study(0) with { PlacesOnly = true }, 0, 1, 2, 3);
        Assert.Equal([.. targets.Weights.Select((weight, i) => i % 6 is 0 or 2 or 3 ? 0 : weight)], chosen.Weights);
    }

    [Fact]
    public void The_gradient_of_the_loss_of_slices_is_its_slope()
    {
        var space = SliceSpace.Of(LabelSpace.Of([.. Enumerable.Range(0, Rows).Select(Study)], "m"));
        var targets = Targets(space, Study(0), 0, 1, 2, 3);
        var random = new Random(4);
        float[] outputs = [.. Enumerable.Range(0, 4 * space.Outputs).Select(_ => 4 * random.NextSingle() - 2)],
            gradient = new float[outputs.Length], ignored = new float[outputs.Length];
        var weights = new LabelWeights(0.5, 0.5, 60, 5, 0.2, 0.3);
        SliceLoss.Compute(space, targets, weights, outputs, 3, gradient);
        for (int i = 0; i < outputs.Length; i++)
        {
            double Moved(float by)
            {
                float[] moved = [.. outputs];
                moved[i] += by;
                return SliceLoss.Compute(space, targets, weights, moved, 0, ignored);
            }
            Assert.Equal(3 * (Moved(1e-2f) - Moved(-1e-2f)) / 2e-2, gradient[i], 1e-4);
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Gradients_are_the_slope_of_the_loss(bool checkpointing)
    {
        using var objective = Open(Training() with { Checkpointing = checkpointing, LabelWeight = 2 });
        var batch = Enumerable.Range(0, 3).Select(Example).ToArray();
        double loss = objective.AddGradients(batch, default, 1).Loss;
        Assert.Equal(loss, objective.Loss(batch, default).Loss, 5);
        Assert.Equal(2, objective.TakeScores()!["nodule"].Present);
        Slopes.Check(objective, batch, default, reach: 2e-3, allowed: 3e-3, least: 1e-3);
    }

    [Fact]
    public void A_step_sees_one_slice_of_each_part_another_one_in_other_steps_and_a_validation_all()
    {
        using var all = Open(Training());
        using var some = Open(Training() with { SlicesSeen = 2 });
        double Trained(long step) => some.AddGradients([Example(0)], new StepContext(step, 7), 1).Loss;
        Assert.Equal(Trained(3), Trained(3));
        Assert.True(Enumerable.Range(0, 16).Select(step => Trained(step)).Distinct().Count() > 1);
        BatchLoss whole = all.Loss([Example(0)], default), parts = some.Loss([Example(0)], default);
        Assert.Equal(whole.Tokens, parts.Tokens);
        Assert.Equal(all.TakeScores(), some.TakeScores());
        Assert.Contains("slices_seen is 3", Assert.Throws<HseNetException>(() => Open(Training() with { SlicesSeen = 3 })).Message,
            StringComparison.Ordinal);
    }

    [Theory, InlineData(0), InlineData(2)]
    public void A_run_learns_resumes_bit_for_bit_and_leaves_a_model_without_the_head_that_reads_finished_volumes(int seen)
    {
        var config = Training() with
        {
            Manifest = Manifest(),
            SlicesSeen = seen,
            Batch = 4,
            Steps = 40,
            EvalEvery = 20,
            SaveEvery = 15,
            LearningRate = 0.01,
            Augmentation = "intensity,shift",
        };
        Trainer.Run(_folder.At("whole"), config, PartRun.Host);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Trainer.Run(_folder.At("parts"), config, PartRun.Host,
            progress: new ContrastiveObjectiveTests.StopAt(22, stop), cancellation: stop.Token));
        var result = Trainer.Run(_folder.At("parts"), config, PartRun.Host, resume: true);
        Assert.Equal(File.ReadAllBytes(_folder.At("whole/best.safetensors")), File.ReadAllBytes(_folder.At("parts/best.safetensors")));
        using (var start = Open(config with { SlicesSeen = 0 }))
            Assert.True(result.BestLoss < 0.8 * start.Loss([.. Enumerable.Range(0, Rows).Select(Example)], default).Loss);

        StageExport.WriteModel(Weights(), _folder.At("whole/best.safetensors"), _folder.At("model"));
        Assert.Equal("trained on labels", ModelConfig.Read(_folder.At("model")).Provenance["slice_encoder"]);
        using var before = TensorSource.Open(Weights());
        using var after = TensorSource.Open(_folder.At("model"));
        Assert.Equal(before.Tensors.Select(tensor => tensor.Name).Order(), after.Tensors.Select(tensor => tensor.Name).Order());
        foreach (var tensor in before.Tensors)
            Assert.Equal(!tensor.Name.StartsWith("slice_encoder.", StringComparison.Ordinal),
                tensor.ToSingles().AsSpan().SequenceEqual(after.Get(tensor.Name).ToSingles()));
        using var model = HseNetModel.Open(_folder.At("model"), PartRun.Host);
        using var study = CtStudy.Open(_folder.At("0.npy"), new CtStudyOptions { Preprocessing = new() { Force = true } });
        Assert.NotEmpty(model.Report(study, new ReportOptions { MaxTokens = 2 }).Complete().Ids);
    }

    [Fact]
    public void Stage_2_looks_at_the_slices_of_finished_volumes_as_if_their_features_were_given()
    {
        string computed = Manifest(), given = _folder.At("given.json");
        using (var encoder = SliceFeatureEncoder.Open(Weights(), PartRun.Host)!)
            for (int row = 0; row < Rows; row++)
                NumpyFile.Write(_folder.At($"{row}.f.npy"), encoder.Encode(LabelTrainingTests.Volume(row)), 4, 16);
        File.WriteAllText(given, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(computed), "\"image\": \"(\\d+).npy\"",
            "$0, \"biomedclip_features\": \"$1.f.npy\""));
        var config = TrainingConfig.For(TrainingTask.Stage2) with
        {
            Weights = Weights(),
            Batch = 4,
            MaxLength = 16,
            Augmentation = "shift",
            LabelWeight = 1,
            Steps = 4,
            Dtype = "f32",
        };
        float[] Trained(string manifest, string run, string? cache)
        {
            Trainer.Run(_folder.At(run), config with { Manifest = manifest, Cache = cache }, PartRun.Host);
            using var checkpoint = TensorSource.Open(_folder.At($"{run}/best.safetensors"));
            return [.. checkpoint.Tensors.SelectMany(tensor => tensor.ToSingles())];
        }
        float[] expected = Trained(given, "a", "off");
        Assert.Equal(expected, Trained(computed, "b", "off"));
        Assert.Equal(expected, Trained(computed, "c", _folder.At("cache")));
        Assert.Equal(expected, Trained(computed, "d", _folder.At("cache")));
        Assert.Equal(Rows, Directory.EnumerateFiles(_folder.At("cache"), "*", SearchOption.AllDirectories).Count());
    }

    [Fact]
    public void What_cannot_be_learned_is_refused()
    {
        string ofScans = _folder.At("scans");
        NewModel.Write(NewModelTests.Options(_folder, NewModelTests.Config(_folder)) with { Output = ofScans });
        Refused("looks at slices of scans", Training() with { Weights = ofScans });
        Refused("slices have nothing else to learn", Training() with { LabelWeight = 0 });
        Refused("which moves what the labels place", Training() with { Augmentation = "on" });
        Refused("only stage1, stage2 and slices learn labels", TrainingConfig.For(TrainingTask.Language) with { LabelWeight = 1 });
        Refused("is a finished volume without slices", TrainingConfig.For(TrainingTask.Stage2) with { Weights = ofScans });

        void Refused(string problem, TrainingConfig config)
        {
            Assert.Contains(problem, Assert.ThrowsAny<HseNetException>(() => Trainer.Run(_folder.At("refused"), config with
            {
                Manifest = Manifest(),
                Weights = config.Weights.Length > 0 ? config.Weights : Weights(),
            }, PartRun.Host)).Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_folder.At("refused")));
        }
    }

    [Fact]
    public void Slices_of_the_volume_must_be_its_slices()
    {
        string config = Config(_folder);
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"slices\": 4", "\"slices\": 2", StringComparison.Ordinal));
        Assert.Contains("2×16×16, the slices themselves", Assert.Throws<HseNetFileException>(() =>
            NewModel.Write(NewModelTests.Options(_folder, config))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_model_sees_its_slices_whitened()
    {
        string manifest = Manifest();
        NewModel.Write(NewModelTests.Options(_folder, Config(_folder)) with { Output = _folder.At("white"), Volumes = manifest });
        var config = ModelConfig.Read(_folder.At("white")).SliceEncoder!;
        using var source = TensorSource.Open(_folder.At("white"));
        float[] weights = source.Get("slice_encoder.patch_embed.proj.weight").ToSingles(),
            positions = source.Get("slice_encoder.pos_embed").ToSingles();
        // All patches of all slices of all studies, embedded without their places.
        int area = config.PatchSize * config.PatchSize, side = config.ImageSize;
        var pixels = new float[3 * 4 * side * side];
        double[] sums = new double[config.HiddenSize], centred = new double[config.HiddenSize];
        double[,] products = new double[config.HiddenSize, config.HiddenSize];
        int count = 0;
        for (int row = 0; row < Rows; row++)
        {
            using var memory = PartRun.Host.Allocate((4 * side * side + pixels.Length) * sizeof(float), "slices");
            View<float> volume = memory.View<float>(0, 4 * side * side), seen = memory.View<float>(volume.Length * sizeof(float),
                pixels.Length);
            PartRun.Host.Upload<float>(LabelTrainingTests.Volume(row), volume);
            VolumeSlices.Compute(PartRun.Host, volume, 4, side, seen);
            PartRun.Host.Download(seen, pixels);
            for (int patch = 0; patch < 4 * config.Patches; patch++, count++)
            {
                var (slice, y, x) = (patch / config.Patches, patch % config.Patches / 2 * 8, patch % config.Patches % 2 * 8);
                double[] embedded = new double[config.HiddenSize];
                for (int c = 0; c < embedded.Length; c++)
                    for (int i = 0; i < 3 * area; i++)
                        embedded[c] += weights[c * 3 * area + i]
                            * pixels[((slice * 3 + i / area) * side + y + i % area / 8) * side + x + i % 8];
                for (int c = 0; c < embedded.Length; c++)
                {
                    sums[c] += embedded[c];
                    centred[c] += embedded[c] + positions[(1 + patch % config.Patches) * embedded.Length + c];
                    for (int d = 0; d < embedded.Length; d++)
                        products[c, d] += embedded[c] * embedded[d];
                }
            }
        }
        for (int c = 0; c < config.HiddenSize; c++)
            for (int d = 0; d < config.HiddenSize; d++)
            {
                double covariance = products[c, d] / count - sums[c] / count * (sums[d] / count);
                Assert.True(c == d ? covariance is > 0.5 and < 1.05 : Math.Abs(covariance) < 0.05, $"{c}, {d}: {covariance}");
            }
        // What is left is the place itself: sines and cosines.
        Assert.All(centred, sum => Assert.InRange(sum / count, -1.01, 1.01));
    }

    static SliceTargets Targets(SliceSpace space, StudyLabels study, params int[] slices) =>
        SliceTargets.Of(space, LabelTargets.Of(space.Volume, study, new VisionConfig
        {
            ImgSize = [4, 16, 16],
            PatchSize = [1, 8, 8],
            HiddenSize = 16,
            MlpDim = 32,
            NumLayers = 1,
            NumHeads = 2,
        }, ofFullest: true), slices, 4);

    static StudyLabels Study(int row) => new(LabelTrainingTests.Findings(row));

    static TrainingExample Example(int row) => new(row, LabelTrainingTests.Volume(row), default, [], []) { Study = Study(row) };

    TrainingConfig Training() => TrainingConfig.For(TrainingTask.Slices) with
    {
        Weights = Weights(),
        Manifest = "m",
        Steps = 1,
        Dtype = "f32",
        Augmentation = "off",
    };

    SliceObjective Open(TrainingConfig config) => new(PartRun.Host, ModelConfig.Read(Weights()),
        TensorSource.Open(Weights()), config, LabelSpace.Of([.. Enumerable.Range(0, Rows).Select(Study)], "m"));

    internal static string Config(TemporaryFolder folder, string dtype = "f32")
    {
        string config = NewModelTests.Config(folder, dtype);
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"slices\": 4", "\"slices\": 4, \"source\": \"volume\"",
            StringComparison.Ordinal));
        return config;
    }

    string Weights()
    {
        string folder = _folder.At("model0");
        if (!Directory.Exists(folder))
            NewModel.Write(NewModelTests.Options(_folder, Config(_folder)) with { Output = folder, Deviation = 0.1 });
        return folder;
    }

    string Manifest() => LabelTrainingTests.Manifest(_folder, features: false);
}
