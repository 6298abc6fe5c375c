// hsenet bench model: slice encoder, encoders, prefill, decode and a whole report, each against what the device allows.
using System.CommandLine;
using System.Diagnostics;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Cli;

static class BenchModelCommand
{
    sealed record Settings(string Weights, int Prompt, int New, int Rounds, string? Scan, bool Launches, ActivationType? Activations);

    public static Command Create()
    {
        var weights = new Option<string>("--weights") { Description = "Model folder.", Required = true };
        var prompt = new Option<int>("-p") { Description = "Tokens of the prompt, visual ones included.", DefaultValueFactory = _ => 277 };
        var tokens = new Option<int>("-n") { Description = "Tokens that are generated.", DefaultValueFactory = _ => 64 };
        var batch = new Option<int>("-b") { Description = "Sequences at a time: the decoder runs one.", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "How often every stage is run.", DefaultValueFactory = _ => 5 };
        var scan = new Option<string?>("--scan") { Description = "Also a whole report of this CT, from the file on." };
        var launches = new Option<bool>("--launches")
        {
            Description =
            "Also what each stage launches, by operation and sizes, and how long all launches of one kind take."
        };
        Option<string> device = Verb.Device(), activations = Verb.Activations();
        var output = new BenchOptions(timed: false);
        var verbose = Verb.Verbose();
        var command = new Command("model", """
            Times the stages of a model in turns with this library's own product and a sweep through memory.

            Example:
              hsenet bench model --weights model -p 277 -n 64 -b 1 --device cpu --json > a.json
            """)
        { weights, prompt, tokens, batch, rounds, scan, launches, device, activations, verbose };
        output.AddTo(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            var settings = new Settings(parsed.GetRequiredValue(weights), Verb.AtLeast(2, "-p", parsed.GetValue(prompt)),
                Verb.AtLeast(4, "-n", parsed.GetValue(tokens)),
                Verb.AtLeast(1, "--rounds", parsed.GetValue(rounds)), parsed.GetValue(scan), parsed.GetValue(launches),
                Verb.ActivationsOf(parsed.GetRequiredValue(activations)));
            if (parsed.GetValue(batch) is not 1 and var several)
                throw new HseNetException($"-b {several}: the decoder runs one sequence at a time; expected 1");
            using var where = Device.Open(parsed.GetRequiredValue(device));
            output.Print(parsed, where, "model", measured => Measure(measured, where, settings, cancellation));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static BenchFile Measure(Measured measured, Device device, Settings settings, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        using var model = HseNetModel.Open(settings.Weights, device, new ModelOptions { Activations = settings.Activations });
        var facts = new Dictionary<string, double>
        {
            ["open_seconds"] = Stopwatch.GetElapsedTime(start).TotalSeconds,
            ["open_peak_bytes"] = PeakBytes,
        };
        int limit = model.Config.LanguageModel.MaxPositionEmbeddings;
        if (settings.Prompt + settings.New > limit)
            throw new HseNetException($"-p {settings.Prompt} -n {settings.New}: expected at most {limit} positions");
        using var stages = new ModelStages(model, settings.Prompt, settings.New, seed: 3);
        using var rounds = new BenchRounds(device);
        using var study = settings.Scan is { } scan ? CtStudy.Open(scan) : null;
        // The first round is not timed: it compiles, touches every page, and counts.
        for (int round = 0; round <= settings.Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            rounds.Counting = round == 0;
            if (stages.HasSlices)
                rounds.Run("slice encoder", stages.EncodeSlices);
            rounds.Run("encoders and packers", () => stages.Encode());
            IEnumerator<int> ids = null!;
            rounds.Run($"prefill of {settings.Prompt}", () =>
            {
                ids = stages.Generate(settings.Prompt, settings.New).GetEnumerator();
                ids.MoveNext();
            });
            ids.MoveNext(); // from here on one token is like the next
            int further = round == 0 ? 1 : settings.New - 2;
            rounds.Run("decoded token", () =>
            {
                for (int i = 0; i < further; i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    ids.MoveNext();
                }
            }, further);
            if (study is not null)
                rounds.Run($"report of {settings.New} tokens", () =>
                    model.Report(study, new ReportOptions { MaxTokens = settings.New }, cancellation).Complete());
        }
        facts["peak_bytes"] = PeakBytes;
        facts["weight_bytes"] = Directory.EnumerateFiles(settings.Weights, "*.safetensors").Sum(weights => new FileInfo(weights).Length);
        return BenchFile.Of(measured, rounds.Peak, settings.Launches ? [.. rounds.Results, .. rounds.Launches] : rounds.Results)
            with
        { Facts = facts };
    }

    // Mapped weights that were touched count.
    static double PeakBytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }
}
