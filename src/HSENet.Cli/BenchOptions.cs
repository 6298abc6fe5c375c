// The options of all benchmarks, and what they do with the results: print, save.
using System.CommandLine;
using HSENet.Kernels;

namespace HSENet.Cli;

/// <summary>How long is measured, and where results go.</summary>
sealed class BenchOptions(bool timed = true)
{
    readonly Option<double> _seconds =
        new("--seconds") { Description = "Time for all rounds; five rounds are run whatever it takes.", DefaultValueFactory = _ => 3 };
    readonly Option<bool> _json = new("--json") { Description = "One JSON object with machine, versions, commit and results on stdout." };
    readonly Option<bool> _save = new("--save") { Description = "Write it to bench/results/MACHINE of the repository, too." };

    public void AddTo(Command command)
    {
        foreach (Option option in timed ? (Option[])[_seconds, _json, _save] : [_json, _save])
            command.Add(option);
    }

    public TimeSpan Budget(ParseResult parsed)
    {
        double seconds = parsed.GetValue(_seconds);
        return seconds is >= 0 and < 1e6 ? TimeSpan.FromSeconds(seconds)
            : throw new HseNetException($"--seconds {seconds}: expected 0 or more");
    }

    /// <summary>Measures and prints.</summary>
    public void Print(ParseResult parsed, Device device, string name, Func<Measured, BenchFile> measure)
    {
        string? saved = parsed.GetValue(_save) ? Path.Combine(Machine.Results(Machine.FolderName(device)), name + ".json") : null;
        var file = measure(Measured.Begin(Measured.CommandLine("hsenet", parsed, _json.Name, _save.Name), device.Name));
        Console.Write(parsed.GetValue(_json) ? file.ToJson() + "\n" : file.ToText());
        if (saved is null)
            return;
        TextFile.Write(saved, file.ToJson() + "\n");
        Messages.Note($"written: {saved}");
    }
}
