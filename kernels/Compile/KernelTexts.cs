// The final PTX that travels with the package: one file beside the assembly, one module per GPU rung.
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace HSENet.Kernels;

/// <summary>Final PTX texts by entry name.</summary>
public static class KernelTexts
{
    internal const string Header = "// entry ";

    const string FileName = "HSENet.Kernels.ptx";

    /// <summary>Where the texts lie: beside this assembly (a plug-in's folder, say), otherwise beside the program. A program that is one
    /// file may hold them as a resource of this name instead.</summary>
    public static string FilePath { get; } = Find();

    static readonly Lazy<Dictionary<string, string>> Texts = new(() => Parse(Read(FilePath)));

    /// <summary>The final PTX of a GPU rung.</summary>
    /// <exception cref="HseNetException">The file beside the assembly is missing or of another version.</exception>
    public static string Get(Rung rung) => rung.Text is { } own ? own : Texts.Value.TryGetValue(rung.EntryName, out string? text)
        ? text
        : throw new HseNetException(
            $"{FilePath} has no kernel {rung.EntryName}: it belongs to another version of HSENet.Kernels");

    internal static string Read(string path)
    {
        if (File.Exists(path))
            return File.ReadAllText(path);
        if (Assembly.GetEntryAssembly()?.GetManifestResourceStream(FileName) is { } inside)
        {
            using var reader = new StreamReader(inside);
            return reader.ReadToEnd();
        }
        throw new HseNetException(
            $"{path} is missing: it comes with the package HSENet.Kernels and belongs beside the program");
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "an empty location is expected")]
    static string Find()
    {
        string? folder = Path.GetDirectoryName(typeof(KernelTexts).Assembly.Location);
        string beside = Path.Combine(string.IsNullOrEmpty(folder) ? AppContext.BaseDirectory : folder, FileName);
        return File.Exists(beside) ? beside : Path.Combine(AppContext.BaseDirectory, FileName);
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
