// The text encoder's tokenizer gives the reference's ids in every golden case.
using System.Text.Json;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class TextEncoderTokenizerGoldenTests
{
    static readonly TextEncoderTokenizer Tokenizer = TextEncoderTokenizer.Open(GoldenFolder.At("tiny/bert"));
    static readonly JsonElement[] Cases = GoldenTokens.Of("bert");

    public static TheoryData<string> Texts => [.. Cases.Select(GoldenTokens.Text).Distinct()];

    [Theory]
    [MemberData(nameof(Texts))]
    public void Encodes_as_the_reference(string text)
    {
        JsonElement expected = Cases.First(c => GoldenTokens.Text(c) == text).GetProperty("ids");
        Assert.Equal(expected.EnumerateArray().Select(i => i.GetInt32()), Tokenizer.Encode(text));
    }

    [Fact]
    public void Counts_the_rows_of_the_word_embedding_table() =>
        Assert.Equal(GoldenFolder.Json("tiny/bert/config.json").GetProperty("vocab_size").GetInt32(), Tokenizer.Count);
}
