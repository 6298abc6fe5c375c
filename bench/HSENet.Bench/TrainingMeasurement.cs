// Steps of a training with made-up samples: samples a second, the share of each operation, planned and measured memory.
using System.Diagnostics;
using System.Text.Json.Serialization;
using HSENet.Cli;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Bench;

/// <summary>Seconds of one operation as a share of a step's operations.</summary>
sealed record OperationShare(string Operation, double Share, int Launches);

/// <summary>What a measurement gave; memory in bytes.</summary>
sealed record TrainingResult
{
    public required string Name { get; init; }
    public required int Batch { get; init; }
    public required long Tokens { get; init; }
    public required Timing Seconds { get; init; }
    public required double SamplesPerSecond { get; init; }
    public required double Loss { get; init; }
    public required long PlannedActivations { get; init; }
    public required long PlannedParameters { get; init; }
    public required long FrozenWeights { get; init; }
    public required long PeakResident { get; init; }
    public required IReadOnlyList<OperationShare> Operations { get; init; }
    public required Measured Measured { get; init; }

    [JsonIgnore]
    public long Planned => PlannedActivations + PlannedParameters + FrozenWeights;
}

static class TrainingMeasurement
{
    /// <summary>The trainings that are measured.</summary>
    public static IReadOnlyList<TrainingTask> Tasks { get; } = [TrainingTask.Report, TrainingTask.Stage1, TrainingTask.Stage2];

    /// <summary>Times steps for some time after two that are not timed, or a single one when no time is given.</summary>
    public static TrainingResult Run(HostDevice device, Measured measured, ModelConfig model, string folder, TrainingConfig training,
        string name, double seconds)
    {
        ProcessMemory.ForgetPeak();
        var source = TensorSource.Open(folder);
        using ITrainingObjective objective = FineTunes(training) ? new FineTuningObjective(device, model, source, training)
            : new ContrastiveObjective(device, model, source, training);
        using var optimizer = new Optimizer(objective.Parameters, new OptimizerOptions(training.LearningRate, 2, 1000));
        var batch = Batch(model, training);
        var loss = default(BatchLoss);
        long step = 0;
        void Step()
        {
            objective.Parameters.ClearGradients();
            loss = objective.AddGradients(batch, new StepContext(step, training.Seed), 1);
            optimizer.Step(objective.Parameters, step++);
        }

        var times = new List<double>();
        if (seconds > 0)
        {
            Step();
            Step();
            do
                times.Add(device.Time(Step));
            while (times.Sum() < seconds);
        }
        var clock = new OperationClock();
        device.Observer = clock;
        double observed = device.Time(Step);
        device.Observer = null;
        if (seconds == 0)
            times.Add(observed);
        var timing = Timing.Of([.. times]);
        measured.End();
        return new TrainingResult
        {
            Name = name,
            Batch = batch.Length,
            Tokens = loss.Tokens,
            Seconds = timing,
            SamplesPerSecond = batch.Length / timing.Median,
            Loss = loss.Loss,
            PlannedActivations = objective.Plan.TotalBytes,
            PlannedParameters = objective.Parameters.Bytes,
            FrozenWeights = Frozen(objective, source, training),
            PeakResident = ProcessMemory.Peak,
            Operations = clock.Shares(),
            Measured = measured,
        };
    }

    static bool FineTunes(TrainingConfig training) => training.Task is TrainingTask.Report or TrainingTask.Vqa;

    // Of the contrastive stages only the second holds itself to something frozen: all of the first.
    static long Frozen(ITrainingObjective objective, TensorSource source, TrainingConfig training) =>
        objective is FineTuningObjective fineTuning ? fineTuning.FrozenBytes
        : training.Task == TrainingTask.Stage1 ? 0
        : source.Tensors.Where(tensor => tensor.Name.Split('.')[0] is "encoder1" or "text_encoder1" or "clip1")
            .Sum(tensor => tensor.ByteLength);

    static TrainingExample[] Batch(ModelConfig model, TrainingConfig training)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, training.Batch).Select(row =>
        {
            int vocabulary = FineTunes(training) ? model.LanguageModel.VocabSize : model.TextEncoder!.VocabSize;
            int[] ids = [.. Enumerable.Range(0, training.MaxLength).Select(_ => random.Next(vocabulary))];
            // Behind the visual tokens and a question of twenty tokens everything is answer.
            int[] labels = FineTunes(training)
                ? [.. ids.Select((id, i) => i > model.VisualTokens + 20 ? id : LanguageModel.IgnoredLabel)] : [];
            return new TrainingExample(row, Values(model.Vision.ImgSize.Aggregate(1, (a, b) => a * b)),
                Values(model.SliceEncoder!.Slices * model.Vision.HiddenSize), ids, labels);
        })];

        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
    }

    sealed class OperationClock : ILaunchObserver
    {
        readonly Dictionary<string, (double Seconds, int Launches)> _operations = [];
        long _start;

        public void Launching(Rung rung, object arguments) => _start = Stopwatch.GetTimestamp();

        public void Launched(Rung rung)
        {
            double seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
            var (sum, launches) = _operations.GetValueOrDefault(rung.Operation);
            _operations[rung.Operation] = (sum + seconds, launches + 1);
        }

        public IReadOnlyList<OperationShare> Shares()
        {
            double total = _operations.Values.Sum(operation => operation.Seconds);
            return [.. _operations.OrderByDescending(operation => operation.Value.Seconds)
                .Select(operation => new OperationShare(operation.Key, operation.Value.Seconds / total, operation.Value.Launches))];
        }
    }
}
