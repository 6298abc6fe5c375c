// The program: parses, runs a verb, and turns every outcome into an exit code and at most one line.
using System.CommandLine;

namespace HSENet.Cli;

/// <summary>Exit codes of all verbs.</summary>
static class ExitCode
{
    public const int Done = 0, Failed = 1, BadInput = 2, Interrupted = 130;
}

static class Program
{
    static Task<int> Main(string[] arguments) =>
        Invocation.Run(Root(arguments).Parse(arguments), verb =>
            verb.Name == "train" ? TrainCommand.TimeToSave : TimeSpan.FromMilliseconds(700));

    /// <summary>All verbs.</summary>
    /// <param name="arguments">The command line; null for a program that has every option of every verb. What takes long to describe is
    /// described where the line names it, so that other verbs, and the list of verbs, start at once.</param>
    internal static RootCommand Root(IReadOnlyList<string>? arguments = null) =>
        VerbList.Write(new("Reads 3D CT scans and writes radiology reports: HSENet in hand-written kernels, without a framework.")
        {
            ReportCommand.Create(),
            AskCommand.Create(),
            PreprocessCommand.Create(),
            IndexCommand.Create(),
            SearchCommand.Create(),
            EvalCommand.Create(),
            ScoreCommand.Create(),
            ManifestCommand.Create(),
            PhantomCommand.Create(),
            TrainCommand.Create(IsNamed("train", arguments)),
            ConvertCommand.Create(),
            WeightsCommand.Create(),
            InspectCommand.Create(),
            DicomCommand.Create(),
            KernelsCommand.Create(),
            TraceCommand.Create(),
            PtxCommand.Create(IsNamed("ptx", arguments)),
            BenchCommand.Create(),
        });

    // Anywhere: a directive has the line in one argument.
    static bool IsNamed(string verb, IReadOnlyList<string>? arguments) =>
        arguments is null || arguments.Any(argument => argument.Contains(verb, StringComparison.Ordinal));
}
