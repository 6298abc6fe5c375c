// bench emulator: measures the emulator, prints, and writes results/<machine>/emulator.json and emulator.md.
using System.CommandLine;
using System.Globalization;
using HSENet.Cli;

namespace HSENet.Bench;

/// <summary>What stands in emulator.json.</summary>
sealed record EmulatorResults(Measured Measured, string Unit, IReadOnlyList<ThroughputResult> Results, double LaunchesPerSecond);

static class EmulatorCommand
{
    public static Command Create()
    {
        var results = new ResultOptions();
        var verbose = Verb.Verbose();
        var command = new Command("emulator", """
            Times the emulator of PTX on three matrix products, at each level of checks, in turns. Writes emulator.json and emulator.md.

            Example:
              emulator --dry
            """)
        { verbose };
        results.AddTo(command);
        command.Run(verbose, (parsed, cancellation) =>
        {
            string? folder = results.Folder(parsed);
            var measured = results.Begin(parsed, "emulator (1 thread)");
            var throughput = EmulatorThroughput.Run(cancellation);
            foreach (var result in throughput)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{result.Kernel,-14} {result.Checks,-28} {result.MillionPerSecond,7:F0}  ({result.Lower:F0} to {result.Upper:F0})"));
            double launches = EmulatorThroughput.LaunchesPerSecond();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"launches a second of a kernel that does nothing: {launches:F0}"));
            measured.End();
            var file = new EmulatorResults(measured, "million instructions of active lanes, for each second of processor time", throughput,
                launches);
            if (folder is not null)
                ResultFiles.Write(folder, "emulator", file, ToPage(file));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    static Page ToPage(EmulatorResults file)
    {
        var page = new Page($"The emulator on {file.Measured.Cpu}");
        page.Paragraph($"""
            Three matrix products as ILGPU compiles them. All rows took turns; {file.Unit},
            median of {EmulatorThroughput.Rounds} rounds, quartiles in brackets.
            A kernel that does nothing is launched {file.LaunchesPerSecond:N0} times a second.
            """);
        page.Facts(file.Measured);
        page.Table(["product", .. file.Results.Select(result => result.Checks).Distinct()],
            file.Results.GroupBy(result => result.Kernel).Select(kernel =>
            (string[])[kernel.Key, .. kernel.Select(result =>
                Page.Text($"{result.MillionPerSecond:F0} ({result.Lower:F0} to {result.Upper:F0})"))]));
        return page;
    }
}
