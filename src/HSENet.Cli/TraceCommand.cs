// hsenet trace: every operation that a report launches, in the order of the data, with its sizes.
using System.CommandLine;
using System.Reflection;
using System.Text;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Cli;

static class TraceCommand
{
    public static Command Create()
    {
        var scan = Verb.Files<string>("scan", "A CT file.", ArgumentArity.ExactlyOne);
        var weights = new Option<string>("--weights") { Description = "Model folder written by 'hsenet convert'.", Required = true };
        var markdown = new Option<string?>("--markdown") { Description = "Write the tour as a page to this file." };
        var device = Verb.Device();
        var verbose = Verb.Verbose();
        var command = new Command("trace", """
            Prints what a report launches, from the voxels to the first token: operation, rung, sizes. Runs that repeat are shown once.

            Example:
              hsenet trace scan.nii.gz --weights model
            """)
        { scan, weights, markdown, device, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            var trace = Record(parsed.GetRequiredValue(scan), parsed.GetRequiredValue(weights), parsed.GetRequiredValue(device),
                cancellation);
            if (parsed.GetValue(markdown) is { } file)
                File.WriteAllText(file, Page(trace));
            else
                Console.Write(Table(trace));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static List<Launch> Record(string scan, string weights, string deviceName, CancellationToken cancellation)
    {
        using var device = Device.Open(deviceName);
        using var model = HseNetModel.Open(weights, device);
        using var study = CtStudy.Open(scan);
        var recorder = new Recorder();
        device.Observer = recorder;
        // Two tokens: the prompt and one step of cached decoding.
        model.Report(study, new ReportOptions
        {
            MaxTokens = 2,
            Progress = new DirectProgress<ReportProgress>(progress => recorder.Stage = progress.Stage)
        }, cancellation).Complete();
        device.Observer = null;
        return recorder.Launches;
    }

    static string Table(List<Launch> trace)
    {
        var text = new StringBuilder();
        ReportStage? stage = null;
        foreach (var line in RepeatedRuns.Fold(trace))
        {
            if (line.Launch.Stage != stage)
                text.Append(text.Length == 0 ? "" : "\n").Append(line.Launch.Stage.ToString().ToLowerInvariant()).Append('\n');
            stage = line.Launch.Stage;
            text.Append($"{line.Margin,6} {line.Launch.Rung.Operation,-22} {line.Launch.Rung.Name,-9} {line.Launch.Sizes}\n");
        }
        return text.ToString();
    }

    static string Page(List<Launch> trace)
    {
        var text = new StringBuilder("""
            # The tour in data order

            Every operation between the voxels of a CT and the second token of its report, as the toy model launched them: written by
            `hsenet trace tests/golden/data/ct_sm.nii.gz --weights weights/toy --device cpu --markdown kernels/TOUR.md`, so it cannot be
            out of date. Each name leads to the operation's page; `2×` with `│` below it is a run of operations that is launched twice. The
            toy model is small; the [first page](../README.md#from-file-to-text) has the sizes of the released one, [kernels](README.md)
            the letters and words.

            """);
        ReportStage? stage = null;
        foreach (var line in RepeatedRuns.Fold(trace))
        {
            if (line.Launch.Stage != stage)
                text.Append($"\n## {line.Launch.Stage}\n\n{Story(line.Launch.Stage)}\n\n| | operation | sizes |\n|---|---|---|\n");
            stage = line.Launch.Stage;
            text.Append($"| {line.Margin} | [{line.Launch.Rung.Operation}]({Folder(line.Launch.Rung)}) | {line.Launch.Sizes} |\n");
        }
        return text.ToString();
    }

    static string Story(ReportStage stage) => stage switch
    {
        ReportStage.Preprocessing => """
            A scan streams through a few slices at a time. Once for the volume: voxels to Hounsfield units, resampled to the model's
            spacing, moved to [0, 1], cropped to the patient, brought to the model's grid. And once for the slices, which become byte images
            for the 2D encoder, as it was trained on.
            """,
        ReportStage.Encoding => """
            The slice encoder, a 2D vision transformer, sees all slices in one batch. Encoder 1 sees patches of the volume; in encoder 2
            every patch first asks the slices how much it matters. What both give is kept of a study for all questions. A packer makes half
            of the visual tokens of each; packers belong to an adapter, encoders are shared. A block is a LayerNorm, the product for
            queries, keys and values, Attention, a product, a LayerNorm, and two products with GELU between them.
            """,
        ReportStage.Reading => """
            What all questions about a study begin with, the begin token and the visual tokens, passes all layers of the decoder at once;
            keys and values stay in a cache, which further questions start from. Then the question's own tokens; only the last of them needs
            logits, and one id is chosen from them.
            """,
        _ => "One more token: the same layers with one row, which attends to the whole cache. This repeats until the text ends.",
    };

    // An operation's folder is named after it or after the family it belongs to.
    static string Folder(Rung rung)
    {
        string operation = rung.Operation.Split('.')[0];
        return operation switch
        {
            "WindowCentroid" or "WindowAttention" => "SpatialPacker/",
            "MinMaxNormalize" => "MinMax/",
            "Resize3D" or "ResizeBytes" => "Resize/",
            "SliceBytes" => "SlicePixels/",
            "LoraMerge" => "Lora/",
            _ => operation + "/",
        };
    }

    internal sealed record Launch(ReportStage Stage, Rung Rung, string Sizes);

    sealed class Recorder : ILaunchObserver
    {
        public ReportStage Stage { get; set; }

        public List<Launch> Launches { get; } = [];

        public void Launching(Rung rung, object arguments) => Launches.Add(new Launch(Stage, rung, Sizes(arguments)));

        public void Launched(Rung rung) { }

        static string Sizes(object arguments) =>
            string.Join(", ", arguments.GetType().GetFields(BindingFlags.Public | BindingFlags.Instance)
            .Where(field => field.FieldType == typeof(int) && !IsPlace(field.Name) && (int)field.GetValue(arguments)! != 0)
            .Select(field => $"{field.Name} {field.GetValue(arguments)}"));

        // Positions change from one launch to the next and say nothing about the shape.
        static bool IsPlace(string field) => field.StartsWith("First", StringComparison.Ordinal)
            || field.EndsWith("Stride", StringComparison.Ordinal);
    }
}
