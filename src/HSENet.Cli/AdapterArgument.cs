// Adapters on a command line: FILE, or NAME=FILE for several.

namespace HSENet.Cli;

static class AdapterArgument
{
    /// <summary>The file, if one is given without a name; otherwise empty.</summary>
    /// <exception cref="HseNetException">Several are given, and not all have names.</exception>
    public static string One(string[] given) => given switch
    {
        [var only] when !TrySplit(only, out _, out _) => only,
        _ when given.All(text => TrySplit(text, out _, out _)) => "",
        _ => throw new HseNetException("--adapter: expected one FILE, or NAME=FILE for each of several"),
    };

    /// <summary>Files by name; empty if one is given without.</summary>
    /// <exception cref="HseNetException">A name is given twice.</exception>
    public static IReadOnlyDictionary<string, string> Named(string[] given)
    {
        var files = new Dictionary<string, string>();
        foreach (string text in given)
            if (TrySplit(text, out string name, out string file) && !files.TryAdd(name, file))
                throw new HseNetException($"--adapter {text}: the name {name} is given twice; expected another one");
        return files;
    }

    /// <summary>The two parts of NAME=FILE; a file whose own name has the sign is a file.</summary>
    public static bool TrySplit(string text, out string name, out string file)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        (name, file) = at > 0 ? (text[..at], text[(at + 1)..]) : ("", text);
        return at > 0 && file.Length > 0 && !Path.Exists(text) && !name.Contains('/', StringComparison.Ordinal);
    }
}
