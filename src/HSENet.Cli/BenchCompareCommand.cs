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
        if ((before.Device, before.Cpu, before.Processors) != (after.Device, after.Cpu, after.Processors))
            Messages.Note($"{beforeName} was measured on {before.Device}, {before.Cpu}; {afterName} on {after.Device}, {after.Cpu}");
        int slower = 0;
        foreach (var now in after.Results)
        {
            if (!old.TryGetValue(now.Name, out var then))
            {
                Messages.Note($"{now.Name}: only in {afterName}");
                continue;
            }
            string verdict = now.Lower > then.Upper ? "slower" : now.Upper < then.Lower ? "faster" : "same";
            slower += verdict == "slower" ? 1 : 0;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{now.Name}: {BenchFile.Time(then.Median)} to {BenchFile.Time(now.Median)}, {100 * (now.Median / then.Median - 1):+0.0;-0.0;0.0} %, {verdict}"));
        }
        foreach (var gone in before.Results.Where(result => after.Results.All(now => now.Name != result.Name)))
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
