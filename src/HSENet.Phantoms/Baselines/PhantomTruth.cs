// What is known of a phantom, read back from the file beside it.
using System.Text.Json;
using HSENet.Evaluation;
using HSENet.Runtime;

namespace HSENet.Phantoms;

/// <summary>A phantom on the disk.</summary>
/// <param name="Image">Its file, as manifests name it.</param>
/// <param name="Split">train, validation or test.</param>
/// <param name="Findings">What it has.</param>
/// <param name="Report">Its report.</param>
/// <param name="Questions">What is asked of it.</param>
sealed record PhantomTruth(string Image, string Split, IReadOnlyList<Finding> Findings, string Report,
    IReadOnlyList<PhantomQuestion> Questions)
{
    /// <summary>All phantoms of a folder, in the order of their numbers.</summary>
    /// <exception cref="HseNetException">There are none, or a file is not of this format; the message names it.</exception>
    public static IReadOnlyList<PhantomTruth> ReadAll(string folder)
    {
        string[] files = Directory.Exists(folder)
            ? [.. Directory.GetFiles(folder, "*.json").Where(IsNumbered).Order(StringComparer.Ordinal)] : [];
        return files.Length > 0 ? [.. files.Select(Read)]
            : throw new HseNetFileException(folder, "holds no phantoms", "a folder of drawn phantoms");
    }

    static bool IsNumbered(string file) => Path.GetFileNameWithoutExtension(file).All(char.IsAsciiDigit);

    static PhantomTruth Read(string file)
    {
        PhantomTruth? truth = null;
        try
        {
            JsonFile.Read(file, root =>
            {
                string? format = root.GetProperty("format").GetString();
                if (format != PhantomSetOptions.Format)
                    throw new HseNetFileException(file, $"is of the format {HseNetFileException.Quote(format ?? "")}",
                        PhantomSetOptions.Format);
                truth = new PhantomTruth(Text(root, "image"), Text(root, "split"),
                    [.. root.GetProperty("findings").EnumerateArray().Select(FindingOf)], Text(root, "report"),
                    [.. root.GetProperty("questions").EnumerateArray().Select(question =>
                        new PhantomQuestion(Text(question, "type"), Text(question, "question"), Text(question, "answer")))]);
            });
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new HseNetFileException(file, "lacks a field of a phantom's truth", "a phantom's truth file", e);
        }
        return truth!;
    }

    static Finding FindingOf(JsonElement finding) => new(Enum.Parse<FindingKind>(Text(finding, "kind"), ignoreCase: true),
        Word<Side>(finding, "side"), Word<Lobe>(finding, "lobe"),
        finding.GetProperty("millimetres") is { ValueKind: JsonValueKind.Number } size ? size.GetDouble() : null,
        finding.GetProperty("number").GetInt32());

    static T Word<T>(JsonElement finding, string name) where T : struct, Enum =>
        finding.GetProperty(name).GetString() is { } word ? Enum.Parse<T>(word, ignoreCase: true) : default;

    static string Text(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"{name} is empty");
}
