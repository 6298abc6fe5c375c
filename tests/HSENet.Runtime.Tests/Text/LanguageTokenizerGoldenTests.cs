// The language model's tokenizer gives the reference's ids and texts in every golden case.
using System.Text.Json;
using System.Text;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class LanguageTokenizerGoldenTests
{
    static readonly JsonElement Golden = GoldenFolder.Json("tiny/golden/tokenizers.json");
    static readonly JsonElement[] Cases = GoldenTokens.Of("language_model");
    static readonly LanguageTokenizer Slow = LanguageTokenizer.Open(GoldenFolder.At("tiny/phi4-mini"));
    static readonly LanguageTokenizer Fast = LanguageTokenizer.Open(GoldenFolder.At("tiny/phi4-mini"), TokenizerForm.Fast);

    public static TheoryData<string> Texts =>
        [.. Cases.Select(GoldenTokens.Text).Distinct()];

    static JsonElement Case(string text) => Cases.First(c => GoldenTokens.Text(c) == text);

    static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(i => i.GetInt32())];

    [Theory]
    [MemberData(nameof(Texts))]
    public void Encodes_as_the_slow_tokenizer(string text) => Assert.Equal(Ids(Case(text).GetProperty("slow")), Slow.Encode(text));

    [Theory]
    [MemberData(nameof(Texts))]
    public void Encodes_as_the_fast_tokenizer(string text) => Assert.Equal(Ids(Case(text).GetProperty("fast")), Fast.Encode(text));

    [Theory]
    [MemberData(nameof(Texts))]
    public void Decodes_as_the_slow_tokenizer(string text) =>
        Assert.Equal(Case(text).GetProperty("decoded").GetString(), Slow.Decode(Ids(Case(text).GetProperty("slow")), keepSpecial: true));

    [Theory]
    [MemberData(nameof(Texts))]
    public void Streams_the_same_text_in_whole_characters(string text)
    {
        var decoder = new StreamingDecoder(Slow, keepSpecial: true);
        List<string> pieces = [.. Ids(Case(text).GetProperty("slow")).Select(decoder.Append)];
        Assert.All(pieces, p => Assert.Equal(p, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(p))));
        Assert.Equal(Case(text).GetProperty("decoded").GetString(), string.Concat(pieces) + decoder.Finish());
    }

    [Fact]
    public void Gives_special_tokens_their_ids()
    {
        foreach (JsonProperty token in Golden.GetProperty("special").EnumerateObject())
        {
            Assert.Equal([token.Value.GetInt32()], Slow.Encode(token.Name));
            Assert.Equal([token.Value.GetInt32()], Fast.Encode(token.Name));
        }
        JsonElement special = Golden.GetProperty("special");
        foreach (LanguageTokenizer tokenizer in (LanguageTokenizer[])[Slow, Fast])
        {
            Assert.Equal(special.GetProperty("<im_patch>").GetInt32(), tokenizer.ImagePatch);
            Assert.Equal(special.GetProperty("<bx_start>").GetInt32(), tokenizer.BoxStart);
            Assert.Equal(special.GetProperty("<bx_end>").GetInt32(), tokenizer.BoxEnd);
            Assert.Equal(special.GetProperty("[SEG]").GetInt32(), tokenizer.Segmentation);
            Assert.Equal(special.GetProperty("<|endoftext|>").GetInt32(), tokenizer.EndOfText);
        }
    }

    [Fact]
    public void Counts_the_rows_of_the_embedding_table()
    {
        JsonElement generate = GoldenFolder.Json("tiny/golden/generate.json");
        Assert.Equal(generate.GetProperty("vocab").GetInt32(), Slow.Count);
        Assert.Equal(generate.GetProperty("vocab").GetInt32(), Fast.Count);
    }

    [Fact]
    public void Decodes_generated_reports()
    {
        JsonElement generate = GoldenFolder.Json("tiny/golden/generate.json");
        foreach ((JsonElement ids, JsonElement text) in generate.GetProperty("generated_ids").EnumerateArray()
            .Zip(generate.GetProperty("generated_text").EnumerateArray()))
            Assert.Equal(text.GetString(), Slow.Decode(Ids(ids)));
        foreach (JsonProperty volume in GoldenFolder.Json("tiny/golden/from_ct.json").EnumerateObject())
            foreach (JsonElement report in volume.Value.EnumerateObject().Select(p => p.Value)
                .Where(v => v.ValueKind == JsonValueKind.Object && v.TryGetProperty("ids", out _)))
                Assert.Equal(report.GetProperty("text").GetString(), Slow.Decode(Ids(report.GetProperty("ids"))));
    }

    [Fact]
    public void Reads_the_slow_form_from_tokenizer_json_too()
    {
        string folder = Directory.CreateTempSubdirectory("hsenet-tokenizer").FullName;
        try
        {
            File.Copy(GoldenFolder.At("tiny/phi4-mini/tokenizer.json"), Path.Combine(folder, "tokenizer.json"));
            LanguageTokenizer combined = LanguageTokenizer.Open(folder);
            Assert.Equal(TokenizerForm.Slow, combined.Form);
            foreach (JsonElement entry in Cases)
                Assert.Equal(Ids(entry.GetProperty("slow")), combined.Encode(GoldenTokens.Text(entry)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
