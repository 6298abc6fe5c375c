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
        Invocation.Run(Root().Parse(arguments), verb => verb.Name == "train" ? TrainCommand.TimeToSave : TimeSpan.FromMilliseconds(700));

    internal static RootCommand Root() =>
        new("Reads 3D CT scans and writes radiology reports: HSENet in hand-written kernels, without a framework.")
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
