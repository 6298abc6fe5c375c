// Runs what was parsed; what could not be parsed is one line and an exit code.
using System.CommandLine.Parsing;
using System.CommandLine;
using System.Text.RegularExpressions;

namespace HSENet.Cli;

static partial class Invocation
{
    /// <summary>Runs a program's verb.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="timeToStop">How long a verb may take to end when it is interrupted.</param>
    public static Task<int> Run(ParseResult parsed, Func<Command, TimeSpan> timeToStop)
    {
        if (parsed.Errors.Count == 0)
            return parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = timeToStop(parsed.CommandResult.Command)
            });
        string problem = parsed.UnmatchedTokens.Count > 0 ? $"'{parsed.UnmatchedTokens[0]}' is no verb, option or argument here"
            : InWords(parsed.Errors[0].Message.TrimEnd('.'));
        Messages.Error($"{problem}; '{Words(parsed.CommandResult)} --help' shows what is");
        return Task.FromResult(ExitCode.BadInput);
    }

    // As a user types them: "hsenet bench model".
    static string Words(CommandResult verb) =>
        verb.Parent is CommandResult parent ? $"{Words(parent)} {verb.Command.Name}" : Messages.Program;

    // The parser speaks of the types that a program has.
    static string InWords(string message) =>
        WrongType().Replace(message, match =>
            $"{match.Groups["option"]} {match.Groups["value"]}: expected a "
            + $"{(match.Groups["type"].Value is "Single" or "Double" ? "number, as in 0.5" : "whole number")}");

    [GeneratedRegex(@"^Cannot parse argument '(?<value>.*)' for (option|argument) '(?<option>.*)' as expected type "
        + @"'System\.(?<type>U?Int\d+|Single|Double)'$")]
    private static partial Regex WrongType();
}
