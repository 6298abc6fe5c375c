// bench training: steps of every stage on a small synthetic model, or one fine-tuning step on a given folder; writes
// results/<machine>/training.json and .md.
using System.CommandLine;
using HSENet.Cli;
using HSENet.Kernels;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Bench;

static class TrainingCommand
{
    // How long the steps of a small model are measured.
    const double SmallSeconds = 10;

    public static Command Create()
    {
        var weights = new Option<string?>("--weights")
        {
            Description =
            "Make one fine-tuning step on this folder instead: 'hsenet weights synth --preset full --out DIR' writes one of the real "
            + "sizes."
        };
        var layers = new Option<int?>("--layers") { Description = "With --weights: layers of the language model; all by default." };
        var tokens = new Option<int?>("--tokens")
        {
            Description =
            "With --weights: tokens of the sample, visual ones included; 800 by default."
        };
        var keep = new Option<bool>("--no-checkpointing")
        {
            Description =
            "With --weights: keep all activations rather than compute them again."
        };
        var results = new ResultOptions();
        var verbose = Verb.Verbose();
        var command = new Command("training", """
            Times steps of every training on a small synthetic model, with the share of each operation, and notes planned and measured memory.
            A result replaces the one of its name in training.json and training.md.

            Examples:
              training
              training --weights full-bf16 --layers 8 --tokens 400 --no-checkpointing
            """)
        { weights, layers, tokens, keep, verbose };
        results.AddTo(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            string? model = parsed.GetValue(weights);
            int? some = parsed.GetValue(layers), length = parsed.GetValue(tokens);
            if (model is null && (some is not null || length is not null || parsed.GetValue(keep)))
                throw new HseNetException("--layers, --tokens and --no-checkpointing are for a folder of weights: expected --weights");
            string? folder = results.Folder(parsed);
            using var device = new HostDevice();
            Measured Begin() => results.Begin(parsed, device.Name);
            var report = TrainingReport.Open(folder);
            foreach (var result in model is null
                ? Small(device, Begin)
                : [Large(device, Begin, model, Verb.AtLeast(1, layers.Name, some ?? int.MaxValue),
                    Verb.AtLeast(1, tokens.Name, length ?? 800), !parsed.GetValue(keep))])
            {
                cancellation.ThrowIfCancellationRequested();
                report.Add(result);
            }
            if (folder is not null)
                ResultFiles.Write(folder, TrainingReport.Name, report.Results, report.ToPage());
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static IEnumerable<TrainingResult> Small(HostDevice device, Func<Measured> begin)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"hsenet-bench-{Guid.NewGuid():N}");
        try
        {
            SyntheticModel.Write(new SyntheticModelOptions { Preset = SyntheticPreset.Tiny, Seed = 1, Output = folder });
            foreach (var task in TrainingMeasurement.Tasks)
                yield return TrainingMeasurement.Run(device, begin(), ModelConfig.Read(folder), folder,
                    TrainingConfig.For(task) with { MaxLength = 128, Batch = 3 }, $"{task}, small", SmallSeconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static TrainingResult Large(HostDevice device, Func<Measured> begin, string folder, int layers, int tokens, bool checkpointing)
    {
        var model = ModelConfig.Read(folder);
        // What is left out is mapped and never touched.
        model = model with
        {
            LanguageModel = model.LanguageModel
            with
            { NumHiddenLayers = Math.Min(layers, model.LanguageModel.NumHiddenLayers) }
        };
        string name = $"Report, {model.LanguageModel.NumHiddenLayers} layers of {model.LanguageModel.HiddenSize}, {tokens} tokens, "
            + $"{(checkpointing ? "checkpointing" : "everything kept")}";
        return TrainingMeasurement.Run(device, begin(), model, folder,
            TrainingConfig.For(TrainingTask.Report) with { MaxLength = tokens, Checkpointing = checkpointing }, name, seconds: 0);
    }
}
