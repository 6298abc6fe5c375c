// The program: parses, runs a verb, and turns every outcome into an exit code and at most one line.
using System.CommandLine;
using System.Text.RegularExpressions;

namespace HSENet.Cli;

/// <summary>Exit codes of all verbs.</summary>
static class ExitCode
{
    public const int Done = 0, Failed = 1, BadInput = 2, Interrupted = 130;
}

static partial class Program
{
    static async Task<int> Main(string[] arguments)
    {
        var root = Root();
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            string verb = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
            string problem = parsed.UnmatchedTokens.Count > 0 ? $"'{parsed.UnmatchedTokens[0]}' is no verb, option or argument here" : InWords(parsed.Errors[0].Message.TrimEnd('.'));
            Messages.Error($"{problem}; 'hsenet {verb}--help' shows what is");
            return ExitCode.BadInput;
        }
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = parsed.CommandResult.Command.Name == "train" ? TrainCommand.TimeToSave : TimeSpan.FromMilliseconds(700) }).ConfigureAwait(false);
    }

    // The parser speaks of the types that a program has.
    static string InWords(string message) =>
        WrongType().Replace(message, match => $"{match.Groups["option"]} {match.Groups["value"]}: expected a {(match.Groups["type"].Value is "Single" or "Double" ? "number, as in 0.5" : "whole number")}");

    [GeneratedRegex(@"^Cannot parse argument '(?<value>.*)' for (option|argument) '(?<option>.*)' as expected type 'System\.(?<type>U?Int\d+|Single|Double)'$")]
    private static partial Regex WrongType();

    internal static RootCommand Root() => new("Reads 3D CT scans and writes radiology reports: HSENet in hand-written kernels, without a framework.")
    {
        ReportCommand.Report(),
        ReportCommand.Ask(),
        PreprocessCommand.Create(),
        ManifestCommand.Create(),
        TrainCommand.Create(),
        ConvertCommand.Create(),
        WeightsCommand.Create(),
        InspectCommand.Create(),
        DicomCommand.Create(),
        KernelsCommand.Create(),
        TraceCommand.Create(),
        PtxCommand.Create(),
        BenchCommand.Create(),
    };
}
