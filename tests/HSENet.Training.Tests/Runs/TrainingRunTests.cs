// The loop and its folder: resuming bit for bit, what a kill, a full disk, a NaN or a bad sample leaves, the best checkpoint.
using System.Text.Json;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class TrainingRunTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly TrainingConfig _config;

    public TrainingRunTests()
    {
        string weights = SmallModel(_folder.At("model"));
        var recipe = StudyRecipe.For(TrainingConfig.For(TrainingTask.Report) with { Weights = weights }, ModelConfig.Read(weights),
            new CtStudyOptions());
        string[] rows = [.. Enumerable.Range(0, 5).Select(i =>
        {
            var random = new Random(i);
            NumpyFile.Write(_folder.At($"{i}.npy"), Values(recipe.VolumeLength), recipe.VolumeShape);
            NumpyFile.Write(_folder.At($"{i}.f.npy"), Values(recipe.FeatureLength), recipe.Target.Slices, recipe.SliceChannels);
            string text = string.Join(' ', Enumerable.Repeat("lung", 3 + 4 * i));
            return $$"""{"image": "{{i}}.npy", "biomedclip_features": "{{i}}.f.npy", "text": "{{text}}"}""";

            float[] Values(long count) => [.. Enumerable.Range(0, (int)count).Select(_ => random.NextSingle())];
        })];
        string manifest = _folder.Write("m.json",
            System.Text.Encoding.UTF8.GetBytes($"{{\"train\": [\n{string.Join(",\n", rows[..4])}\n],\n\"validation\": [\n{rows[4]}\n]}}"));
        _config = TrainingConfig.For(TrainingTask.Report) with
        {
            Manifest = manifest,
            Weights = weights,
            Batch = 2,
            Accumulation = 3,
            Steps = 8,
            EvalEvery = 3,
            SaveEvery = 2,
            LearningRate = 0.05,
            Workers = 2,
            MaxLength = 200,
        };
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    public void Eight_steps_are_five_and_three_after_a_resume(string dtype)
    {
        var config = _config with { Dtype = dtype };
        Train("whole", config);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Train("parts", config, progress: progress =>
        {
            if (progress.Step == 5)
                stop.Cancel();
        }, cancellation: stop.Token));
        Assert.Equal(_folder.At("parts/checkpoints/step-00000005.safetensors"), RunFolder.Open(_folder.At("parts")).Newest()[0]);
        Train("parts", config, resume: true);
        foreach (string file in (string[])["checkpoints/step-00000008.safetensors", "best.safetensors"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"whole/{file}")), File.ReadAllBytes(_folder.At($"parts/{file}")));
        Assert.Equal(Curve("whole"), Curve("parts"));
        Assert.Equal(8, Curve("whole").Count(line => line.Contains("\"loss\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_run_that_began_in_a_culture_of_other_numbers_goes_on_in_this_one()
    {
        // A scan with what a table says of it: numbers with a sign and a point in the row.
        string scan = JsonSerializer.Serialize(GoldenFolder.At("data/ct_sm.nii.gz"));
        File.WriteAllText(_config.Manifest, File.ReadAllText(_config.Manifest).Replace("\"0.npy\"",
            $"{scan}, \"RescaleSlope\": 0.5, \"RescaleIntercept\": -1024.5, \"XYSpacing\": 0.75, \"ZSpacing\": 2.5",
            StringComparison.Ordinal));
        var config = _config with { Force = true };
        Train("whole", config);
        Assert.ThrowsAny<OperationCanceledException>(() => ElsewhereCulture.Run(() =>
        {
            using var stop = new CancellationTokenSource();
            Train("parts", config, progress: progress =>
            {
                if (progress.Step == 5)
                    stop.Cancel();
            }, cancellation: stop.Token);
            return 0;
        }));
        Train("parts", config, resume: true);
        foreach (string file in (string[])["checkpoints/step-00000008.safetensors", "best.safetensors", "config.json"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"whole/{file}")), File.ReadAllBytes(_folder.At($"parts/{file}")));
        Assert.Equal(Curve("whole"), Curve("parts"));
    }

    [Theory, InlineData(3), InlineData(8)]
    public void A_validation_that_was_interrupted_is_done_after_a_resume(int step)
    {
        Train("whole", _config);
        Assert.ThrowsAny<OperationCanceledException>(() => Train("parts", _config, open: config => new RegressionObjective(config)
        {
            SpoilLoss = validated => validated.Step == step ? throw new OperationCanceledException() : 1,
        }));
        Assert.Equal(_folder.At($"parts/checkpoints/step-{step:d8}.safetensors"), RunFolder.Open(_folder.At("parts")).Newest()[0]);
        Train("parts", _config, resume: true);
        foreach (string file in (string[])["checkpoints/step-00000008.safetensors", "best.safetensors"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"whole/{file}")), File.ReadAllBytes(_folder.At($"parts/{file}")));
        Assert.Equal(Curve("whole"), Curve("parts"));
    }

    [Fact]
    public void A_new_run_that_is_refused_leaves_nothing()
    {
        Assert.Throws<HseNetException>(() => Train("a/b", _config, open: _ => throw new HseNetException("no")));
        Assert.False(Directory.Exists(_folder.At("a")));
    }

    [Fact]
    public void A_resume_beside_a_running_training_touches_none_of_its_files()
    {
        Train("run", _config);
        using var running = RunFolder.Open(_folder.At("run"));
        running.Take();
        using var half = new AtomicFile(running.Checkpoint(9));
        Assert.Contains("in use", Assert.Throws<HseNetFileException>(() => Train("run", _config, resume: true)).Message,
            StringComparison.Ordinal);
        half.Commit();
        Assert.True(File.Exists(running.Checkpoint(9)));
    }

    [Fact]
    public void Two_runs_of_one_seed_are_the_same_and_another_seed_is_not()
    {
        Train("a", _config);
        Train("b", _config with { Workers = 1, Prefetch = 1 });
        Train("c", _config with { Seed = 43 });
        Assert.Equal(Curve("a"), Curve("b"));
        Assert.NotEqual(Curve("a"), Curve("c"));
    }

    [Fact]
    public void A_killed_run_goes_on_from_its_last_good_checkpoint()
    {
        Train("whole", _config);
        Train("killed", _config);
        // As if killed while step 7 wrote its line and checkpoint.
        var folder = RunFolder.Open(_folder.At("killed"));
        File.Delete(folder.Checkpoint(8));
        File.WriteAllText(TemporaryName.For(folder.Checkpoint(7), int.MaxValue), "half");
        string[] lines = File.ReadAllLines(folder.Log);
        File.WriteAllText(folder.Log, string.Join('\n', lines[..^3]) + "\n" + lines[^3][..20]);
        Train("killed", _config, resume: true);
        Assert.Equal(Curve("whole"), Curve("killed"));
        Assert.Equal(File.ReadAllBytes(_folder.At("whole/checkpoints/step-00000008.safetensors")), File.ReadAllBytes(folder.Checkpoint(8)));
        Assert.Empty(Directory.GetFiles(_folder.At("killed"), "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_damaged_checkpoint_gives_way_to_the_one_before()
    {
        Train("whole", _config);
        byte[] good = File.ReadAllBytes(_folder.At("whole/checkpoints/step-00000008.safetensors"));
        byte[] damaged = [.. good];
        damaged[^3] ^= 1;
        File.WriteAllBytes(_folder.At("whole/checkpoints/step-00000008.safetensors"), damaged);
        Train("whole", _config, resume: true);
        Assert.Equal(good, File.ReadAllBytes(_folder.At("whole/checkpoints/step-00000008.safetensors")));
    }

    [Fact]
    public void Only_the_newest_checkpoints_and_the_best_stay()
    {
        Train("run", _config with { Keep = 2 });
        Assert.Equal(["step-00000006.safetensors", "step-00000008.safetensors"],
            Directory.GetFiles(_folder.At("run/checkpoints")).Select(Path.GetFileName).Order());
        var validations = Lines("run").Where(line => line.TryGetProperty("validation_loss", out _)).ToArray();
        Assert.Equal([3L, 6, 8], validations.Select(line => line.GetProperty("step").GetInt64()));
        var best = validations.MinBy(line => line.GetProperty("validation_loss").GetDouble());
        using var parameters = new RegressionObjective(_config);
        using var again = TrainingRun.Open(_folder.At("run"), _config, resume: true, new CtStudyOptions(), 1,
            (config, _) => new RegressionObjective(config), null);
        Assert.Equal(8, again.State.Step);
        var state = Checkpoint.Read(_folder.At("run/best.safetensors"), parameters.Parameters, again.Samples);
        Assert.Equal((best.GetProperty("step").GetInt64(), best.GetProperty("validation_loss").GetDouble()),
            (state.BestStep, state.BestLoss));
        // Nobody else trains here at the same time.
        Assert.Contains("in use", Assert.Throws<HseNetFileException>(() => Train("run", _config, resume: true)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_a_run_is_not_overwritten_and_another_configuration_not_resumed()
    {
        Train("run", _config);
        Assert.Contains("resumes it", Assert.Throws<HseNetFileException>(() => Train("run", _config)).Message, StringComparison.Ordinal);
        string message = Assert.Throws<HseNetFileException>(() =>
            Train("run", _config with { Clip = 2, Batch = 1, Workers = 1 }, resume: true)).Message;
        Assert.Contains("batch: 2, 1; clip: 1, 2", message, StringComparison.Ordinal);
        string manifest = File.ReadAllText(_config.Manifest);
        int validation = manifest.IndexOf("validation", StringComparison.Ordinal);
        foreach (string other in (string[])[manifest[..validation].Replace("lung lung", "lung") + manifest[validation..],
            manifest[..validation] + manifest[validation..].Replace("lung lung", "lung")])
        {
            File.WriteAllText(_config.Manifest, other);
            Assert.Contains("other samples", Assert.Throws<HseNetFileException>(() => Train("run", _config, resume: true)).Message,
                StringComparison.Ordinal);
        }
        File.WriteAllText(_config.Manifest, manifest);
        Assert.Contains("no run to resume", Assert.Throws<HseNetFileException>(() => Train("none", _config, resume: true)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_with_step_samples_and_checkpoint()
    {
        var e = Assert.Throws<TrainingDivergedException>(() =>
            Train("run", _config, open: config => new RegressionObjective(config) { Spoil = step => step.Step == 6 ? double.NaN : 1 }));
        Assert.Contains("step 7: the loss is NaN on line ", e.Message, StringComparison.Ordinal);
        Assert.Contains("step-00000006.safetensors", e.Message, StringComparison.Ordinal);
        Assert.Equal("diverged", Lines("run").Last().GetProperty("event").GetString());
        Assert.Equal(6, Curve("run").Count(line => line.Contains("\"loss\"", StringComparison.Ordinal)));

        // Values that give no finite validation loss are not kept as a good checkpoint.
        e = Assert.Throws<TrainingDivergedException>(() =>
            Train("validated", _config, open: config =>
            new RegressionObjective(config) { SpoilLoss = step => step.Step == 6 ? double.PositiveInfinity : 1 }));
        Assert.Contains("step 6: the validation loss is Infinity on line 8 ", e.Message, StringComparison.Ordinal);
        Assert.Contains("step-00000004.safetensors", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("validated/checkpoints/step-00000006.safetensors")));
    }

    [Fact]
    public void A_sample_that_cannot_be_read_names_its_line_after_a_checkpoint_or_is_skipped()
    {
        // Its header is good: only reading it shows that a value is not.
        _folder.Write("2.npy", [.. File.ReadAllBytes(_folder.At("2.npy"))[..^4], .. BitConverter.GetBytes(float.NaN)]);
        Assert.Contains("m.json: line 4 cannot be used",
            Assert.Throws<HseNetFileException>(() => Train("strict", _config with { Accumulation = 1, Batch = 1 })).Message,
            StringComparison.Ordinal);
        Assert.NotEmpty(RunFolder.Open(_folder.At("strict")).Newest());
        Train("lenient", _config with { Accumulation = 1, Batch = 1, SkipBad = true });
        // Every epoch of four samples meets it once.
        Assert.Equal(2, Lines("lenient").Where(line => line.TryGetProperty("skipped", out _))
            .Sum(line => line.GetProperty("skipped").GetInt32()));
        foreach (int i in (int[])[0, 1, 3])
            File.Delete(_folder.At($"{i}.npy"));
        Assert.Contains("no row", Assert.Throws<HseNetFileException>(() =>
            Train("none", _config with { Manifest = Empty(), SkipBad = true })).Message, StringComparison.Ordinal);

        string Empty() => _folder.Write("none.jsonl", """{"image": "0.npy", "text": "x"}"""u8.ToArray());
    }

    [Fact]
    public void A_full_disk_loses_no_line_that_was_written()
    {
        using var disk = new FullStream(room: 60);
        using var log = new RunLog(disk, "log.jsonl");
        log.Write(new EventLine(1, "start"));
        byte[] before = disk.ToArray();
        Assert.Contains("log.jsonl: cannot be written (No space left",
            Assert.Throws<HseNetFileException>(() => log.Write(new EventLine(2, "a long one", new string('x', 80)))).Message,
            StringComparison.Ordinal);
        Assert.Equal(before, disk.ToArray());
        log.Write(new EventLine(3, "x"));
        Assert.Equal(["start", "x"], System.Text.Encoding.UTF8.GetString(disk.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()));
    }

    // The demo model with a volume of a sixteenth: the objective of these tests reads no weights.
    static string SmallModel(string folder)
    {
        string demo = GoldenFolder.Toy;
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(demo).Where(file => !file.EndsWith(".safetensors", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        var config = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(demo, "config.json")))!;
        config["vision"]!["img_size"] = new System.Text.Json.Nodes.JsonArray(4, 64, 64);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        return folder;
    }

    void Train(string name, TrainingConfig config, bool resume = false, Action<TrainingProgress>? progress = null,
        Func<TrainingConfig, ITrainingObjective>? open = null, CancellationToken cancellation = default)
    {
        using var run = TrainingRun.Open(_folder.At(name), config, resume, new CtStudyOptions(), 1,
            (c, _) => open?.Invoke(c) ?? new RegressionObjective(c), progress is null ? null : new Reporter(progress));
        run.Train(cancellation);
    }

    // What must be the same again: steps and validations without times.
    string[] Curve(string name) =>
        [.. Lines(name).Where(line => !line.TryGetProperty("event", out _)).Select(line => JsonSerializer.Serialize(line.EnumerateObject()
        .Where(field => field.Name is not ("seconds" or "wait_seconds" or "tokens_per_second" or "process_bytes"))
            .ToDictionary(field => field.Name, field => field.Value)))];

    IEnumerable<JsonElement> Lines(string name) =>
        File.ReadAllLines(_folder.At($"{name}/log.jsonl")).Select(line => JsonDocument.Parse(line).RootElement);

    sealed class Reporter(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }

    /// <summary>A disk with room for so many bytes: what no longer fits is written in part, as a real one does.</summary>
    sealed class FullStream(int room) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            int fits = (int)Math.Min(buffer.Length, room - Position);
            base.Write(buffer[..fits]);
            if (fits < buffer.Length)
                throw new IOException("No space left on device");
        }
    }
}
