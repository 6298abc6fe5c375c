// A training that is cancelled in the midst of a pass: it ends there, what it leaves is its last finished step, and a resume changes no bit.
using HSENet.Kernels;
using HSENet.Tests;

namespace HSENet.Training.Tests;

public sealed class CancelledTrainingTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly TrainingConfig _config;

    public CancelledTrainingTests()
    {
        string rows = string.Join(",", NewModelTests.Reports.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        NewModel.Write(NewModelTests.Options(_folder, SliceTrainingTests.Config(_folder, "f32")) with { Output = _folder.At("start") });
        _config = TrainingConfig.For(TrainingTask.Language) with
        {
            Manifest = _folder.Write("m.json", System.Text.Encoding.UTF8.GetBytes($"{{\"train\": [{rows}], \"validation\": [{rows}]}}")),
            Weights = _folder.At("start"),
            Init = "model",
            Batch = 2,
            Steps = 4,
            EvalEvery = 3,
            SaveEvery = 2,
            MaxLength = 64,
            Dtype = "f32",
        };
    }

    // Behind the third step the pass that comes next is the validation's.
    [Theory, InlineData(1), InlineData(3)]
    public void A_pass_ends_where_it_is_cancelled_and_is_done_again_by_a_resume(int step)
    {
        Run("whole", null, default);
        using var stop = new CancellationTokenSource();
        var launches = new Launches(stop);
        Assert.ThrowsAny<OperationCanceledException>(() => Run("parts", launches, stop.Token, progress =>
        {
            if (progress.Loss is not null && progress.Step == step)
                launches.Left = 20;
        }));
        Assert.Equal(1, launches.Begun);
        Assert.Equal(_folder.At($"parts/checkpoints/step-{step:d8}.safetensors"), RunFolder.Open(_folder.At("parts")).Newest()[0]);
        Run("parts", null, default, resume: true);
        foreach (string file in (string[])["checkpoints/step-00000004.safetensors", "best.safetensors"])
            Assert.Equal(File.ReadAllBytes(_folder.At($"whole/{file}")), File.ReadAllBytes(_folder.At($"parts/{file}")));
    }

    void Run(string folder, Launches? seen, CancellationToken cancellation, Action<TrainingProgress>? told = null, bool resume = false)
    {
        using var device = new HostDevice(2) { Observer = seen };
        Trainer.Run(_folder.At(folder), _config, device, resume, progress: told is null ? null : new Told(told), cancellation: cancellation);
    }

    public void Dispose() => _folder.Dispose();

    // Cancels as a launch begins, and counts that one and those that are begun all the same.
    sealed class Launches(CancellationTokenSource stop) : ILaunchObserver
    {
        public int Left { get; set; }

        public int Begun { get; private set; }

        public void Launching(Rung rung, object arguments)
        {
            if (Left > 0 && --Left == 0)
                stop.Cancel();
            if (stop.IsCancellationRequested)
                Begun++;
        }

        public void Launched(Rung rung)
        {
        }
    }

    sealed class Told(Action<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told(value);
    }
}
