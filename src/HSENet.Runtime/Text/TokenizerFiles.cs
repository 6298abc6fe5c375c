// Reads the tokenizer files of a language model: vocab.json, merges.txt and added_tokens.json, or tokenizer.json.
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HSENet.Runtime;

internal static class TokenizerFiles
{
    public const string VocabularyName = "vocab.json";
    public const string TokenizerName = "tokenizer.json";

    // Phi-4-mini's tokenizer.json has 15 MB.
    const long MaximumBytes = 256L << 20;
    const int MaximumPatternLength = 4096;

    // What the pattern of a file may take for one match; the patterns in use need microseconds.
    static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Reads the three files that the slow tokenizer of the reference reads.</summary>
    public static TokenizerTables ReadSeparate(string folder)
    {
        var tables = new TokenizerTables
        {
            VocabularyFile = Path.Combine(folder, VocabularyName),
            MergesFile = Path.Combine(folder, "merges.txt"),
            AddedFile = Path.Combine(folder, "added_tokens.json"),
        };
        WithJson(tables.VocabularyFile, root => AddIds(tables.VocabularyFile, root, tables.Vocabulary));
        AddLines(tables);
        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        WithJson(tables.AddedFile, root => AddIds(tables.AddedFile, root, added));
        tables.Added.AddRange(added.Select(a => new AddedToken(a.Key, a.Value)));
        return tables.Checked();
    }

    /// <summary>Reads <c>tokenizer.json</c>; with <paramref name="usePattern"/> its own pattern splits the text, otherwise GPT-2's.</summary>
    public static TokenizerTables ReadCombined(string folder, bool usePattern)
    {
        string file = Path.Combine(folder, TokenizerName);
        var tables = new TokenizerTables { VocabularyFile = file, MergesFile = file, AddedFile = file };
        WithJson(file, root =>
        {
            if (usePattern)
                AddPattern(file, root, tables);
            JsonElement model = Member(file, root, "model", JsonValueKind.Object);
            Require(file, model, "type", "BPE");
            Refuse(file, model, "continuing_subword_prefix");
            Refuse(file, model, "end_of_word_suffix");
            Refuse(file, model, "ignore_merges");
            Refuse(file, root, "normalizer");
            AddIds(file, Member(file, model, "vocab", JsonValueKind.Object), tables.Vocabulary);
            foreach (JsonElement merge in Member(file, model, "merges", JsonValueKind.Array).EnumerateArray())
                tables.Merges.Add(MergeOf(file, merge));
            foreach (JsonElement token in Member(file, root, "added_tokens", JsonValueKind.Array).EnumerateArray())
            {
                string text = Member(file, token, "content", JsonValueKind.String).GetString()!;
                if (tables.Added.Any(a => a.Text == text))
                    throw new HseNetFileException(file, $"the added token {TokenizerTables.Quoted(text)} occurs twice", "each token once");
                tables.Added.Add(new AddedToken(text, IdOf(file, text, Member(file, token, "id", JsonValueKind.Number)),
                    Flag(token, "lstrip"), Flag(token, "rstrip")));
            }
        });
        return tables.Checked();
    }

    static void AddPattern(string file, JsonElement root, TokenizerTables tables)
    {
        const string Expected = "a Sequence of Split (a Regex) and ByteLevel";
        JsonElement sequence = Member(file, root, "pre_tokenizer", JsonValueKind.Object);
        Require(file, sequence, "type", "Sequence");
        JsonElement steps = Member(file, sequence, "pretokenizers", JsonValueKind.Array);
        if (steps.GetArrayLength() != 2)
            throw new HseNetFileException(file, $"pre_tokenizer has {steps.GetArrayLength()} steps", Expected);
        JsonElement split = steps[0];
        Require(file, split, "type", "Split");
        Require(file, steps[1], "type", "ByteLevel");
        Refuse(file, steps[1], "add_prefix_space");
        Refuse(file, steps[1], "use_regex");
        string behavior = Member(file, split, "behavior", JsonValueKind.String).GetString()!;
        tables.KeepsUnmatched = behavior == "Isolated";
        if (!tables.KeepsUnmatched && !(behavior == "Removed" && Flag(split, "invert")))
            throw new HseNetFileException(file, $"the split behaves as {TokenizerTables.Quoted(behavior)}", "Isolated, or Removed with invert");
        string pattern = Member(file, Member(file, split, "pattern", JsonValueKind.Object), "Regex", JsonValueKind.String).GetString()!;
        if (pattern.Length is 0 or > MaximumPatternLength)
            throw new HseNetFileException(file, $"the split pattern has {pattern.Length} characters", $"1 to {MaximumPatternLength}");
        try
        {
            tables.Pattern = new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException e)
        {
            throw new HseNetFileException(file, $"the split pattern is not a regular expression ({OneLine(e.Message)})", Expected, e);
        }
        SplitPattern.Probe(file, tables.Pattern);
    }

    static void AddIds(string file, JsonElement ids, Dictionary<string, int> target)
    {
        if (ids.ValueKind != JsonValueKind.Object)
            throw new HseNetFileException(file, $"the content is {Kind(ids)}", "an object of tokens and ids");
        foreach (JsonProperty entry in ids.EnumerateObject())
            if (!target.TryAdd(entry.Name, IdOf(file, entry.Name, entry.Value)))
                throw new HseNetFileException(file, $"token {TokenizerTables.Quoted(entry.Name)} occurs twice", "each token once");
    }

    static int IdOf(string file, string token, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id)
            ? id
            : throw new HseNetFileException(file, $"the id of token {TokenizerTables.Quoted(token)} is {TokenizerTables.Quoted(value.GetRawText())}",
                "a whole number");

    static string MergeOf(string file, JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.String)
            return merge.GetString()!;
        if (merge.ValueKind != JsonValueKind.Array || merge.GetArrayLength() != 2 || merge.EnumerateArray().Any(m => m.ValueKind != JsonValueKind.String))
            throw new HseNetFileException(file, $"a merge is {TokenizerTables.Quoted(merge.GetRawText())}", "two tokens");
        return $"{merge[0].GetString()} {merge[1].GetString()}";
    }

    static void AddLines(TokenizerTables tables)
    {
        bool first = true;
        foreach (ReadOnlySpan<char> line in ReadText(tables.MergesFile).AsSpan().EnumerateLines())
        {
            if (!line.IsEmpty && !(first && line.StartsWith("#version")))
                tables.Merges.Add(line.ToString());
            first = false;
        }
    }

    static JsonElement Member(string file, JsonElement parent, string name, JsonValueKind kind)
    {
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out JsonElement value))
            throw new HseNetFileException(file, $"\"{name}\" is missing", $"\"{name}\" as {Article(kind)}");
        return value.ValueKind == kind ? value : throw new HseNetFileException(file, $"\"{name}\" is {Kind(value)}", Article(kind));
    }

    static void Require(string file, JsonElement parent, string name, string wanted)
    {
        string found = Member(file, parent, name, JsonValueKind.String).GetString()!;
        if (found != wanted)
            throw new HseNetFileException(file, $"\"{name}\" is {TokenizerTables.Quoted(found)}", $"\"{wanted}\"");
    }

    static void Refuse(string file, JsonElement parent, string name)
    {
        if (parent.TryGetProperty(name, out JsonElement value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)
            && !(value.ValueKind == JsonValueKind.String && value.GetString()!.Length == 0))
            throw new HseNetFileException(file, $"\"{name}\" is {TokenizerTables.Quoted(value.GetRawText())}", "none: it would change the ids");
    }

    static bool Flag(JsonElement parent, string name) => parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    static void WithJson(string file, Action<JsonElement> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadBytes(file));
            read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what a string that is not UTF-8, or half a surrogate pair, gives when it is read.
            throw new HseNetFileException(file, $"the content is not JSON ({OneLine(e.Message)})", "a complete JSON file in UTF-8", e);
        }
    }

    /// <summary>Reads a small file whole, or says in one line why it cannot be read.</summary>
    internal static byte[] ReadBytes(string file)
    {
        try
        {
            var info = new FileInfo(file);
            if (!info.Exists)
                throw new HseNetFileException(file, "no such file", $"a readable {info.Name}");
            if (info.Length > MaximumBytes)
                throw new HseNetFileException(file, $"the file has {info.Length} bytes", $"at most {MaximumBytes}");
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HseNetFileException(file, $"cannot be read ({OneLine(e.Message)})", "a readable file", e);
        }
    }

    /// <summary>Reads a small text file whole.</summary>
    internal static string ReadText(string file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(ReadBytes(file)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new HseNetFileException(file, "the text is not UTF-8", "UTF-8, one entry on each line", e);
        }
    }

    static string OneLine(string message) => message.ReplaceLineEndings(" ");

    static string Kind(JsonElement value) => Article(value.ValueKind);

    static string Article(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
