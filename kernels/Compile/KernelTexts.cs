// The final PTX that travels with the package: one file beside the assembly, one module per GPU rung.
using System.Reflection;

namespace HSENet.Kernels;

/// <summary>Final PTX texts by entry name.</summary>
public static class KernelTexts
{
    internal const string Header = "// entry ";

    static readonly Lazy<Dictionary<string, string>> Texts = new(() => Parse(Read()));

    /// <summary>Where the texts lie: beside the assembly. A program that is one file holds them as a resource of this name
    /// instead.</summary>
    public static string FilePath => Path.Combine(AppContext.BaseDirectory, "HSENet.Kernels.ptx");

    /// <summary>The final PTX of a GPU rung.</summary>
    /// <exception cref="InvalidOperationException">The file beside the assembly is missing or of another version.</exception>
    public static string Get(Rung rung) => Texts.Value.TryGetValue(rung.EntryName, out string? text)
        ? text
        : throw new InvalidOperationException(
            $"{FilePath} has no kernel {rung.EntryName}: it belongs to another version of HSENet.Kernels");

    static string Read()
    {
        if (!File.Exists(FilePath) && Assembly.GetEntryAssembly()?.GetManifestResourceStream(Path.GetFileName(FilePath)) is { } inside)
        {
            using var reader = new StreamReader(inside);
            return reader.ReadToEnd();
        }
        return File.ReadAllText(FilePath);
    }

    internal static Dictionary<string, string> Parse(string file)
    {
        var texts = new Dictionary<string, string>();
        foreach (string part in ("\n" + file).Split("\n" + Header).Skip(1))
        {
            int end = part.IndexOf('\n');
            texts.Add(part[..end], part[(end + 1)..]);
        }
        return texts;
    }
}
