// Reads the tokenizer files of a language model: vocab.json with merges.txt, or tokenizer.json; added tokens from whichever has them.
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HSENet.Runtime;

internal static class TokenizerFiles
{
    public const string VocabularyName = "vocab.json";
    public const string TokenizerName = "tokenizer.json";
    public const string MergesName = "merges.txt";
    public const string AddedName = "added_tokens.json";
    const string ConfigName = "tokenizer_config.json";

    const int MaximumPatternLength = 4096;

    // What the pattern of a file may take for one match; the patterns in use need microseconds.
    static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Reads the files that the slow tokenizer of the reference reads.</summary>
    public static TokenizerTables ReadSeparate(string folder)
    {
        List<AddedToken> added = AddedTokens(folder, out string addedFile);
        var tables = new TokenizerTables
        {
            VocabularyFile = Path.Combine(folder, VocabularyName),
            MergesFile = Path.Combine(folder, MergesName),
            AddedFile = addedFile,
        };
        JsonFile.Read(tables.VocabularyFile, root => AddIds(tables.VocabularyFile, root, tables.Vocabulary));
        AddLines(tables);
        tables.Added.AddRange(added);
        return tables.Checked();
    }

    // Older releases of the reference's library write a file of their own, newer ones tokenizer_config.json, which comes first where both
    // are there: it alone says which white space belongs to a token.
    static List<AddedToken> AddedTokens(string folder, out string source)
    {
        var added = new List<AddedToken>();
        string config = Path.Combine(folder, ConfigName), own = Path.Combine(folder, AddedName),
            combined = Path.Combine(folder, TokenizerName);
        source = own;
        if (File.Exists(config))
            JsonFile.Read(config, root =>
            {
                if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("added_tokens_decoder", out var decoder)
                    && decoder.ValueKind == JsonValueKind.Object)
                    foreach (JsonProperty token in decoder.EnumerateObject())
                        Add(config, Token(config, token.Value, int.TryParse(token.Name, NumberStyles.None, CultureInfo.InvariantCulture,
                            out int id) ? id : throw new HseNetFileException(config,
                                $"{HseNetFileException.Quote(token.Name)} in added_tokens_decoder is no id", "a whole number")));
            });
        if (added.Count > 0)
            source = config;
        if (File.Exists(own))
        {
            var ids = new Dictionary<string, int>(StringComparer.Ordinal);
            JsonFile.Read(own, root => AddIds(own, root, ids));
            foreach (var (text, id) in ids)
                Add(own, new AddedToken(text, id));
            source = own;
        }
        else if (added.Count == 0 && File.Exists(combined))
        {
            JsonFile.Read(combined, root => AddCombined(combined, root, added));
            source = combined;
        }
        return added.Count > 0 || File.Exists(source) ? added : throw new HseNetFileException(own, "no such file",
            $"it, or the added tokens in {ConfigName} (added_tokens_decoder) or {TokenizerName}");

        void Add(string file, AddedToken token)
        {
            int known = added.FindIndex(other => other.Text == token.Text);
            if (known < 0)
                added.Add(token);
            else if (added[known].Id != token.Id)
                throw new HseNetFileException(file,
                    $"{HseNetFileException.Quote(token.Text)} has the id {token.Id}, and the id {added[known].Id} before", "one id");
        }
    }

    static AddedToken Token(string file, JsonElement token, int? known = null)
    {
        string text = JsonFile.Member(file, token, "content", JsonValueKind.String).GetString()!;
        return new AddedToken(text, known ?? IdOf(file, text, JsonFile.Member(file, token, "id", JsonValueKind.Number)),
            JsonFile.Flag(token, "lstrip"), JsonFile.Flag(token, "rstrip"));
    }

    static void AddCombined(string file, JsonElement root, List<AddedToken> added)
    {
        foreach (JsonElement token in JsonFile.Member(file, root, "added_tokens", JsonValueKind.Array).EnumerateArray())
        {
            AddedToken read = Token(file, token);
            if (added.Exists(other => other.Text == read.Text))
                throw new HseNetFileException(file, $"the added token {HseNetFileException.Quote(read.Text)} occurs twice",
                    "each token once");
            added.Add(read);
        }
    }

    /// <summary>Reads <c>tokenizer.json</c>; with <paramref name="usePattern"/> its own pattern splits the text, otherwise
    /// GPT-2's.</summary>
    public static TokenizerTables ReadCombined(string folder, bool usePattern)
    {
        string file = Path.Combine(folder, TokenizerName);
        var tables = new TokenizerTables { VocabularyFile = file, MergesFile = file, AddedFile = file };
        JsonFile.Read(file, root =>
        {
            if (usePattern)
                AddPattern(file, root, tables);
            JsonElement model = JsonFile.Member(file, root, "model", JsonValueKind.Object);
            JsonFile.Require(file, model, "type", "BPE");
            JsonFile.Refuse(file, model, "continuing_subword_prefix");
            JsonFile.Refuse(file, model, "end_of_word_suffix");
            JsonFile.Refuse(file, model, "ignore_merges");
            JsonFile.Refuse(file, root, "normalizer");
            AddIds(file, JsonFile.Member(file, model, "vocab", JsonValueKind.Object), tables.Vocabulary);
            foreach (JsonElement merge in JsonFile.Member(file, model, "merges", JsonValueKind.Array).EnumerateArray())
                tables.Merges.Add(MergeOf(file, merge));
            AddCombined(file, root, tables.Added);
        });
        return tables.Checked();
    }

    static void AddPattern(string file, JsonElement root, TokenizerTables tables)
    {
        const string Expected = "a Sequence of Split (a Regex) and ByteLevel";
        JsonElement sequence = JsonFile.Member(file, root, "pre_tokenizer", JsonValueKind.Object);
        JsonFile.Require(file, sequence, "type", "Sequence");
        JsonElement steps = JsonFile.Member(file, sequence, "pretokenizers", JsonValueKind.Array);
        if (steps.GetArrayLength() != 2)
            throw new HseNetFileException(file, $"pre_tokenizer has {steps.GetArrayLength()} steps", Expected);
        JsonElement split = steps[0];
        JsonFile.Require(file, split, "type", "Split");
        JsonFile.Require(file, steps[1], "type", "ByteLevel");
        JsonFile.Refuse(file, steps[1], "add_prefix_space");
        JsonFile.Refuse(file, steps[1], "use_regex");
        string behavior = JsonFile.Member(file, split, "behavior", JsonValueKind.String).GetString()!;
        tables.KeepsUnmatched = behavior == "Isolated";
        if (!tables.KeepsUnmatched && !(behavior == "Removed" && JsonFile.Flag(split, "invert")))
            throw new HseNetFileException(file, $"the split behaves as {HseNetFileException.Quote(behavior)}",
                "Isolated, or Removed with invert");
        string pattern = JsonFile.Member(file, JsonFile.Member(file, split, "pattern", JsonValueKind.Object), "Regex", JsonValueKind.String)
            .GetString()!;
        if (pattern.Length is 0 or > MaximumPatternLength)
            throw new HseNetFileException(file, $"the split pattern has {pattern.Length} characters", $"1 to {MaximumPatternLength}");
        try
        {
            tables.Pattern = new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
        catch (ArgumentException e)
        {
            throw new HseNetFileException(file, $"the split pattern is not a regular expression ({e.Message})", Expected, e);
        }
        SplitPattern.Probe(file, tables.Pattern);
    }

    static void AddIds(string file, JsonElement ids, Dictionary<string, int> target)
    {
        if (ids.ValueKind != JsonValueKind.Object)
            throw new HseNetFileException(file, $"the content is {JsonFile.Kind(ids)}", "an object of tokens and ids");
        foreach (JsonProperty entry in ids.EnumerateObject())
            if (!target.TryAdd(entry.Name, IdOf(file, entry.Name, entry.Value)))
                throw new HseNetFileException(file, $"token {HseNetFileException.Quote(entry.Name)} occurs twice", "each token once");
    }

    static int IdOf(string file, string token, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id)
            ? id
            : throw new HseNetFileException(file,
                $"the id of token {HseNetFileException.Quote(token)} is {HseNetFileException.Quote(value.GetRawText())}",
                "a whole number");

    static string MergeOf(string file, JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.String)
            return merge.GetString()!;
        if (merge.ValueKind != JsonValueKind.Array || merge.GetArrayLength() != 2
            || merge.EnumerateArray().Any(m => m.ValueKind != JsonValueKind.String))
            throw new HseNetFileException(file, $"a merge is {HseNetFileException.Quote(merge.GetRawText())}", "two tokens");
        return $"{merge[0].GetString()} {merge[1].GetString()}";
    }

    static void AddLines(TokenizerTables tables)
    {
        bool first = true;
        foreach (ReadOnlySpan<char> line in JsonFile.ReadText(tables.MergesFile).AsSpan().EnumerateLines())
        {
            if (!line.IsEmpty && !(first && line.StartsWith("#version")))
                tables.Merges.Add(line.ToString());
            first = false;
        }
    }
}
