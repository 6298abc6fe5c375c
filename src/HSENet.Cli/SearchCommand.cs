// hsenet search: what in an index is most like a description or a CT.
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using HSENet.Kernels;
using HSENet.Runtime;

namespace HSENet.Cli;

static class SearchCommand
{
    public static Command Create()
    {
        var file = Verb.Files<string>("index", "An index that 'hsenet index build' wrote.", ArgumentArity.ExactlyOne);
        var text = new Option<string?>("--text") { Description = "Find what is like this description or report." };
        var volume = new Option<string?>("--volume") { Description = "Find what is like this CT." };
        var among = new Option<string>("--among")
        {
            Description = "What is found: volumes or reports.",
            DefaultValueFactory = _ => "volumes"
        };
        var top = new Option<int>("--top") { Description = "How many.", DefaultValueFactory = _ => 10 };
        var weights = new Option<string>("--weights") { Description = "The model folder that the index was made with.", Required = true };
        var verify = new Option<bool>("--verify") { Description = "First compare every item of the index with its checksum." };
        var json = new Option<bool>("--json") { Description = "One JSON object per hit on a line of its own." };
        var device = Verb.Device();
        var study = new StudyArguments();
        var verbose = Verb.Verbose();
        var command = new Command("search", """
            Finds the volumes or reports of an index that are most like a text or a CT: exact, by the cosine of their embeddings.

            Examples:
              hsenet search chest.index --text "Pleural effusion on the left." --weights model
              hsenet search chest.index --volume scan.nii.gz --among reports --top 3 --weights model
            """)
        { file, text, volume, among, top, weights, verify, json, device, verbose };
        study.AddAll(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            string? description = parsed.GetValue(text), scan = parsed.GetValue(volume);
            if ((description is null) == (scan is null))
                throw new HseNetException("--text and --volume: expected one of them");
            if (string.IsNullOrWhiteSpace(description ?? scan))
                throw new HseNetException($"{(scan is null ? "--text" : "--volume")}: expected more than nothing");
            bool reports = parsed.GetRequiredValue(among) switch
            {
                "volumes" => false,
                "reports" => true,
                var other => throw new HseNetException($"--among {other}: expected volumes or reports"),
            };
            int most = Verb.AtLeast(1, "--top", parsed.GetValue(top));
            var studies = study.Opener(parsed, cancellation);
            using var index = VolumeIndex.Open(parsed.GetRequiredValue(file));
            if (parsed.GetValue(verify))
                index.Verify(cancellation);
            using var where = Device.Open(parsed.GetRequiredValue(device));
            using var embedder = StudyEmbedder.Open(parsed.GetRequiredValue(weights), where);
            IReadOnlyList<SearchHit> hits;
            if (description is not null)
                hits = index.Search(embedder, description, most, reports, cancellation);
            else
            {
                using var query = studies.Open(scan!);
                foreach (string note in query.Notes)
                    Messages.Note($"{scan}: {note}");
                hits = index.Search(embedder, query, most, reports, cancellation);
            }
            if (hits.Count == 0)
                Messages.Note($"{parsed.GetRequiredValue(file)} holds no {(reports ? "reports" : "volumes")}");
            int rank = 0;
            foreach (var (item, similarity) in hits)
                Console.WriteLine(parsed.GetValue(json)
                    ? JsonSerializer.Serialize(new { rank = ++rank, item.Study, similarity, item.Text }, ReportWriter.Json)
                    : string.Create(CultureInfo.InvariantCulture, $"{similarity,7:F4}  {item.Study}")
                        + (item.Text is null ? "" : $"\n         {item.Text.ReplaceLineEndings(" ")}"));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
