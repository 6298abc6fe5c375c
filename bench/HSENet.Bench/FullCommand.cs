// bench full: the full-size synthetic model in bf16 and in int8; writes results/<machine>/full-bf16.json, full-int8.json and full.md.
using System.CommandLine;
using HSENet.Cli;
using HSENet.Runtime;

namespace HSENet.Bench;

static class FullCommand
{
    public static Command Create()
    {
        var bf16 = new Option<string>("--bf16")
        {
            Description = "Folder of 'hsenet weights synth --preset full --seed 3'.",
            Required = true
        };
        var int8 = new Option<string>("--int8") { Description = "The same with --dtype int8.", Required = true };
        var tokens = new Option<int>("--tokens") { Description = "Tokens that are generated.", DefaultValueFactory = _ => 64 };
        var rounds = new Option<int>("--rounds") { Description = "How often every stage is run.", DefaultValueFactory = _ => 3 };
        var results = new ResultOptions();
        var verbose = Verb.Verbose();
        var command = new Command("full", """
            Measures the full-size model on the host: memory and time of a report, the share of each stage in what the machine's own speed
            allows, loading, and how far bf16 and int8 are from the reference. Writes full-bf16.json, full-int8.json and full.md.

            Example:
              full --bf16 full-bf16 --int8 full-int8
            """)
        { bf16, int8, tokens, rounds, verbose };
        results.AddTo(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            int generated = Verb.AtLeast(4, "--tokens", parsed.GetValue(tokens)),
                times = Verb.AtLeast(1, "--rounds", parsed.GetValue(rounds));
            string[] folders = [parsed.GetRequiredValue(bf16), parsed.GetRequiredValue(int8)];
            foreach (string folder in folders)
                _ = ModelConfig.Read(folder); // before anything takes minutes
            string? to = results.Folder(parsed);
            var report = new FullReport(results.Begin(parsed, FullMeasurement.Device));
            foreach (var (name, folder) in (ReadOnlySpan<(string, string)>)[("bf16", folders[0]), ("int8", folders[1])])
            {
                cancellation.ThrowIfCancellationRequested();
                var measured = FullMeasurement.Run(folder, generated, times);
                report.Models.Add((name, measured));
                Console.WriteLine($"{name}: {measured.Golden}");
            }
            report.Measured.End();
            string page = report.ToPage().ToString();
            Console.Write(page);
            if (to is not null)
            {
                foreach (var (name, measured) in report.Models)
                    TextFile.Write(Path.Combine(to, $"full-{name}.json"), measured.Stages.ToJson() + "\n");
                TextFile.Write(Path.Combine(to, "full.md"), page);
            }
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
