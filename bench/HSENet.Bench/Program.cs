// Entry point of the benchmarks: one command for each thing that is measured.
using System.CommandLine;
using BenchmarkDotNet.Running;
using HSENet.Cli;

namespace HSENet.Bench;

static class Program
{
    static Task<int> Main(string[] arguments)
    {
        Messages.Program = "bench";
        return Invocation.Run(Root().Parse(arguments), _ => TimeSpan.FromMilliseconds(700));
    }

    internal static RootCommand Root() =>
        new("Measures HSENet on this machine; every result says where, when and with what it was measured.")
    {
        HostCommand.Create(),
        TrainingCommand.Create(),
        FullCommand.Create(),
        EmulatorCommand.Create(),
        TimingCommand.Create(),
        SearchCommand.Create(),
        CancellationCommand.Create(),
        Micro(),
    };

    static Command Micro()
    {
        var verbose = Verb.Verbose();
        var command = new Command("micro", """
            Small pieces under BenchmarkDotNet: a launch, elementary functions on vectors. Takes BenchmarkDotNet's options.

            Example:
              micro --filter *Launch*
            """)
        { verbose };
        command.TreatUnmatchedTokensAsErrors = false;
        command.Run(verbose, (parsed, _) =>
        {
            BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. parsed.UnmatchedTokens]);
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
