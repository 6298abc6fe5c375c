// Training of the demo model from the outside: what the frozen encoders give is kept where it may be, and a resume is bit for bit.
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class TrainerTests : IDisposable
{
    static readonly string Demo = GoldenFolder.Toy;

    readonly TemporaryFolder _folder = new();
    readonly TrainingConfig _config;

    public TrainerTests()
    {
        string[] rows = [.. ((string[])["ct_sm", "ct_thin", "ct_odd"])
            .Select((name, i) => JsonSerializer.Serialize(
            new { image = Path.Combine(GoldenFolder.RepositoryRoot(), "tests", "golden", "data", $"{name}.nii.gz"),
            text = $"Report {i}: the lungs are clear." }))];
        _config = TrainingConfig.For(TrainingTask.Report) with
        {
            Manifest = _folder.Write("m.json",
                System.Text.Encoding.UTF8.GetBytes($$"""{"train": [{{string.Join(", ", rows)}}], "validation": [{{rows[0]}}]}""")),
            Weights = Demo,
            Steps = 8,
            Accumulation = 2,
            SaveEvery = 100,
            LearningRate = 1e-3,
            LoraR = 8,
            LoraAlpha = 16,
            MaxLength = 150,
            Cache = _folder.At("cache"),
        };
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Eight_steps_are_five_and_three_after_a_resume_with_everything_random_on()
    {
        Train("whole", _config);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Train("parts", _config, progress: value =>
        {
            if (value.Step == 5)
                stop.Cancel();
        }, cancellation: stop.Token));
        Train("parts", _config, resume: true);
        foreach (string file in (string[])["checkpoints/step-00000008.safetensors", "best.safetensors",
            "adapter/adapter_model.safetensors"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"whole/{file}")), File.ReadAllBytes(_folder.At($"parts/{file}")));
        Assert.NotEqual(Last("whole"), Train("other", _config with { LoraDropout = 0, Dropout = 0 }));
    }

    [Fact]
    public void Frozen_features_are_kept_only_where_they_are_the_same_every_time()
    {
        var fixedFeatures = _config with { Steps = 3, Augmentation = "off", FrozenDropout = false };
        Train("random", fixedFeatures with { FrozenDropout = true });
        int arrays = Kept().Length;
        Assert.Equal(6, arrays); // volume and slice features of each study
        byte[] kept = Train("kept", fixedFeatures);
        Assert.Equal(arrays + 6, Kept().Length); // and what two encoders make of each
        Assert.Equal(Train("computed", fixedFeatures with { Cache = "off" }), kept);
        Assert.Equal(kept, Train("again", fixedFeatures));
        // They are read, not computed: others change the result.
        var model = ModelConfig.Read(Demo);
        long length = (model.Vision.Patches + 1L) * model.Vision.HiddenSize;
        foreach (string file in Kept()
            .Where(file => new FileInfo(file).Length is var bytes && bytes > length * 4 && bytes < length * 4 + 256))
            NumpyFile.Write(file, new float[length], 1, length);
        Assert.NotEqual(kept, Train("spoiled", fixedFeatures));

        string[] Kept() => Directory.GetFiles(_folder.At("cache"));
    }

    byte[] Train(string name, TrainingConfig config, bool resume = false, Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var device = new HostDevice(2);
        Trainer.Run(_folder.At(name), config, device, resume, progress: progress is null ? null : new Reporter(progress),
            cancellation: cancellation);
        return Last(name);
    }

    byte[] Last(string name) => File.ReadAllBytes(Directory.GetFiles(_folder.At($"{name}/checkpoints")).Order().Last());

    sealed class Reporter(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
