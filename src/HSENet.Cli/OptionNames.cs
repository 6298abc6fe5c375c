// What the libraries' messages call by its property, the program's user knows as an option.
using System.Text.RegularExpressions;

namespace HSENet.Cli;

/// <summary>The options behind the properties that messages of the libraries speak of.</summary>
static class OptionNames
{
    /// <summary>Words of the libraries and what the program calls the same.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["ReportOptions.MaxTokens"] = "--max-tokens",
        ["ReportOptions.StopSequences"] = "--stop",
        ["SamplingOptions.Temperature"] = "--temperature",
        ["SamplingOptions.TopK"] = "--top-k",
        ["SamplingOptions.TopP"] = "--top-p",
        ["SamplingOptions.MinP"] = "--min-p",
        ["SamplingOptions.RepetitionPenalty"] = "--repetition-penalty",
        ["PreprocessingOptions.Force"] = "--force",
        ["PreprocessingOptions.Preset"] = "--preset",
        ["PreprocessingOptions.Rescale"] = "--rescale SLOPE,INTERCEPT",
        ["PreprocessingOptions.StatedOrientation"] = "--orientation CODE",
        ["TrainingConfig.LabelWeight"] = "--label-weight",
        ["NewModelOptions.Deviation"] = "--deviation",
        ["TrainingConfig.Init"] = "--init",
        ["TrainingConfig.Cache, or none"] = "the cache, or --cache off",
        ["ModelOptions.Activations"] = "--activations",
        ["ConversionOptions.SliceEncoder"] = "--slice-encoder FILE",
        ["ConversionOptions.TextEncoder"] = "--text-encoder FILE",
        ["meteor without WordNet's synonyms"] = "meteor without WordNet's synonyms (--wordnet FOLDER)",
        ["ConversionOptions.MergeLora"] = "hsenet convert --merge-lora",
        ["a call of Trainer.Run that resumes it"] = "--resume to go on with it",
        ["a HostDevice runs everywhere"] = "--device cpu runs everywhere",
    };

    static readonly Regex Words = new(string.Join('|', All.Keys.Select(Regex.Escape)));

    /// <summary>A message or note of a library as the program says it.</summary>
    public static string In(string text) => Words.Replace(text, found => All[found.Value]);

    /// <summary>Notes of a library as the program says them.</summary>
    public static string[] In(IEnumerable<string> notes) => [.. notes.Select(In)];
}
