// hsenet bench compare: what became slower from one file of results to another, beyond the spread of both.
using System.CommandLine;
using System.Globalization;
using HSENet.Runtime;

namespace HSENet.Cli;

static class BenchCompareCommand
{
    public static Command Create()
    {
        var before = new Argument<string>("before") { Description = "Results that are compared with." };
        var after = new Argument<string>("after") { Description = "New results." };
        var verbose = Verb.Verbose();
        var command = new Command("compare", """
            Compares two files of results by the names in them. Slower means that the quartiles of both do not meet; then the exit code is 1.

            Example:
              hsenet bench compare a.json b.json
            """)
        { before, after, verbose };
        command.Run(verbose, (parsed, _) =>
        {
            string first = parsed.GetRequiredValue(before), second = parsed.GetRequiredValue(after);
            return Task.FromResult(Compare(first, BenchFile.Read(first), second, BenchFile.Read(second)));
        });
        return command;
    }

    static int Compare(string beforeName, BenchFile before, string afterName, BenchFile after)
    {
        var old = Named(beforeName, before);
        if (!after.Results.Any(result => old.ContainsKey(result.Name)))
            throw new HseNetException($"{beforeName} and {afterName} have no result in common: expected the same operation and sizes");
        Measured then = before.Measured, now = after.Measured;
        if ((then.Device, then.Cpu, then.Processors) != (now.Device, now.Cpu, now.Processors))
            Messages.Note($"{beforeName} was measured on {then.Device}, {then.Cpu}; {afterName} on {now.Device}, {now.Cpu}");
        foreach (var (name, measured) in (ReadOnlySpan<(string, Measured)>)[(beforeName, then), (afterName, now)])
            if (measured.Disturbed)
                Messages.Note($"{name}: others took {100 * measured.Others:F0} % of the processors meanwhile");
        int slower = 0;
        foreach (var fresh in Named(afterName, after).Values)
        {
            if (!old.Remove(fresh.Name, out var stale))
            {
                Messages.Note($"{fresh.Name}: only in {afterName}");
                continue;
            }
            string verdict = fresh.Lower > stale.Upper ? "slower" : fresh.Upper < stale.Lower ? "faster" : "same";
            slower += verdict == "slower" ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{fresh.Name}: {BenchFile.Time(stale.Median)} to {BenchFile.Time(fresh.Median)}, "
                + $"{100 * (fresh.Median / stale.Median - 1):+0.0;-0.0;0.0} %, {verdict}"));
        }
        foreach (var gone in old.Values)
            Messages.Note($"{gone.Name}: only in {beforeName}");
        return slower > 0 ? ExitCode.Failed : ExitCode.Done;
    }

    static Dictionary<string, BenchResult> Named(string path, BenchFile file)
    {
        var named = new Dictionary<string, BenchResult>();
        foreach (var result in file.Results)
            if (!named.TryAdd(result.Name, result))
                throw new HseNetFileException(path, $"holds {result.Name} twice", "each result once");
        return named;
    }
}
