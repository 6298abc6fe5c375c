// Training from the outside: a configuration, a device and a folder in, a run out.
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>How a training ended.</summary>
/// <param name="Steps">Steps that were done, those before a resume included.</param>
/// <param name="BestLoss">Lowest validation loss; none without a validation list.</param>
/// <param name="BestStep">Step of that loss.</param>
/// <param name="Skipped">Samples that were left out because their study could not be used.</param>
/// <param name="SkippedRows">Rows of the manifest that were left out from the start.</param>
public sealed record TrainingResult(long Steps, double? BestLoss, long BestStep, long Skipped, int SkippedRows);

/// <summary>Trains HSENet in a run folder: configuration, log, checkpoints, the best one, and in the end the adapter of a fine-tuning or
/// the checkpoint of a contrastive stage.</summary>
public static class Trainer
{
    /// <summary>Name of the folder that the adapter is written to, inside the run's.</summary>
    public const string AdapterFolder = "adapter";

    /// <summary>Name of the folder that the checkpoint of a contrastive stage is written to, inside the run's.</summary>
    public const string ClipFolder = "clip";

    /// <summary>Reads a configuration: defaults of the task, then a file, then single fields as text.</summary>
    /// <param name="file">A JSON object of fields, or none.</param>
    /// <param name="task">What is trained; null takes the file's word.</param>
    /// <param name="fields">Values by name of the field.</param>
    /// <exception cref="HseNetException">A field is unknown or its value not usable; the message names it.</exception>
    public static TrainingConfig ReadConfig(string? file, TrainingTask? task = null, IReadOnlyDictionary<string, string>? fields = null) =>
        TrainingConfigFile.Read(file, task, fields);

    /// <summary>Runs a training to its end, or goes on with one.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="config">What is trained and how. Relative paths are made absolute.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="resume">Whether the folder holds the run already; it then goes on from its last checkpoint, on the same device bit for
    /// bit.</param>
    /// <param name="study">How scans are read; what the configuration says of preprocessing comes first.</param>
    /// <param name="progress">Hears where the run stands, on the training's thread.</param>
    /// <param name="cancellation">Ends the run, in the midst of a pass, with a checkpoint of the last finished step.</param>
    /// <exception cref="HseNetException">Something given cannot be used: refused before the first step, as far as it can be seen
    /// then.</exception>
    /// <exception cref="TrainingDivergedException">A loss or gradient is not finite.</exception>
    /// <exception cref="DeviceMemoryException">The device has no room.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static TrainingResult Run(string folder, TrainingConfig config, Device device, bool resume = false, CtStudyOptions? study = null,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(device);
        config = TrainingConfigFile.WithAbsolutePaths(config);
        TrainingConfigChecks.Check(config, "the configuration");
        config = FineTuningTensors.WithRank(config, ModelConfig.Read(config.Weights).LanguageModel.Lora);
        using var run = TrainingRun.Open(folder, config, resume, study ?? new(), HostLoops.Threads(device),
            (c, labels) => OpenObjective(device, c, labels), progress);
        run.Train(cancellation);
        if (config.Task is TrainingTask.Report or TrainingTask.Vqa)
            AdapterExport.From(run.BestParameters(), config).Write(Path.Combine(folder, AdapterFolder), config.Weights);
        else if (config.Task.IsStage() && config.ContrastiveWeight > 0) // the reference has no stage without it
            WriteCheckpoint(Path.Combine(folder, ClipFolder), run.BestParameters(), config);
        var state = run.State;
        return new TrainingResult(state.Step, double.IsFinite(state.BestLoss) ? state.BestLoss : null, state.BestStep, state.Skipped,
            run.SkippedRows);
    }

    static void WriteCheckpoint(string folder, ParameterSet parameters, TrainingConfig config)
    {
        using var source = TensorSource.Open(config.Weights);
        ContrastiveExport.Write(folder, parameters, ModelConfig.Read(config.Weights), source, config.Task == TrainingTask.Stage1 ? 1 : 2);
    }

    static ITrainingObjective OpenObjective(Device device, TrainingConfig config, LabelSpace? labels)
    {
        var model = ModelConfig.Read(config.Weights);
        var source = TensorSource.Open(config.Weights);
        return config.Task switch
        {
            TrainingTask.Report or TrainingTask.Vqa => new FineTuningObjective(device, model, source, config),
            TrainingTask.Language => new LanguageObjective(device, model, source, config),
            TrainingTask.Slices => new SliceObjective(device, model, source, config, labels!),
            _ => new ContrastiveObjective(device, model, source, config, labels),
        };
    }
}
