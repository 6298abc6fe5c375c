// A tokenizer file that is missing or broken gives one line that names the file, the fault and what was expected.
using System.Text.Json;

namespace HSENet.Runtime.Tests;

public sealed class TokenizerFileTests : IDisposable
{
    readonly SmallTokenizer _files = new();

    public void Dispose() => _files.Dispose();

    void Refused(string file, string error, TokenizerForm form)
    {
        var thrown = Assert.Throws<HseNetFileException>(() => LanguageTokenizer.Open(_files.Folder, form));
        Assert.Equal($"{_files.At(file)}: {error}", thrown.Message);
        Assert.DoesNotContain('\n', thrown.Message);
    }

    [Theory]
    [InlineData("vocab.json", TokenizerForm.Slow)]
    [InlineData("merges.txt", TokenizerForm.Slow)]
    [InlineData("added_tokens.json", TokenizerForm.Slow)]
    [InlineData("tokenizer.json", TokenizerForm.Fast)]
    public void Names_a_missing_file(string file, TokenizerForm form)
    {
        File.Delete(_files.At("tokenizer.json"));
        File.Delete(_files.At(file));
        Refused(file, file == "added_tokens.json"
            ? "no such file; expected it, or the added tokens in tokenizer_config.json (added_tokens_decoder) or tokenizer.json"
            : "no such file; expected an existing file", form);
    }

    // The configuration says which white space belongs to a token, and comes first.
    [Fact]
    public void Added_tokens_come_from_whichever_file_has_them()
    {
        AddedToken[] all = [.. TokenizerFiles.ReadSeparate(_files.Folder).Added.OrderBy(token => token.Id)];
        File.Delete(_files.At("added_tokens.json"));
        Assert.Equal(all, TokenizerFiles.ReadSeparate(_files.Folder).Added.OrderBy(token => token.Id)); // tokenizer.json
        File.Delete(_files.At("tokenizer.json"));
        File.WriteAllText(_files.At("tokenizer_config.json"), JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["added_tokens_decoder"] = all.ToDictionary(token => $"{token.Id}", token => new { content = token.Text, rstrip = true }),
        }));
        AddedToken[] stripping = [.. all.Select(token => token with { StripRight = true })];
        Assert.Equal(stripping, TokenizerFiles.ReadSeparate(_files.Folder).Added.OrderBy(token => token.Id));
        // Both: each file adds what the other lacks, and one id is stated for a token.
        File.WriteAllText(_files.At("added_tokens.json"), JsonSerializer.Serialize(new Dictionary<string, int>
        {
            [all[0].Text] = all[0].Id,
            ["<|more|>"] = all[^1].Id + 1,
        }));
        Assert.Equal([.. stripping, new AddedToken("<|more|>", all[^1].Id + 1)],
            TokenizerFiles.ReadSeparate(_files.Folder).Added.OrderBy(token => token.Id));
        File.WriteAllText(_files.At("added_tokens.json"),
            JsonSerializer.Serialize(new Dictionary<string, int> { [all[0].Text] = all[0].Id + 9 }));
        Refused("added_tokens.json", $"'{all[0].Text}' has the id {all[0].Id + 9}, and the id {all[0].Id} before; expected one id",
            TokenizerForm.Slow);
    }

    [Theory]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":256", "'ab' and 'abc' have the same id 256; expected one token for each id")]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":-1", "token 'abc' has the id -1; expected ids from 0")]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":2.5", "the id of token 'abc' is '2.5'; expected a whole number")]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":null", "the id of token 'abc' is 'null'; expected a whole number")]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":257,\"abc\":257", "token 'abc' occurs twice; expected each token once")]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":900", "no token has the id 257; expected every id from 0 to 900")]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":257,\"\":900", "a token is empty; expected at least one character")]
    [InlineData("vocab.json", "\"abc\":257", "\"abc\":257,\"a b\":900",
        "token 'a b' is not written in the byte alphabet; expected a byte-level vocabulary")]
    [InlineData("merges.txt", "ab c", "ab x", "merge 2 needs the token 'abx'; expected only tokens of vocab.json")]
    [InlineData("merges.txt", "ab c", "abc", "merge 2 is 'abc'; expected two tokens with one space between them")]
    [InlineData("merges.txt", "ab c", "ab c ", "merge 2 is 'ab c '; expected two tokens with one space between them")]
    [InlineData("merges.txt", "ab c", "a b", "merge 2 ('a b') occurs twice; expected each merge once")]
    [InlineData("added_tokens.json", "|endoftext|", "|end|",
        "<|endoftext|> is missing; expected it among the added tokens: it begins every prompt")]
    [InlineData("added_tokens.json", ":262", ":1999999", "the highest of 263 ids is 1999999; expected at most 1024 unused ids")]
    [InlineData("added_tokens.json", ":262", ":5", "'ą' and '<|user|>' have the same id 5; expected one token for each id")]
    [InlineData("added_tokens.json", "\\u003C|user|\\u003E", "", "an added token is empty; expected at least one character")]
    [InlineData("added_tokens.json", "\\u003C|user|\\u003E", "abc", "'abc' has the ids 257 and 262; expected one id for each token")]
    public void Names_the_fault_of_a_separate_file(string file, string old, string with, string error)
    {
        _files.Replace(file, old, with);
        Refused(file, error, TokenizerForm.Slow);
    }

    [Theory]
    [InlineData("\"type\":\"BPE\"", "\"type\":\"Unigram\"", "\"type\" is 'Unigram'; expected \"BPE\"")]
    [InlineData("\"type\":\"BPE\"", "\"type\":\"BPE\",\"ignore_merges\":true",
        "\"ignore_merges\" is 'true'; expected none: it would change the result")]
    [InlineData("\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}",
        "\"normalizer\" is '{\"type\":\"NFC\"}'; expected none: it would change the result")]
    [InlineData("\"merges\":[[", "\"merges\":[7,[", "a merge is '7'; expected two tokens")]
    [InlineData("[\"ab\",\"c\"]", "[\"ab\"]", "a merge is '[\"ab\"]'; expected two tokens")]
    [InlineData("[\"ab\",\"c\"]", "[\"ab\",\"x\"]", "merge 2 needs the token 'abx'; expected only tokens of tokenizer.json")]
    [InlineData("\"model\":", "\"modle\":", "\"model\" is missing; expected \"model\" as an object")]
    [InlineData("\"added_tokens\":[", "\"added_tokens\":7,\"x\":[", "\"added_tokens\" is a number; expected an array")]
    [InlineData("\\u003C|user|\\u003E", "\\u003C|endoftext|\\u003E",
        "the added token '<|endoftext|>' occurs twice; expected each token once")]
    [InlineData("\"Removed\"", "\"MergedWithNext\"", "the split behaves as 'MergedWithNext'; expected Isolated, or Removed with invert")]
    [InlineData("\"invert\":true", "\"invert\":false", "the split behaves as 'Removed'; expected Isolated, or Removed with invert")]
    [InlineData("\"use_regex\":false", "\"use_regex\":true", "\"use_regex\" is 'true'; expected none: it would change the result")]
    [InlineData("\"Sequence\"", "\"Split\"", "\"type\" is 'Split'; expected \"Sequence\"")]
    public void Names_the_fault_of_tokenizer_json(string old, string with, string error)
    {
        _files.Replace("tokenizer.json", old, with);
        Refused("tokenizer.json", error, TokenizerForm.Fast);
    }

    [Theory]
    [InlineData("{\"a\":")]
    [InlineData("")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\udc00\":0}")]
    [InlineData("[1]")]
    public void Names_a_file_that_is_no_json_object(string content)
    {
        _files.Write("vocab.json", content);
        var thrown = Assert.Throws<HseNetFileException>(() => LanguageTokenizer.Open(_files.Folder));
        Assert.Equal(_files.At("vocab.json"), thrown.File);
        Assert.Contains("the content is ", thrown.Problem);
        Assert.DoesNotContain('\n', thrown.Message);
    }

    [Fact]
    public void Names_a_file_that_is_not_utf8()
    {
        File.WriteAllBytes(_files.At("merges.txt"), [.. "a b\n"u8, 0xC3, 0x28, .. " c\n"u8]);
        Refused("merges.txt", "the text is not UTF-8; expected UTF-8, one entry on each line", TokenizerForm.Slow);
        File.WriteAllBytes(_files.At("vocab.json"), [.. "{\""u8, 0xC3, 0x28, .. "\":0}"u8]);
        Assert.Contains("a string in the content is not Unicode",
            Assert.Throws<HseNetFileException>(() => LanguageTokenizer.Open(_files.Folder)).Message);
    }

    [Fact]
    public void Names_a_folder_in_place_of_a_file()
    {
        File.Delete(_files.At("merges.txt"));
        Directory.CreateDirectory(_files.At("merges.txt"));
        Refused("merges.txt", "is a folder; expected a file", TokenizerForm.Slow);
    }

    [Theory]
    [InlineData(@"(\p{L}+)+$", "the split pattern takes exponential time; expected a pattern that reads a text of 200 characters at once")]
    [InlineData(@"(a|aa)+$", "the split pattern takes exponential time; expected a pattern that reads a text of 200 characters at once")]
    [InlineData("", "the split pattern has 0 characters; expected 1 to 4096")]
    public void Refuses_a_hostile_pattern(string pattern, string error)
    {
        using var hostile = new SmallTokenizer(pattern);
        var thrown = Assert.Throws<HseNetFileException>(() => LanguageTokenizer.Open(hostile.Folder, TokenizerForm.Fast));
        Assert.Equal($"{hostile.At("tokenizer.json")}: {error}", thrown.Message);
    }

    [Fact]
    public void Refuses_a_pattern_that_is_no_expression()
    {
        using var broken = new SmallTokenizer("(unclosed");
        var thrown = Assert.Throws<HseNetFileException>(() => LanguageTokenizer.Open(broken.Folder, TokenizerForm.Fast));
        Assert.StartsWith("the split pattern is not a regular expression (", thrown.Problem);
    }

    [Fact]
    public void A_pattern_that_hangs_on_a_text_ends_with_an_error()
    {
        // Harmless on every probe: the nested repeat needs the letters q and Q in turns.
        using var hostile = new SmallTokenizer(@"((qQ)+)+\d|\s+|\S");
        LanguageTokenizer tokenizer = LanguageTokenizer.Open(hostile.Folder, TokenizerForm.Fast);
        var thrown = Assert.Throws<HseNetFileException>(() => tokenizer.Encode(string.Concat(Enumerable.Repeat("qQ", 100))));
        Assert.Equal($"{hostile.At("tokenizer.json")}: the split pattern takes over 1 s on a text of 200 characters; expected a pattern "
            + $"that takes linear time",
            thrown.Message);
    }

    [Fact]
    public void Keeps_what_an_isolating_pattern_does_not_match()
    {
        using var isolating = new SmallTokenizer("[ab]+");
        int a = isolating.Vocabulary["a"], c = isolating.Vocabulary["c"];
        Assert.Equal([a], LanguageTokenizer.Open(isolating.Folder, TokenizerForm.Fast).Encode("ca"));
        isolating.Replace("tokenizer.json", "\"Removed\"", "\"Isolated\"");
        Assert.Equal([c, a, c], LanguageTokenizer.Open(isolating.Folder, TokenizerForm.Fast).Encode("cac"));
    }
}
