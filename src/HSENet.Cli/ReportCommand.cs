// hsenet report and hsenet ask: from CT files to text, streamed as it is generated.
using System.CommandLine;
using HSENet.Runtime;

namespace HSENet.Cli;

static class ReportCommand
{
    public static Command Report()
    {
        var scans = Verb.Files<string[]>("scan", "CTs: NIfTI files, DICOM folders or zips, or finished volumes as .npy.",
            ArgumentArity.ZeroOrMore);
        var manifest = new Option<string?>("--manifest")
        {
            Description =
            "Instead of scans: a list of studies, a JSON object with \"image\" on each line; \"question\" if it is not the same for all."
        };
        var output = new Option<string?>("--out")
        {
            Description =
            "With --manifest: the file of reports, JSON lines. What is in it is skipped, so a run that was stopped can be started again."
        };
        var prompt = new Option<string?>("--prompt") { Description = "Another question than the default one." };
        return Create("report", """
            Writes a radiology report for each CT.

            Examples:
              hsenet report scan.nii.gz --weights model
              hsenet report dicom-folder --weights model
              hsenet report a.nii.gz b.nii.gz --weights model --json > reports.jsonl
              hsenet report --manifest studies.jsonl --out reports.jsonl --weights model
            """, scans, [manifest, output, prompt], ReportOptions.DefaultMaxTokens,
            parsed => new Input(parsed.GetValue(scans) ?? [], parsed.GetValue(prompt) ?? Prompt.DefaultQuestion, parsed.GetValue(manifest),
                parsed.GetValue(output)));
    }

    public static Command Ask()
    {
        var scan = Verb.Files<string>("scan", "A CT: a NIfTI file, a DICOM folder or zip, or a finished volume as .npy.",
            ArgumentArity.ExactlyOne);
        var question = new Argument<string>("question") { Description = "What is asked of it." };
        return Create("ask", """
            Answers a question about a CT.

            Example:
              hsenet ask scan.nii.gz "Is there a pleural effusion?" --weights model
            """, scan, [question], ReportOptions.DefaultAnswerTokens,
            parsed => new Input([parsed.GetRequiredValue(scan)], parsed.GetRequiredValue(question)));
    }

    sealed record Input(string[] Scans, string Question, string? Manifest = null, string? Output = null)
    {
        public void Check()
        {
            if ((Manifest is null) != (Output is null))
                throw new HseNetException("--manifest and --out: expected both or none");
            if ((Scans.Length == 0) != (Manifest is not null))
                throw new HseNetException("expected CTs, or --manifest with --out");
        }
    }

    static Command Create(string name, string description, Argument scans, Symbol[] more, int maxTokens, Func<ParseResult, Input> input)
    {
        var weights = new Option<string>("--weights") { Description = "Model folder written by 'hsenet convert'.", Required = true };
        var tokens = new Option<int>("--max-tokens")
        {
            Description = "Tokens that are generated at most.",
            DefaultValueFactory = _ =>
            maxTokens
        };
        var temperature = Verb.Number("--temperature", "0 takes the most likely token at every step.", 0);
        var topK = new Option<int>("--top-k")
        {
            Description = "Keep only the k most likely tokens; 0 keeps all.",
            DefaultValueFactory = _ => 0
        };
        var topP = Verb.Number("--top-p", "Keep the smallest set with this probability; 1 keeps all.", 1);
        var seed = new Option<ulong>("--seed") { Description = "Seed of the draws.", DefaultValueFactory = _ => 0 };
        var tokenizer = new Option<string>("--tokenizer")
        {
            Description = "slow, as the reference, or fast.",
            DefaultValueFactory = _ =>
            "slow"
        };
        var study = new StudyArguments();
        var json = new Option<bool>("--json") { Description = "One JSON object per input on a line of its own." };
        var stats = new Option<bool>("--stats") { Description = "Print times per stage on stderr." };
        var sr = new Option<string?>("--sr")
        {
            Description =
            "Also write the report of one DICOM series as a DICOM Text SR (needs -p:UseFoDicom=true)."
        };
        var patient = new Option<bool>("--sr-patient")
        {
            Description =
            "Copy the patient's attributes from the series to the SR; without it they stay empty."
        };
        var device = Verb.Device();
        var verbose = Verb.Verbose();
        var command = new Command(name, description) { scans };
        foreach (var symbol in more)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)symbol);
        }
        foreach (Option option in (Option[])[weights, tokens, temperature, topK, topP, seed, tokenizer, json, stats, sr, patient, device,
            verbose])
            command.Add(option);
        study.AddAll(command);
        command.Run(verbose, async (parsed, cancellation) =>
        {
            var given = input(parsed);
            given.Check();
            var options = new ReportOptions
            {
                Question = given.Question,
                MaxTokens = parsed.GetValue(tokens),
                Sampling = new SamplingOptions
                {
                    Temperature = parsed.GetValue(temperature),
                    TopK = parsed.GetValue(topK),
                    TopP = parsed.GetValue(topP),
                    Seed = parsed.GetValue(seed),
                },
            };
            var studies = study.Opener(parsed, cancellation);
            // A question is asked of one study, a report written for each.
            IReadOnlyList<FoundStudy> files = name == "report" ? [.. given.Scans.SelectMany(studies.Find)]
                : [.. given.Scans.Select(scan => new FoundStudy(scan, "", null))];
            var writer = new ReportWriter(parsed.GetValue(json), parsed.GetValue(stats), parsed.GetValue(verbose));
            options.Check();
            string? structured = parsed.GetValue(sr);
            if (structured is not null)
            {
                DicomPlugin.Require("--sr");
                if (files.Count != 1)
                    throw new HseNetException($"--sr {structured}: "
                        + $"{(files.Count == 0 ? "a manifest was" : $"{files.Count} scans were")} given; expected one scan");
            }
            using var where = Verb.OpenDevice(parsed.GetRequiredValue(device));
            writer.Loading();
            using var model = HseNetModel.Open(parsed.GetRequiredValue(weights), where,
                new ModelOptions { Tokenizer = Form(parsed.GetRequiredValue(tokenizer)) });
            writer.Loaded();
            if (given is { Manifest: { } list, Output: { } reports })
                return await new ReportManifest(list, reports, studies, options, parsed.GetValue(verbose)).Run(model, cancellation)
                    .ConfigureAwait(false);
            return await WriteAll(model, files, studies, options, writer, Structured, cancellation).ConfigureAwait(false);

            void Structured(CtStudy study, string text)
            {
                if (structured is not null)
                    DicomPlugin.WriteReport(structured, study.Volume, text, parsed.GetValue(patient));
            }
        });
        return command;
    }

    static async Task<int> WriteAll(HseNetModel model, IReadOnlyList<FoundStudy> scans, StudyOpener studies, ReportOptions options,
        ReportWriter writer,
        Action<CtStudy, string> done, CancellationToken cancellation)
    {
        int code = ExitCode.Done;
        foreach (FoundStudy scan in scans)
        {
            string file = $"{scan}";
            cancellation.ThrowIfCancellationRequested();
            try
            {
                using var study = studies.Open(scan);
                writer.Begin(file, several: scans.Count > 1);
                // The signal prints what exists even if the running layer takes longer than the program is given to end.
                using var interruption = cancellation.Register(() => writer.Interrupted(file));
                var progress = new DirectProgress<ReportProgress>(stands => writer.Stage(file, study.Notes, stands));
                var report = model.Report(study, options with { Progress = progress }, cancellation);
                await foreach (string piece in report.AsAsyncEnumerable().ConfigureAwait(false))
                    writer.Piece(piece);
                writer.End(file, report.Result);
                done(study, report.Result.Text.Trim());
            }
            catch (Exception e) when (e.IsOfOneItem())
            {
                // One bad file does not stop the rest; the exit code says that there was one.
                writer.Failed(file, e);
                code = Verb.CodeOf(e);
            }
        }
        return code;
    }

    static TokenizerForm Form(string text) => text switch
    {
        "slow" => TokenizerForm.Slow,
        "fast" => TokenizerForm.Fast,
        _ => throw new HseNetException($"--tokenizer {text}: expected slow or fast"),
    };
}
