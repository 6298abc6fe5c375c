// The options that say where results go, and the files of results.
using System.CommandLine;
using System.Text.Json;
using HSENet.Cli;

namespace HSENet.Bench;

/// <summary>A folder of results, or none.</summary>
sealed class ResultOptions
{
    readonly Option<string> _machine =
        new("--machine")
        {
            Description = "Folder of bench/results that results are written to.",
            DefaultValueFactory = _ =>
        Machine.FolderName()
        };
    readonly Option<bool> _dry = new("--dry") { Description = "Write nothing." };

    public void AddTo(Command command)
    {
        command.Add(_machine);
        command.Add(_dry);
    }

    /// <summary>The folder, made if it is not there; null if nothing is to be written. Asked for before anything is measured, so that bad
    /// names cost no time.</summary>
    public string? Folder(ParseResult parsed)
    {
        if (parsed.GetValue(_dry))
            return null;
        string name = parsed.GetRequiredValue(_machine);
        if (name.Length == 0 || name.StartsWith('.') || name.IndexOfAny(['/', '\\']) >= 0)
            throw new HseNetException($"{_machine.Name} {name}: expected the name of a folder");
        return Directory.CreateDirectory(Machine.Results(name)).FullName;
    }

    /// <summary>What is measured, as a command line.</summary>
    public Measured Begin(ParseResult parsed, string device) =>
        Measured.Begin(Measured.CommandLine("dotnet run -c Release --project bench/HSENet.Bench --", parsed, _dry.Name), device);
}

/// <summary>A file of results for machines, and the page made from it for people.</summary>
static class ResultFiles
{
    /// <summary>Writes <c>NAME.json</c> and <c>NAME.md</c>.</summary>
    public static void Write<T>(string folder, string name, T results, Page page)
    {
        string json = Path.Combine(folder, name + ".json");
        TextFile.Write(json, JsonSerializer.Serialize(results, BenchFile.Json) + "\n");
        TextFile.Write(Path.ChangeExtension(json, ".md"), page.ToString());
        Console.WriteLine($"written: {json}, {name}.md");
    }
}
