// hsenet weights familiarity: how a model tells volumes that are unlike those of its training.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HSENet.Training;

namespace HSENet.Cli;

static class WeightsFamiliarity
{
    public static Command Create()
    {
        var weights = new Option<string>("--weights")
        {
            Description = "Model folder, which gets a file and an entry in config.json.",
            Required = true
        };
        var manifest = new Option<string>("--manifest")
        {
            Description = "Its studies: those for training are measured, those for validation give the limit.",
            Required = true
        };
        var count = new Option<int>("--count") { Description = "Studies of each at most.", DefaultValueFactory = _ => 2000 };
        var device = Verb.Device();
        var json = new Option<bool>("--json") { Description = "Say what was measured as JSON." };
        var verbose = Verb.Verbose();
        var command = new Command("familiarity", """
            Measures how the first encoder sees the volumes of a training, so that a report of one that is unlike them says so in a note.

            Example:
              hsenet weights familiarity --weights model --manifest phantoms/reports.json
            """)
        { weights, manifest, count, device, json, verbose };
        command.Run(verbose, (parsed, cancellation) =>
        {
            string folder = parsed.GetRequiredValue(weights);
            int most = Verb.AtLeast(2, "--count", parsed.GetRequiredValue(count));
            using var opened = HSENet.Kernels.Device.Open(parsed.GetRequiredValue(device));
            using var progress = new ProgressLine();
            var measured = FamiliarityFit.Write(folder, parsed.GetRequiredValue(manifest), most, opened,
                (done, all) => progress.Show($"{done}/{all} studies", (double)done / all), cancellation);
            progress.Clear();
            Console.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new
                {
                    folder,
                    volumes = measured.Volumes,
                    others = measured.Others,
                    median = measured.Median,
                    largest = measured.Largest,
                    limit = measured.Limit
                })
                : string.Create(CultureInfo.InvariantCulture, $"{folder}: of {measured.Volumes} volumes; {measured.Others} others lie at "
                    + $"{measured.Median:0.00}, at most {measured.Largest:0.00}; limit {measured.Limit:0.00}"));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
