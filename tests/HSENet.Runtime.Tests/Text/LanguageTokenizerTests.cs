// Texts that the golden file does not hold: special tokens in running text, controls, half characters, long texts.
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class LanguageTokenizerTests : IDisposable
{
    readonly SmallTokenizer _files = new();

    public void Dispose() => _files.Dispose();

    LanguageTokenizer Open(TokenizerForm form = TokenizerForm.Slow) => LanguageTokenizer.Open(_files.Folder, form);

    [Fact]
    public void Adds_the_four_tokens_at_the_next_ids()
    {
        LanguageTokenizer tokenizer = Open();
        int next = _files.Vocabulary.Count + _files.Added.Count;
        Assert.Equal([next, next + 1, next + 2, next + 3],
            [tokenizer.ImagePatch, tokenizer.BoxStart, tokenizer.BoxEnd, tokenizer.Segmentation]);
        Assert.Equal(next + 4, tokenizer.Count);
        Assert.Equal(_files.Added["<|endoftext|>"], tokenizer.EndOfText);
    }

    [Fact]
    public void Keeps_the_ids_of_the_four_tokens_that_a_saved_tokenizer_has()
    {
        int seg = _files.Vocabulary.Count + _files.Added.Count;
        _files.Replace("added_tokens.json", "}", $", \"[SEG]\": {seg}}}");
        LanguageTokenizer tokenizer = Open();
        Assert.Equal(seg, tokenizer.Segmentation);
        Assert.Equal(seg + 1, tokenizer.ImagePatch);
        Assert.Equal(seg + 4, tokenizer.Count);
    }

    [Fact]
    public void Accepts_ids_left_free_before_the_special_tokens()
    {
        _files.Replace("added_tokens.json", $":{_files.Added["<|user|>"]}", ":280");
        Assert.Equal(281, Open().ImagePatch);
        Assert.Equal("\uFFFD", Open().Decode([279]));
    }

    [Theory]
    [InlineData(TokenizerForm.Slow)]
    [InlineData(TokenizerForm.Fast)]
    public void Finds_special_tokens_in_running_text(TokenizerForm form)
    {
        LanguageTokenizer tokenizer = Open(form);
        int abc = _files.Vocabulary["abc"], lung = _files.Vocabulary["Ġlun"], space = _files.Vocabulary["Ġ"];
        Assert.Equal([abc, tokenizer.Segmentation, abc], tokenizer.Encode("abc[SEG]abc"));
        Assert.Equal([abc, space, tokenizer.Segmentation, lung], tokenizer.Encode("abc [SEG] lun"));
        Assert.Equal([tokenizer.EndOfText, tokenizer.ImagePatch, tokenizer.ImagePatch, abc],
            tokenizer.Encode("<|endoftext|><im_patch><im_patch>abc"));
        Assert.DoesNotContain(tokenizer.Encode("[CLS] [SEG <im_patch"), id => id >= _files.Vocabulary.Count);
        Assert.Equal("[CLS] [SEG <im_patch", tokenizer.Decode(tokenizer.Encode("[CLS] [SEG <im_patch")));
    }

    [Fact]
    public void White_space_belongs_to_tokens_that_say_so()
    {
        _files.Replace("tokenizer.json", "\"\\u003C|user|\\u003E\",\"rstrip\":false", "\"<|user|>\",\"rstrip\":true,\"lstrip\":true");
        int abc = _files.Vocabulary["abc"];
        Assert.Equal([abc, _files.Added["<|user|>"], abc], Open(TokenizerForm.Fast).Encode("abc \n<|user|> \n abc"));
    }

    [Fact]
    public void Sets_added_tokens_apart_and_leaves_out_the_silent_ones()
    {
        LanguageTokenizer tokenizer = Open();
        int[] ids = tokenizer.Encode("abc[SEG]abc<|endoftext|>abc<im_patch><|user|>");
        Assert.Equal("abc [SEG] abc<|endoftext|>abc <im_patch> <|user|>", tokenizer.Decode(ids, keepSpecial: true));
        Assert.Equal("abc [SEG] abcabc <|user|>", tokenizer.Decode(ids));
        Assert.Equal("", tokenizer.Decode([]));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\0\u0001\u001f\u007f\u0085\u00a0\u2028\u2029\ufeff")]
    [InlineData("İstanbul ΑΣ ﬁ ß")]
    [InlineData("𝐀bc 𝟙𝟚 🫁🩻 𠀀")]
    [InlineData("\r\n\r\n \t x")]
    [InlineData("e\u0301 \u0301")]
    public void Decoding_gives_the_text_back(string text)
    {
        foreach (TokenizerForm form in Enum.GetValues<TokenizerForm>())
            Assert.Equal(text, Open(form).Decode(Open(form).Encode(text)));
    }

    [Fact]
    public void Half_a_surrogate_pair_counts_as_the_replacement_character()
    {
        LanguageTokenizer tokenizer = Open();
        Assert.Equal(tokenizer.Encode("a\uFFFDb"), tokenizer.Encode("a\uD800b"));
        Assert.Equal(tokenizer.Encode("\uFFFD"), tokenizer.Encode("\uDC00"));
    }

    [Fact]
    public void A_letter_outside_the_first_plane_is_a_letter()
    {
        // UTF-8 of U+1D400 is F0 9D 90 80. The merge of "!" and F0 may only be done where "!" and the letter are one piece: nowhere.
        using var joined = new SmallTokenizer(SmallTokenizer.Gpt2, "! ð", "a ð");
        LanguageTokenizer tokenizer = LanguageTokenizer.Open(joined.Folder);
        Assert.Equal(joined.Vocabulary["!"], tokenizer.Encode("!𝐀")[0]);
        Assert.Equal(joined.Vocabulary["að"], tokenizer.Encode("a𝐀")[0]);
        Assert.Equal(joined.Vocabulary["!ð"], tokenizer.Encode("!🫁")[0]);
        Assert.Equal(joined.Vocabulary["a"], tokenizer.Encode("a🫁")[0]);
    }

    [Fact]
    public void Bytes_without_a_token_become_the_unknown_token()
    {
        _files.Vocabulary.Remove("!", out int id);
        _files.Vocabulary["z!"] = id;
        _files.Write("vocab.json", System.Text.Json.JsonSerializer.Serialize(_files.Vocabulary));
        Assert.Equal([_files.Vocabulary["abc"], _files.Added["<|endoftext|>"], _files.Added["<|endoftext|>"]], Open().Encode("abc!!"));
    }

    [Fact]
    public void Streaming_waits_for_the_rest_of_a_character()
    {
        LanguageTokenizer tokenizer = Open();
        var decoder = new StreamingDecoder(tokenizer);
        int[] ids = tokenizer.Encode("µ🫁");
        Assert.Equal(["", "µ", "", "", "", "🫁"], ids.Select(decoder.Append));
        Assert.Equal("", decoder.Finish());
        Assert.Equal("", decoder.Append(ids[2]));
        Assert.Equal("\uFFFD [SEG]", decoder.Append(tokenizer.Segmentation));
        Assert.Equal("", decoder.Append(ids[0]).Trim());
        Assert.Equal("\uFFFD", decoder.Finish());
        Assert.Equal("a", decoder.Append(_files.Vocabulary["a"]));
    }

    [Fact]
    public void Refuses_ids_out_of_range()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Open().Decode([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Open().Decode([Open().Count]));
        Assert.Throws<ArgumentNullException>(() => Open().Encode(null!));
        Assert.Throws<ArgumentNullException>(() => new StreamingDecoder(null!));
    }

    [Theory]
    [InlineData("The left lung is clear. ", 50_000)]
    [InlineData(" ", 32_768)]
    [InlineData("a", 32_768)]
    [InlineData("abc", 10_922)]
    [InlineData("肺", 32_768)]
    [InlineData("!?", 16_384)]
    public void Reads_long_texts_at_once(string unit, int count)
    {
        LanguageTokenizer tokenizer = Open();
        string text = string.Concat(Enumerable.Repeat(unit, count));
        string read = "";
        TimeSpan taken = ProcessorTime.Of(() => read = tokenizer.Decode(tokenizer.Encode(text)));
        Assert.Equal(text, read);
        Assert.InRange(taken.TotalSeconds, 0, 20);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData(" ")]
    [InlineData("肺")]
    public void Refuses_a_word_that_would_take_minutes(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, 1_000_000));
        Assert.Equal($"the text has {text.Length} characters without a break; expected at most 32768",
            Assert.Throws<HseNetException>(() => Open().Encode(text)).Message);
    }
}
