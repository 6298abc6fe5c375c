// Steps of a training with made-up samples: samples a second, the share of each operation, planned and measured memory.
using System.Diagnostics;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Bench;

/// <summary>Seconds of one operation as a share of a step's operations.</summary>
sealed record OperationShare(string Operation, double Share, int Launches);

/// <summary>What a measurement gave; memory in bytes.</summary>
sealed record TrainingResult
{
    public required string Name { get; init; }
    public required int Batch { get; init; }
    public required long Tokens { get; init; }
    public required int Steps { get; init; }
    public required double SecondsPerStep { get; init; }
    public required double SamplesPerSecond { get; init; }
    public required double Loss { get; init; }
    public required long PlannedActivations { get; init; }
    public required long PlannedParameters { get; init; }
    public required long FrozenWeights { get; init; }
    public required long PeakResident { get; init; }
    public required IReadOnlyList<OperationShare> Operations { get; init; }
    public MachineFacts? Machine { get; init; }

    public long Planned => PlannedActivations + PlannedParameters + FrozenWeights;
}

static class TrainingMeasurement
{
    /// <summary>The trainings that are measured.</summary>
    public static IReadOnlyList<TrainingTask> Tasks { get; } = [TrainingTask.Report, TrainingTask.Stage1, TrainingTask.Stage2];

    /// <summary>Runs steps for some time, at least one after the first, or a single one when no time is given.</summary>
    public static TrainingResult Run(HostDevice device, ModelConfig model, string folder, TrainingConfig training, string name, double seconds)
    {
        var facts = MachineFacts.Collect(device, []);
        var source = TensorSource.Open(folder);
        using ITrainingObjective objective = FineTunes(training) ? new FineTuningObjective(device, model, source, training) : new ContrastiveObjective(device, model, source, training);
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

        var clock = new OperationClock();
        double elapsed = 0;
        if (seconds > 0)
        {
            Step();
            Step();
            long start = Stopwatch.GetTimestamp(), first = step;
            do
                Step();
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);
            elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds / (step - first);
        }
        device.Observer = clock;
        long observed = Stopwatch.GetTimestamp();
        Step();
        device.Observer = null;
        if (seconds == 0)
            elapsed = Stopwatch.GetElapsedTime(observed).TotalSeconds;
        facts.LoadAtEnd = Machine.Load;
        return new TrainingResult
        {
            Name = name,
            Batch = batch.Length,
            Tokens = loss.Tokens,
            Steps = (int)step,
            SecondsPerStep = elapsed,
            SamplesPerSecond = batch.Length / elapsed,
            Loss = loss.Loss,
            PlannedActivations = objective.Plan.TotalBytes,
            PlannedParameters = objective.Parameters.Bytes,
            FrozenWeights = Frozen(objective, source, training),
            PeakResident = PeakResident(),
            Operations = clock.Shares(),
            Machine = facts,
        };
    }

    static bool FineTunes(TrainingConfig training) => training.Task is TrainingTask.Report or TrainingTask.Vqa;

    // Of the contrastive stages only the second holds itself to something frozen: all of the first.
    static long Frozen(ITrainingObjective objective, TensorSource source, TrainingConfig training) =>
        objective is FineTuningObjective fineTuning ? fineTuning.FrozenBytes
        : training.Task == TrainingTask.Stage1 ? 0
        : source.Tensors.Where(tensor => tensor.Name.Split('.')[0] is "encoder1" or "text_encoder1" or "clip1").Sum(tensor => tensor.ByteLength);

    static TrainingExample[] Batch(ModelConfig model, TrainingConfig training)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, training.Batch).Select(row =>
        {
            int vocabulary = FineTunes(training) ? model.LanguageModel.VocabSize : model.TextEncoder!.VocabSize;
            int[] ids = [.. Enumerable.Range(0, training.MaxLength).Select(_ => random.Next(vocabulary))];
            // Behind the visual tokens and a question of twenty tokens everything is answer.
            int[] labels = FineTunes(training) ? [.. ids.Select((id, i) => i > model.VisualTokens + 20 ? id : TrainingExample.Ignored)] : [];
            return new TrainingExample(row, Values(model.Vision.ImgSize.Aggregate(1, (a, b) => a * b)), Values(model.SliceEncoder!.Slices * model.Vision.HiddenSize), ids, labels);
        })];

        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle())];
    }

    // Highest resident size of the process: weights that were read count, wherever they are mapped. 0 where the system does not tell.
    static long PeakResident()
    {
        const string field = "VmHWM:", status = "/proc/self/status";
        if (!File.Exists(status))
            return 0;
        string line = File.ReadLines(status).First(line => line.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim()) * 1024;
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
