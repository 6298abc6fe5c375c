// hsenet report: from CT files to reports, streamed as they are generated.
using System.CommandLine;
using HSENet.Runtime;

namespace HSENet.Cli;

static class ReportCommand
{
    public static Command Create()
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
            "With --manifest: the file of reports, JSON lines. What is in it is skipped: a run that was stopped can be started again, with "
                + "the same options."
        };
        var shard = Shard.Option();
        var workers = Verb.Workers();
        var prompt = new Option<string?>("--prompt") { Description = "Another question than the default one." };
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
        var arguments = new AnswerArguments(ReportOptions.DefaultMaxTokens);
        var command = new Command("report", """
            Writes a radiology report for each CT.

            Examples:
              hsenet report scan.nii.gz --weights model
              hsenet report dicom-folder --weights model
              hsenet report a.nii.gz b.nii.gz --weights model --json > reports.jsonl
              hsenet report --manifest studies.jsonl --out reports.jsonl --weights model
            """)
        { scans, manifest, output, shard, workers, prompt, sr, patient };
        arguments.AddAll(command);
        command.Run(arguments.Verbose, async (parsed, cancellation) =>
        {
            string[] given = parsed.GetValue(scans) ?? [];
            string? list = parsed.GetValue(manifest), reports = parsed.GetValue(output);
            if ((list is null) != (reports is null))
                throw new HseNetException("--manifest and --out: expected both or none");
            if ((given.Length == 0) != (list is not null))
                throw new HseNetException("expected CTs, or --manifest with --out");
            if (list is null && (parsed.GetValue(shard) is not null || parsed.GetValue(workers) is not null))
                throw new HseNetException("--shard and --workers: expected --manifest with --out, whose studies they share out");
            var studies = arguments.Study.Opener(parsed, cancellation);
            IReadOnlyList<FoundStudy> files = [.. given.SelectMany(studies.Find)];
            var writer = arguments.Writer(parsed);
            var options = arguments.Options(parsed, NamedAdapter.ReportTask, parsed.GetValue(prompt) ?? Prompt.DefaultQuestion);
            string? structured = parsed.GetValue(sr);
            if (structured is not null)
            {
                DicomPlugin.Require("--sr");
                if (files.Count != 1)
                    throw new HseNetException($"--sr {structured}: "
                        + $"{(files.Count == 0 ? "a manifest was" : $"{files.Count} scans were")} given; expected one scan");
            }
            var part = list is null ? Shard.Whole : Shard.Of(parsed, shard);
            await using var models = await arguments.OpenModels(parsed, parsed.GetValue(workers), cancellation).ConfigureAwait(false);
            if (list is not null)
            {
                var rows = Manifest.ReadStudies(list, out var broken);
                part.Tell(rows.Count, "rows");
                using var run = new ReportManifest(list, part.Name(reports!), studies, row => Asked(options, row),
                    arguments.Settings(parsed, options, studies), parsed.GetValue(arguments.Verbose));
                int code = await run.Run(models.All, part.Of(rows), broken, cancellation).ConfigureAwait(false);
                Console.WriteLine(run.Outcome);
                return code;
            }
            var model = models.All[0];
            return await WriteAll(model, files, studies, options, writer, Structured, cancellation).ConfigureAwait(false);

            void Structured(CtStudy study, string text)
            {
                if (structured is not null)
                    DicomPlugin.WriteReport(structured, study, text, parsed.GetValue(patient));
            }
        });
        return command;
    }

    static ReportOptions Asked(ReportOptions options, ManifestRow row) => row.Question is { } question
        ? options with { Question = question, Task = NamedAdapter.QuestionTask } : options;

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
                writer.Begin(file, heading: scans.Count > 1 ? $"{file}:" : null);
                var progress = new DirectProgress<ReportProgress>(stands => writer.Stage(study.Notes, stands));
                var result = await writer.Write(model.Report(study, options with { Progress = progress }, cancellation), cancellation)
                    .ConfigureAwait(false);
                done(study, result.Text.Trim());
            }
            catch (Exception e) when (e.IsOfOneItem())
            {
                // One bad file does not stop the rest; the exit code says that there was one.
                code = Math.Max(code, writer.Failed(file, e));
            }
        }
        return code;
    }
}
