// Embeddings of a study's volume and report, and its findings: one sample of an evaluation of retrieval.
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Evaluation;

/// <summary>A sample.</summary>
/// <param name="Study">Its name.</param>
/// <param name="Image">Embedding of the volume.</param>
/// <param name="Text">Embedding of the report.</param>
/// <param name="Findings">Which findings it has; null if nobody says.</param>
internal sealed record EmbeddedStudy(string Study, float[] Image, float[] Text, bool[]? Findings)
{
    /// <summary>Reads embeddings made elsewhere: lines of <c>{"id": …, "image": [numbers], "text": [numbers], "labels": [0 or 1, …]}</c>;
    /// <c>id</c> and <c>labels</c> may be left out.</summary>
    /// <exception cref="HseNetFileException">The file cannot be read, is empty, or a line does not fit; the message names it.</exception>
    public static IReadOnlyList<EmbeddedStudy> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var studies = new List<EmbeddedStudy>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int line = 0;
        foreach (string text in JsonFile.ReadText(path).Split('\n'))
        {
            line++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            EmbeddedStudy study;
            try
            {
                using var json = JsonDocument.Parse(text);
                study = Read(path, line, json.RootElement);
            }
            catch (JsonException e)
            {
                throw new HseNetFileException(path, $"line {line} is not JSON (byte {e.BytePositionInLine})", "an object on each line", e);
            }
            catch (InvalidOperationException e)
            {
                throw new HseNetFileException(path, $"line {line} holds a string that is not Unicode", "JSON in UTF-8", e);
            }
            if (!seen.Add(study.Study))
                throw Broken("names a study of a line before", "each study once");
            studies.Add(study);
            var first = studies[0];
            if (study.Image.Length != first.Image.Length || study.Text.Length != first.Image.Length)
                throw Broken($"has embeddings of {study.Image.Length} and {study.Text.Length} numbers",
                    $"{first.Image.Length}, as the first");
            if (study.Findings?.Length != first.Findings?.Length)
                throw Broken($"has {study.Findings?.Length ?? 0} labels", $"{first.Findings?.Length ?? 0}, as the first");
        }
        return studies.Count > 0 ? studies : throw new HseNetFileException(path, "has no row", "at least one study");

        HseNetFileException Broken(string problem, string expected) => new(path, $"line {line} {problem}", expected);
    }

    static EmbeddedStudy Read(string path, int line, JsonElement row)
    {
        if (row.ValueKind != JsonValueKind.Object)
            throw new HseNetFileException(path, $"line {line} is {JsonFile.Kind(row)}", "an object on each line");
        string study = row.TryGetProperty("id", out var id)
            ? id.ValueKind == JsonValueKind.String ? id.GetString()! : id.GetRawText() : $"line {line}";
        return new EmbeddedStudy(study, Numbers("image"), Numbers("text"),
            row.TryGetProperty("labels", out var labels) && labels.ValueKind != JsonValueKind.Null
            ? Array.ConvertAll(Numbers("labels"), label => label is 0 or 1 ? label == 1
                : throw new HseNetFileException(path, $"line {line} has the label {label}", "0 or 1")) : null);

        float[] Numbers(string name)
        {
            if (!row.TryGetProperty(name, out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
                throw new HseNetFileException(path, $"line {line} has no \"{name}\"", "a list of numbers");
            return [.. list.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Number && value.GetSingle() is var number
                && float.IsFinite(number) ? number
                : throw new HseNetFileException(path, $"line {line} has {HseNetFileException.Quote(value.GetRawText())} in \"{name}\"",
                    "finite numbers"))];
        }
    }
}
