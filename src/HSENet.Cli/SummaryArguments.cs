// The options of the verbs that end in a summary of scores.
using System.CommandLine;
using HSENet.Evaluation;

namespace HSENet.Cli;

/// <summary>Options that say how a summary is drawn and printed.</summary>
/// <param name="json">The verb's own option for JSON, if it has one.</param>
sealed class SummaryArguments(Option<bool>? json = null)
{
    readonly Option<int> _resamples = new("--resamples")
    {
        Description = "How often studies are drawn for the 95 % intervals; 0 for none.",
        DefaultValueFactory = _ => 1000
    };
    readonly Option<long> _seed = new("--bootstrap-seed") { Description = "Seed of these draws.", DefaultValueFactory = _ => 42 };
    readonly Option<bool> _json =
        json ?? new("--json") { Description = "One JSON object per sample on a line of its own, the summary last." };

    /// <summary>WordNet's database, for METEOR.</summary>
    public static Option<string?> WordNet() => new("--wordnet")
    {
        Description = "Folder of WordNet 3's database (dict), for METEOR's synonyms, as the reference's scores have them."
    };

    /// <summary>Adds all options.</summary>
    public void AddAll(Command command)
    {
        foreach (Option option in (Option[])[_resamples, _seed, .. json is null ? [_json] : (Option[])[]])
            command.Add(option);
    }

    /// <summary>How intervals are drawn.</summary>
    public Bootstrap Bootstrap(ParseResult parsed) =>
        new(Verb.AtLeast(0, "--resamples", parsed.GetValue(_resamples)), parsed.GetValue(_seed));

    /// <summary>Whether JSON is printed.</summary>
    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Prints a summary; what a reader should know goes to stderr and into the JSON.</summary>
    public void Print(ParseResult parsed, Summary summary)
    {
        foreach (string note in summary.Notes)
            Messages.Note(note);
        Console.Write(IsJson(parsed) ? SummaryText.Json(summary) + "\n" : SummaryText.Table(summary));
    }
}
