// Predictions made elsewhere: a table with a header (CSV), or an object on each line (JSON lines).
using System.Globalization;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using HSENet.Runtime;

namespace HSENet.Evaluation;

/// <summary>Reads files of predictions. Columns go by the reference's names or this program's.</summary>
internal static class PredictionFile
{
    static readonly (string What, string[] Names)[] Columns =
    [
        ("the text that was wanted", ["Ground Truth", "ground_truth", "reference", "answer"]),
        ("the prediction", ["pred", "prediction"]),
        ("the question", ["Question", "question"]),
        ("the study", ["id", "image", "Image Path"]),
        ("BERTScore", ["bert_f1"]),
    ];

    const int Wanted = 0, Text = 1, Question = 2, Study = 3, BertF1 = 4;

    /// <summary>Reads all predictions of a file.</summary>
    /// <param name="path">A file whose name ends in <c>.jsonl</c> or <c>.ndjson</c>, or a table.</param>
    /// <param name="notes">What of the file was not read.</param>
    /// <exception cref="HseNetFileException">The file cannot be read, is empty, lacks a column, or a row cannot be used; the message names
    /// its line.</exception>
    public static IReadOnlyList<Prediction> Read(string path, out IReadOnlyList<string> notes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool lines = Array.Exists([".jsonl", ".ndjson"], ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
        var rows = new List<Prediction>();
        var seen = new Dictionary<(string, string), int>();
        var unread = new SortedSet<string>(StringComparer.Ordinal);
        using var text = new StringReader(JsonFile.ReadText(path));
        foreach (var (line, fields) in lines ? JsonLines(path, text, unread) : Table(path, text, unread))
        {
            string wanted = fields[Wanted] ?? throw Broken(path, line, "has no text that was wanted", $"a text as {Of(Wanted)}");
            if (string.IsNullOrWhiteSpace(wanted))
                throw Broken(path, line, "has an empty text that was wanted", "something to compare with");
            string prediction = fields[Text]
                ?? throw Broken(path, line, "has no prediction", $"{Of(Text)}; an empty text if nothing was written");
            string question = fields[Question] ?? "";
            if (fields[Study] is { } study && !seen.TryAdd((study, question), line))
                throw Broken(path, line, $"is about {HseNetFileException.Quote(study)}{(question.Length > 0 ? " and its question" : "")}, "
                    + $"as line {seen[(study, question)]} is", "each prediction once");
            rows.Add(new Prediction(fields[Study] ?? $"line {line}", question, wanted, prediction, Number(path, line, fields[BertF1])));
        }
        if (rows.Count == 0)
            throw new HseNetFileException(path, "has no row", "at least one prediction");
        if (rows.Exists(row => row.BertF1 is null) && rows.Exists(row => row.BertF1 is not null))
            throw new HseNetFileException(path, "has bert_f1 on some rows only", "it on all or none");
        notes = unread.Count == 0 ? [] : [$"{path}: computed anew or not used: {string.Join(", ", unread)}"];
        return rows;
    }

    static IEnumerable<(int Line, string?[] Fields)> Table(string path, TextReader text, SortedSet<string> unread)
    {
        using var csv = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = found => throw new HseNetFileException(path,
                $"line {found.Context.Parser?.RawRow} has a quote that is not closed "
                + "or stands within a field", "quotes around a whole field, doubled inside"),
        });
        if (!Next())
            throw new HseNetFileException(path, "is empty", "a table whose first line names its columns");
        string[] header = csv.Record!;
        int[] columns = Find(path, header, "column");
        unread.UnionWith(header.Where((_, i) => !columns.Contains(i)));
        while (Next())
        {
            string[] fields = csv.Record!;
            int begins = csv.RawRow - csv.RawRecord.TrimEnd('\r', '\n').Count(c => c == '\n');
            if (fields.Length != header.Length)
                throw Broken(path, begins, $"has {fields.Length} fields", $"{header.Length} as in the first line");
            yield return (begins, [.. columns.Select(i => i < 0 ? null : fields[i])]);
        }

        bool Next()
        {
            try
            {
                return csv.Read();
            }
            catch (CsvHelperException e)
            {
                throw e.InnerException as HseNetFileException
                    ?? new HseNetFileException(path, $"line {csv.RawRow} cannot be read as a table", "fields parted by commas", e);
            }
        }
    }

    static IEnumerable<(int Line, string?[] Fields)> JsonLines(string path, TextReader text, SortedSet<string> unread)
    {
        for (int line = 1; text.ReadLine() is { } row; line++)
        {
            if (string.IsNullOrWhiteSpace(row))
                continue;
            yield return (line, Fields(path, line, row, unread));
        }
    }

    static string?[] Fields(string path, int line, string row, SortedSet<string> unread)
    {
        try
        {
            using var json = JsonDocument.Parse(row);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw Broken(path, line, $"is {JsonFile.Kind(json.RootElement)}", "an object on each line");
            JsonProperty[] members = [.. json.RootElement.EnumerateObject()];
            int[] columns = Find(path, [.. members.Select(member => member.Name)], "member", line);
            unread.UnionWith(members.Where((_, i) => !columns.Contains(i)).Select(member => member.Name));
            return [.. columns.Select((i, column) => i < 0 ? null : Value(members[i], column))];
        }
        catch (JsonException e)
        {
            throw Broken(path, line, $"is not JSON (byte {e.BytePositionInLine})", "an object on each line", e);
        }
        catch (InvalidOperationException e)
        {
            throw Broken(path, line, "holds a string that is not Unicode", "JSON in UTF-8", e);
        }

        string? Value(JsonProperty member, int column) => member.Value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.String => member.Value.GetString(),
            JsonValueKind.Number when column == BertF1 => member.Value.GetRawText(),
            _ => throw Broken(path, line, $"has {JsonFile.Kind(member.Value)} as \"{member.Name}\"",
                column == BertF1 ? "a number" : "a string"),
        };
    }

    // The place of each column among the names; -1 for those that may be left out.
    static int[] Find(string path, string[] names, string kind, int? line = null)
    {
        string where = line is { } number ? $"line {number} has" : "has";
        return [.. Columns.Select((column, i) =>
        {
            int[] places = [.. Enumerable.Range(0, names.Length).Where(at => column.Names.Contains(names[at].Trim('\uFEFF', ' ')))];
            return places.Length == 0 && i <= Text
                ? throw new HseNetFileException(path, $"{where} no {kind} for {column.What}", $"the {kind} {Of(i)}")
                : places.Length > 1
                ? throw new HseNetFileException(path, $"{where} several {kind}s for {column.What}: "
                    + string.Join(", ", places.Select(at => HseNetFileException.Quote(names[at]))), "one of them")
                : places is [var place] ? place : -1;
        })];
    }

    static string Of(int column) => string.Join(" or ", Columns[column].Names.Select(name => $"\"{name}\""));

    static double? Number(string path, int line, string? text) => string.IsNullOrWhiteSpace(text) ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value
        : throw Broken(path, line, $"has {HseNetFileException.Quote(text)} as bert_f1", "a finite number");

    static HseNetFileException Broken(string path, int line, string problem, string expected, Exception? inner = null) =>
        new(path, $"line {line} {problem}", expected, inner);
}
