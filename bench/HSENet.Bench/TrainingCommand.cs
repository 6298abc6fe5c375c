// bench training: steps of every stage on a small synthetic model, or one fine-tuning step on a given folder; writes results/<machine>/training.json and .md.
using System.Globalization;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Bench;

static class TrainingCommand
{
    public static int Run(string[] args)
    {
        string? weights = null;
        string machine = Machine.FolderName();
        int layers = 0, tokens = 800;
        bool dry = false, checkpointing = true;
        for (int i = 0; i < args.Length; i++)
            switch (args[i])
            {
                case "--layers" when i + 1 < args.Length && int.TryParse(args[i + 1], out layers) && layers > 0:
                case "--tokens" when i + 1 < args.Length && int.TryParse(args[i + 1], out tokens) && tokens > 0:
                    i++;
                    break;
                case "--weights" when i + 1 < args.Length:
                    weights = args[++i];
                    break;
                case "--machine" when i + 1 < args.Length:
                    machine = args[++i];
                    break;
                case "--no-checkpointing":
                    checkpointing = false;
                    break;
                case "--dry":
                    dry = true;
                    break;
                default:
                    Console.Error.WriteLine($"bench training: {args[i]}: unknown option, or a value is missing or no positive number");
                    return 2;
            }

        using var device = new HostDevice();
        var report = TrainingReport.Open(Machine.Results(machine));
        foreach (var result in weights is null ? Small(device) : [Large(device, weights, layers, tokens, checkpointing)])
        {
            report.Add(result);
            Console.WriteLine(TrainingReport.Line(result));
            foreach (var share in result.Operations.Take(8))
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    {share.Operation,-32} {share.Share,6:P1}"));
        }
        if (!dry)
            report.Write();
        return 0;
    }

    static IEnumerable<TrainingResult> Small(HostDevice device)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"hsenet-bench-{Guid.NewGuid():N}");
        try
        {
            SyntheticModel.Write(new SyntheticModelOptions { Preset = SyntheticPreset.Tiny, Seed = 1, Output = folder });
            foreach (var task in TrainingMeasurement.Tasks)
                yield return TrainingMeasurement.Run(device, ModelConfig.Read(folder), folder, TrainingConfig.For(task) with { MaxLength = 128, Batch = 3 }, $"{task}, small", seconds: 10);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static TrainingResult Large(HostDevice device, string folder, int layers, int tokens, bool checkpointing)
    {
        var model = ModelConfig.Read(folder);
        // What is left out is mapped and never touched.
        if (layers > 0)
            model = model with { LanguageModel = model.LanguageModel with { NumHiddenLayers = Math.Min(layers, model.LanguageModel.NumHiddenLayers) } };
        string name = $"Report, {model.LanguageModel.NumHiddenLayers} layers of {model.LanguageModel.HiddenSize}, {tokens} tokens, {(checkpointing ? "checkpointing" : "everything kept")}";
        return TrainingMeasurement.Run(device, model, folder, TrainingConfig.For(TrainingTask.Report) with { MaxLength = tokens, Checkpointing = checkpointing }, name, seconds: 0);
    }
}
