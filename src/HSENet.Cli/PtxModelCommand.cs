// hsenet ptx model: every launch of a report, with the rung that is chosen for it and its predicted time, and what the stages come to.
using System.CommandLine;
using System.Globalization;
using System.Text;
using HSENet.Kernels;
using HSENet.Ptx;
using HSENet.Runtime;
using HSENet.Training;

namespace HSENet.Cli;

static class PtxModelCommand
{
    public static Command Create()
    {
        var weights = new Option<string?>("--weights")
        {
            Description = "Model folder; left out: the released sizes, in bf16, without an adapter.",
        };
        var prompt = new Option<int>("-p") { Description = "Tokens of the prompt, visual ones included.", DefaultValueFactory = _ => 277 };
        Option<string> gpu = PtxProfileCommand.Gpu(), activations = Verb.Activations();
        var markdown = new Option<string?>("--markdown") { Description = "Write the table to this file." };
        var verbose = Verb.Verbose();
        var command = new Command("model", """
            Predicts every launch of a report: slice encoder, encoders and packers, prompt, one more token. Nothing is executed or measured;
            rungs are those that an emulator of sm_90 would choose, and copies between buffers are left out.

            Examples:
              hsenet ptx model
              hsenet ptx model --weights model -p 277 --gpu h200 --markdown bench/results/model.md
            """)
        { weights, prompt, gpu, activations, markdown, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            GpuModel model = PtxRungs.Gpu(parsed.GetRequiredValue(gpu));
            using HollowModel? hollow = parsed.GetValue(weights) == null ? new(SyntheticPreset.Full, "bf16") : null;
            string text = Write(Predict(hollow?.Folder ?? parsed.GetRequiredValue(weights)!, Verb.AtLeast(2, "-p", parsed.GetValue(prompt)),
                Verb.ActivationsOf(parsed.GetRequiredValue(activations)), model, cancellation), model, hollow == null);
            Console.Out.Write(text);
            if (parsed.GetValue(markdown) is { } file)
                TextFile.Write(file, text);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    /// <summary>Launches of a stage that are alike.</summary>
    /// <param name="Stage">The stage.</param>
    /// <param name="Kernel">Entry name.</param>
    /// <param name="Sizes">Sizes by their names.</param>
    /// <param name="Count">How many.</param>
    /// <param name="Microseconds">Of each, to the next one.</param>
    /// <param name="Between">What of it the launch itself takes.</param>
    sealed record Launches(string Stage, string Kernel, string Sizes, int Count, double Microseconds, double Between);

    static IReadOnlyList<Launches> Predict(string folder, int prompt, ActivationType? activations, GpuModel gpu,
        CancellationToken cancellation)
    {
        Recorder recorder = new(gpu, cancellation);
        using EmulatorDevice device = new() { Instead = recorder.Launched, Observer = recorder };
        using var model = HseNetModel.Open(folder, device, new ModelOptions { Activations = activations });
        using var stages = new ModelStages(model, prompt, newTokens: 3, seed: 3);
        recorder.Begin("slice encoder");
        if (stages.HasSlices)
            stages.EncodeSlices();
        recorder.Begin("encoders and packers");
        stages.Encode();
        recorder.Begin($"prompt of {prompt}");
        using IEnumerator<int> ids = stages.Generate(prompt, 3).GetEnumerator();
        ids.MoveNext();
        recorder.Begin("one token");
        ids.MoveNext();
        return recorder.Rows;
    }

    static string Write(IReadOnlyList<Launches> rows, GpuModel gpu, bool own)
    {
        StringBuilder page = new();
        page.Append(string.Create(CultureInfo.InvariantCulture, $"""
            # A report, launch by launch

            Predicted for {gpu.Name}, not measured: `hsenet ptx model`{(own ? " --weights FOLDER" : "")}, by the model of
            [timing.md](timing.md), which misses published measurements by {PtxPages.Band(PtxTiming.Error(false))}.
            Each launch follows another of its kind. The model takes the same time for every launch itself, which a graph of launches
            shortens: it is included but for the last column of the first table. Copies between buffers are left out.

            | stage | launches | predicted µs | of it between launches | kernels alone µs |
            |---|--:|--:|--:|--:|

            """).ReplaceLineEndings("\n"));
        foreach (var stage in rows.GroupBy(row => row.Stage))
            page.Append(CultureInfo.InvariantCulture,
                $"| {stage.Key} | {stage.Sum(row => row.Count)} | {stage.Sum(row => row.Count * row.Microseconds):F0} "
                + $"| {stage.Sum(row => row.Count * row.Between):F0} | {stage.Sum(row => row.Count * (row.Microseconds - row.Between)):F0} |\n");
        page.Append("\n| stage | kernel | sizes | launches | µs each | µs |\n|---|---|---|--:|--:|--:|\n");
        foreach (var row in rows)
            page.Append(CultureInfo.InvariantCulture,
                $"| {row.Stage} | `{row.Kernel}` | {row.Sizes.Replace(",", ", ", StringComparison.Ordinal)} "
                + $"| {row.Count} | {row.Microseconds:F1} | {row.Count * row.Microseconds:F0} |\n");
        return page.ToString();
    }

    /// <summary>Predicts each launch that differs from those before.</summary>
    sealed class Recorder(GpuModel gpu, CancellationToken cancellation) : ILaunchObserver
    {
        readonly Dictionary<(string, string), TimingPrediction> _times = [];
        readonly Dictionary<(string, string, string), Launches> _rows = [];
        string _stage = "", _sizes = "";
        double _bytes;

        public IReadOnlyList<Launches> Rows => [.. _rows.Values];

        public void Begin(string stage) => _stage = stage;

        public void Launching(Rung rung, object arguments)
        {
            KernelSample sample = KernelSample.Of(rung);
            _sizes = string.Join(',', new[] { sample.Sizes(arguments) }.Concat(sample.Choices.Keys
                .Select(choice => $"{choice}={arguments.GetType().GetField(choice)!.GetValue(arguments)}")));
            _bytes = sample.Work(arguments).Traffic;
        }

        public void Launched(Rung rung)
        {
        }

        public void Launched(EmulatedLaunch launch)
        {
            cancellation.ThrowIfCancellationRequested();
            string kernel = launch.Rung.EntryName;
            if (!_times.TryGetValue((kernel, _sizes), out TimingPrediction? time))
            {
                _times[(kernel, _sizes)] = time = PtxPredict.Of(launch, gpu, (long)_bytes);
                Messages.Note($"{kernel} {_sizes}: {time.Microseconds:F1} µs");
            }
            var key = (_stage, kernel, _sizes);
            var row = _rows.GetValueOrDefault(key) ?? new Launches(_stage, kernel, _sizes, 0, time.Microseconds, time.LaunchMicroseconds);
            _rows[key] = row with { Count = row.Count + 1 };
        }
    }
}
