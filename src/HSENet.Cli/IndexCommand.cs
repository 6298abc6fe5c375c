// hsenet index: embeds a collection into one file that is searched, in parts if several machines share the work.
using System.CommandLine;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Cli;

static class IndexCommand
{
    public static Command Create() => new("index", "Indexes of CTs and reports, for 'hsenet search'.") { Build(), Merge(), Info() };

    static Command Build()
    {
        var input = Verb.Files<string>("from", "A folder of CTs, or a manifest: rows with \"image\" and, if there are reports, \"text\".",
            ArgumentArity.ExactlyOne);
        var output = new Option<string>("--out")
        {
            Description = "The index. What is in it is skipped: a run that was stopped can be started again, and a collection that has "
                + "grown.",
            Required = true
        };
        var weights = new Option<string>("--weights") { Description = "Model folder with the text encoder of stage 2.", Required = true };
        var type = new Option<string>("--vectors")
        {
            Description = "How a new index stores vectors: f32, or bf16, half as large.",
            DefaultValueFactory = _ => "f32"
        };
        var shard = Shard.Option();
        var workers = Verb.Workers();
        var json = new Option<bool>("--json") { Description = "One JSON object per study on a line of its own." };
        var device = Verb.Device();
        var study = new StudyArguments();
        var verbose = Verb.Verbose();
        var command = new Command("build", """
            Embeds volumes, and reports where a manifest has them, with the model's stage 2, and appends them to an index. A study that
            cannot be used is named, and the exit code is 2.

            Examples:
              hsenet index build scans --out chest.index --weights model
              hsenet index build manifest.jsonl --out chest.index --weights model --shard 2/16
            """)
        { input, output, weights, type, shard, workers, json, device, verbose };
        study.AddAll(command);
        command.Run(verbose, async (parsed, cancellation) =>
        {
            bool half = parsed.GetRequiredValue(type) switch
            {
                "f32" => false,
                "bf16" => true,
                var text => throw new HseNetException($"--vectors {text}: expected f32 or bf16"),
            };
            var part = Shard.Of(parsed, shard);
            var studies = study.Opener(parsed, cancellation);
            using var build = new IndexBuild(parsed.GetRequiredValue(input), studies, parsed.GetValue(json), parsed.GetValue(verbose));
            int code = await build.Run(part, part.Name(parsed.GetRequiredValue(output)), half, parsed.GetRequiredValue(weights),
                Verb.OpenDevices(parsed.GetRequiredValue(device), parsed.GetValue(workers) ?? 1), cancellation).ConfigureAwait(false);
            if (!parsed.GetValue(json))
                Console.WriteLine(build.Outcome);
            return code;
        });
        return command;
    }

    static Command Merge()
    {
        var files = Verb.Files<string[]>("index", "Indexes of the same weights and preprocessing; none: all parts of the output's name.",
            ArgumentArity.ZeroOrMore);
        var output = new Option<string>("--out") { Description = "The index to write; must not exist.", Required = true };
        var verbose = Verb.Verbose();
        var command = new Command("merge", """
            Writes one index with the items of several, in their order: the file that one run would have written.

            Examples:
              hsenet index merge a.index b.index --out both.index
              hsenet index merge --out chest.index        (chest.01-of-16.index, …)
            """)
        { files, output, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string to = parsed.GetRequiredValue(output);
            VolumeIndex.Merge(parsed.GetValue(files) is { Length: > 0 } given ? given : Shard.Parts(to), to, cancellation);
            using var merged = VolumeIndex.Open(to);
            Console.WriteLine($"{to}: {merged.Count} items");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Command Info()
    {
        var file = Verb.Files<string>("index", "The index.", ArgumentArity.ExactlyOne);
        var verify = new Option<bool>("--verify") { Description = "Compare every item with its checksum." };
        var json = new Option<bool>("--json") { Description = "One JSON object on stdout." };
        var verbose = Verb.Verbose();
        var command = new Command("info", "Says what an index holds and what it was made with.") { file, verify, json, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string path = parsed.GetRequiredValue(file);
            using var index = VolumeIndex.Open(path);
            if (parsed.GetValue(verify))
                index.Verify(cancellation);
            string type = index.IsHalf ? "bf16" : "f32";
            int reports = index.Reports;
            Console.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new
                {
                    index = path,
                    volumes = index.Count - reports,
                    reports,
                    vectors = type,
                    weights = index.WeightsHash,
                    preprocessing = index.PreparedAs,
                    verified = parsed.GetValue(verify),
                }, ReportWriter.Json)
                : $"{path}: {index.Count - reports} volumes and {reports} reports in {type}, weights {index.WeightsHash}, prepared as "
                    + index.PreparedAs);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
