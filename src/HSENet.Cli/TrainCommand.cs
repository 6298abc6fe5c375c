// hsenet train: a run in a folder. Every field of the configuration is an option here.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Cli;

static class TrainCommand
{
    /// <summary>How long an interrupted training may take to end its pass and write a checkpoint.</summary>
    public static readonly TimeSpan TimeToSave = TimeSpan.FromMinutes(10);

    /// <param name="isWhole">Whether it has its options, which know the defaults of every task.</param>
    public static Command Create(bool isWhole)
    {
        var task = new Argument<string>("task")
        {
            Description = "report or vqa (LoRA and projectors), stage1 or stage2 (contrastive), language (all of the decoder, on "
                + "text alone), slices (the 2D encoder, on labels)."
        };
        var output = new Option<string>("--out")
        {
            Description = "The run's folder: configuration, log, plot, checkpoints, adapter.",
            Required = true
        };
        var config = new Option<string?>("--config")
        {
            Description =
            "JSON file with any of the options below as fields (learning_rate for --learning-rate)."
        };
        var resume = new Option<bool>("--resume") { Description = "Go on with the run in the folder, from its last checkpoint." };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout: how the training ended." };
        var verbose = Verb.Verbose();
        var command = new Command("train", """
            Trains on a manifest of studies and their texts.

            Examples:
              hsenet train report --manifest manifest.jsonl --weights model --out run
              hsenet train vqa --manifest questions.json --weights model --out run --epochs 2 --lora-r 8
              hsenet train slices --manifest labels.json --weights model --out run --json
              hsenet train report --out run --resume
            """)
        { task };
        if (!isWhole)
            return command;
        command.Add(output);
        command.Add(config);
        command.Add(resume);
        var fields = TrainingConfigFile.Fields.Where(field => field.Name != "task")
            .ToDictionary(field => field.Name, field => new Option<string?>($"--{field.Name.Replace('_', '-')}")
            {
                Description = field.Description + Default(field.Name),
                Arity = field.Type == typeof(bool) ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
                HelpName = field.Type == typeof(bool) ? "on|off" : null,
            });
        foreach (var option in fields.Values)
            command.Add(option);
        command.Add(json);
        command.Add(verbose);
        command.Run(verbose, async (parsed, cancellation) =>
        {
            string folder = parsed.GetRequiredValue(output);
            bool resumes = parsed.GetValue(resume);
            string? file = parsed.GetValue(config) ?? (resumes ? Path.Combine(folder, RunFolder.ConfigName) : null);
            var given = fields.Where(field => parsed.GetResult(field.Value) is { Implicit: false })
                .ToDictionary(field => field.Key, field => parsed.GetValue(field.Value) ?? "");
            var read = Trainer.ReadConfig(file, TaskOf(parsed.GetRequiredValue(task)), given);
            using var device = Device.Open(read.Device);
            var study = new CtStudyOptions
            {
                Reading =
                new VolumeReadOptions
                {
                    DicomReader = DicomPlugin.Reader,
                    Cancellation = cancellation,
                    // A row's text is of one study.
                    RefusesSeveralStudies = true,
                }
            };
            using var progress = new TrainProgress(folder);
            try
            {
                // On a thread of its own: Ctrl-C is heard only while this one waits.
                var result = await Task.Run(() => Trainer.Run(folder, read, device, resumes, study, progress, cancellation),
                    CancellationToken.None).ConfigureAwait(false);
                progress.Dispose();
                if (parsed.GetValue(json))
                {
                    Console.WriteLine(JsonSerializer.Serialize(new
                    {
                        run = folder,
                        result.Steps,
                        result.BestLoss,
                        best_step = result.BestLoss is null ? (long?)null : result.BestStep,
                        result.Skipped,
                        result.SkippedRows
                    }, ReportWriter.Json));
                    return ExitCode.Done;
                }
                string best = result.BestLoss is { } loss
                    ? string.Create(CultureInfo.InvariantCulture, $", best validation loss {loss:0.####} at step {result.BestStep}") : "";
                string skipped = (result.SkippedRows > 0 ? $", {result.SkippedRows} rows skipped" : "")
                    + (result.Skipped > 0 ? $", {result.Skipped} samples skipped" : "");
                Console.WriteLine($"{folder}: {result.Steps} steps{best}{skipped}");
            }
            finally
            {
                progress.Plot();
            }
            return ExitCode.Done;
        });
        return command;
    }

    // One value, or one for each task where they differ; a field that may be left empty says itself what that means.
    static string Default(string field)
    {
        var values = Enum.GetValues<TrainingTask>()
            .Select(task => (Task: TrainingConfigFile.NameOf(task), Value: TrainingConfigFile.DefaultOf(field, task))).ToArray();
        return values.All(value => value.Value == values[0].Value) ? values[0].Value.Length == 0 ? "" : $" [{values[0].Value}]"
            : $" [{string.Join(", ", values.Select(value => $"{value.Task} {value.Value}"))}]";
    }

    static TrainingTask TaskOf(string name) =>
        Enum.GetValues<TrainingTask>().Cast<TrainingTask?>().FirstOrDefault(task => TrainingConfigFile.NameOf(task!.Value) == name)
        ?? throw new HseNetException($"train {name}: expected {TrainingConfigFile.Tasks}");
}

/// <summary>The line of a running training, notes on stderr, and the plot whenever there is a new checkpoint.</summary>
sealed class TrainProgress(string folder) : IProgress<TrainingProgress>, IDisposable
{
    const int BarWidth = 20;

    readonly ProgressLine _line = new();
    long? _first;
    string? _plotProblem;

    public void Report(TrainingProgress value)
    {
        if (value.Note is { } note)
        {
            _line.Clear();
            Messages.Note(note);
        }
        if (value.Checkpoint is not null)
            Plot();
        if (value.Loss is not { } loss)
            return;
        _first ??= value.Step - 1; // of this start: a resumed run has done others before
        string validation = value.ValidationLoss is { } best
            ? string.Create(CultureInfo.InvariantCulture, $", validation {best:0.###}") : "";
        double share = (double)(value.Step - _first.Value) / Math.Max(1, value.Steps - _first.Value);
        int filled = (int)(BarWidth * value.Step / value.Steps);
        string bar = new string('━', filled) + new string('─', BarWidth - filled);
        _line.Show(string.Create(CultureInfo.InvariantCulture,
            $"{bar} step {value.Step}/{value.Steps}, loss {loss:0.###}{validation}, {value.TokensPerSecond:0} tokens/s, "
            + $"{value.ProcessBytes / 1e9:0.0} GB ({value.PlannedBytes / 1e9:0.0} planned)"),
            share);
    }

    /// <summary>Draws what the log holds. A picture that cannot be written is worth a line, not the training.</summary>
    public void Plot()
    {
        string log = Path.Combine(folder, RunFolder.LogName);
        try
        {
            if (File.Exists(log))
                TrainingPlot.Write(log, Path.Combine(folder, RunFolder.PlotName));
        }
        catch (HseNetFileException e)
        {
            if (e.Message == _plotProblem)
                return; // said already: it is drawn at every checkpoint
            _plotProblem = e.Message;
            _line.Clear();
            Messages.Error(e.Message);
        }
    }

    public void Dispose() => _line.Dispose();
}
