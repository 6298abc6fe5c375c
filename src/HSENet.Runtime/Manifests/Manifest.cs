// The list of samples that a training reads: JSON lines, a JSON array, or the reference's object of "train" and "validation".
using System.Text.Json;

namespace HSENet.Runtime;

/// <summary>Samples for training and for validation.</summary>
sealed class Manifest
{
    readonly string _file;
    readonly string _folder;
    readonly RowContent _content;
    readonly bool _skipBad;
    readonly Action<ManifestRow> _check;
    readonly List<ManifestRow> _train = [], _validation = [];
    readonly List<string> _skipped = [];

    Manifest(string file, RowContent content, bool skipBad, Action<ManifestRow> check) =>
        (_file, _folder, _content, _skipBad, _check) = (file, Path.GetDirectoryName(Path.GetFullPath(file))!, content, skipBad, check);

    /// <summary>What is trained on, in the order of the file.</summary>
    public IReadOnlyList<ManifestRow> Train => _train;

    /// <summary>What the validation loss is computed on; empty unless the file has <c>{"validation": […]}</c>.</summary>
    public IReadOnlyList<ManifestRow> Validation => _validation;

    /// <summary>Why rows were left out, one line for each, when that was asked for.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <summary>Reads a manifest. Relative paths in it are relative to its folder.</summary>
    /// <param name="path">JSON lines (one object on each line), a JSON array of objects, or <c>{"train": […], "validation":
    /// […]}</c>.</param>
    /// <param name="content">What the rows must have.</param>
    /// <param name="skipBad">Whether a row that cannot be used is left out and listed in <see cref="Skipped"/>.</param>
    /// <exception cref="HseNetFileException">The file cannot be read, a row is broken or names a file that is not there (the message names
    /// its line), or no row is left to train on.</exception>
    public static Manifest Read(string path, RowContent content, bool skipBad = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read(path, content, skipBad, _ => { });
    }

    /// <summary>Reads the studies of a manifest, whatever is said of them and whether their files are there; rows that are broken are in
    /// <see cref="Skipped"/>.</summary>
    /// <exception cref="HseNetFileException">The file cannot be read, or has no row.</exception>
    internal static IReadOnlyList<ManifestRow> ReadStudies(string path, out IReadOnlyList<string> broken)
    {
        var manifest = ReadUntrained(path, RowContent.Study, out broken);
        return [.. manifest.Train, .. manifest.Validation];
    }

    /// <summary>Reads the rows that a model is evaluated on: the validation list where there is one, otherwise all; broken ones are in
    /// <paramref name="broken"/>.</summary>
    /// <exception cref="HseNetFileException">The file cannot be read, or has no row that can be used.</exception>
    internal static IReadOnlyList<ManifestRow> ReadEvaluated(string path, RowContent content, out IReadOnlyList<string> broken)
    {
        var manifest = ReadUntrained(path, content, out broken);
        return manifest.Validation.Count > 0 ? manifest.Validation : manifest.Train;
    }

    /// <summary>Reads the rows that are trained on for their words alone, whether their files are there or not.</summary>
    /// <exception cref="HseNetFileException">The file cannot be read, a row is broken, or it has none.</exception>
    internal static IReadOnlyList<ManifestRow> ReadTexts(string path)
    {
        using FileBytes file = FileBytes.Open(path);
        return Read(file, RowContent.Study, skipBad: false, _ => { }, trained: false).Train;
    }

    static Manifest ReadUntrained(string path, RowContent content, out IReadOnlyList<string> broken)
    {
        using FileBytes file = FileBytes.Open(path);
        var manifest = Read(file, content, skipBad: true, _ => { }, trained: false);
        broken = manifest.Skipped;
        return manifest;
    }

    /// <summary>Reads a manifest whose rows are looked at further; what <paramref name="check"/> throws is said of the row's
    /// line.</summary>
    internal static Manifest Read(string path, RowContent content, bool skipBad, Action<ManifestRow> check)
    {
        using FileBytes file = FileBytes.Open(path);
        return Read(file, content, skipBad, row =>
        {
            foreach (string? named in content == RowContent.Words ? [] : (string?[])[row.Image, row.SliceFeatures])
                if (named is not null && !Path.Exists(named))
                    throw new HseNetFileException(named, "is not there", "an existing file");
            check(row);
        });
    }

    internal static Manifest Read(FileBytes file, RowContent content, bool skipBad, Action<ManifestRow> check, bool trained = true)
    {
        var manifest = new Manifest(file.Name, content, skipBad, check);
        ReadOnlySpan<byte> json = file.Slice(0, file.Length);
        if (json.StartsWith("\uFEFF"u8))
            json = json[3..];
        if (FirstLine(json) is { } isRow ? isRow : file.Name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
            manifest.ReadLines(json);
        else
            manifest.ReadWhole(json);
        // What is only looked at need not be trained on.
        trained &= content != RowContent.Study;
        if (manifest.Train.Count == 0 && (trained || manifest.Validation.Count == 0))
            throw new HseNetFileException(file.Name,
                $"has no row that can be {(trained ? "trained on" : "used")}"
                + (manifest.Skipped.Count > 0 ? $" ({manifest.Skipped.Count} were skipped)" : ""),
                "at least one");
        return manifest;
    }

    // Whether the first line is a row, or the whole of a file (lists of rows); null: it is neither by itself.
    static bool? FirstLine(ReadOnlySpan<byte> json)
    {
        json = json.TrimStart(" \t\r\n"u8);
        int end = json.IndexOf((byte)'\n');
        var reader = new Utf8JsonReader(end < 0 ? json : json[..end]);
        try
        {
            if (!JsonDocument.TryParseValue(ref reader, out var document))
                return null;
            using (document)
                return document.RootElement.ValueKind != JsonValueKind.Object ? null
                    : !document.RootElement.TryGetProperty("train", out _) && !document.RootElement.TryGetProperty("validation", out _);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    void ReadLines(ReadOnlySpan<byte> json)
    {
        int line = 0;
        foreach (Range range in json.Split((byte)'\n'))
        {
            line++;
            ReadOnlySpan<byte> text = json[range].Trim(" \t\r"u8);
            if (text.IsEmpty)
                continue;
            try
            {
                var reader = new Utf8JsonReader(text);
                using JsonDocument row = JsonDocument.ParseValue(ref reader);
                if (reader.BytesConsumed != text.Length)
                    throw new HseNetFileException(_file, $"line {line} goes on after its row", "one object on each line");
                Add(_train, row.RootElement, line);
            }
            catch (JsonException e)
            {
                Skip(new HseNetFileException(_file, $"line {line} is not JSON (byte {e.BytePositionInLine})",
                    "one object on each line", e));
            }
            catch (HseNetFileException e)
            {
                Skip(e);
            }
        }
    }

    void ReadWhole(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        long counted = 0;
        int line = 1;
        try
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray)
                Rows(ref reader, json, _train);
            else if (reader.TokenType == JsonTokenType.StartObject)
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    List<ManifestRow>? rows = reader.ValueTextEquals("train"u8) ? _train
                        : reader.ValueTextEquals("validation"u8) ? _validation : null;
                    reader.Read();
                    if (rows is null)
                        reader.Skip();
                    else if (reader.TokenType == JsonTokenType.StartArray)
                        Rows(ref reader, json, rows);
                    else
                        throw new HseNetFileException(_file,
                            $"line {LineOf(json, reader.TokenStartIndex)}: \"train\" or \"validation\" is no list", "an array of objects");
                }
            else
                throw new HseNetFileException(_file, "is neither a list nor an object",
                    "rows of objects, or {\"train\": […], \"validation\": […]}");
            if (reader.Read())
                throw new HseNetFileException(_file, $"goes on after its end, on line {LineOf(json, reader.TokenStartIndex)}",
                    "one list or object");
        }
        catch (JsonException e)
        {
            throw new HseNetFileException(_file, $"line {e.LineNumber + 1} is not JSON (byte {e.BytePositionInLine})",
                "a complete JSON file, or one object on each line", e);
        }

        void Rows(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, List<ManifestRow> rows)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                int start = LineOf(json, reader.TokenStartIndex);
                using JsonDocument row = JsonDocument.ParseValue(ref reader);
                try
                {
                    Add(rows, row.RootElement, start);
                }
                catch (HseNetFileException e)
                {
                    Skip(e);
                }
            }
        }

        // Called with growing positions: each byte is counted once.
        int LineOf(ReadOnlySpan<byte> json, long position)
        {
            line += json[(int)counted..(int)position].Count((byte)'\n');
            counted = position;
            return line;
        }
    }

    void Add(List<ManifestRow> rows, JsonElement json, int line)
    {
        ManifestRow row;
        try
        {
            row = ManifestRow.Read(json, _file, _folder, line);
        }
        catch (InvalidOperationException e)
        {
            throw new HseNetFileException(_file, $"line {line} holds a string that is not Unicode", "JSON in UTF-8", e);
        }
        if (!row.Serves(_content))
            throw new HseNetFileException(_file, $"line {line} has nothing to learn", _content == RowContent.Answer
                ? "\"question\" and \"answer\", or \"abnormality\" and \"anatomy\"" : _content == RowContent.Words
                ? "\"text\", or a question with its answer" : "\"text\", the report");
        try
        {
            _check(row);
        }
        catch (HseNetFileException e)
        {
            throw new HseNetFileException(_file, $"line {line} cannot be used: {e.File}: {e.Problem}", e.Expected, e);
        }
        rows.Add(row);
    }

    void Skip(HseNetFileException problem)
    {
        if (!_skipBad)
            throw problem;
        _skipped.Add(problem.Message);
    }
}
