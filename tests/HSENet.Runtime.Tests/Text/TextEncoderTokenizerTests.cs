// Texts that the golden file does not hold, for the text encoder's tokenizer: special tokens, controls, accents, scripts, long words.
using System.Text;

namespace HSENet.Runtime.Tests;

public sealed class TextEncoderTokenizerTests : IDisposable
{
    static readonly string[] Tokens =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "lung", "left", "i", "##s", "##t", "e", "a", "=", "<", "≥", "³", "肺", "部", ".", "-",
        "ᄀ", "##ᅡ", "##ᆨ", "か", "ω", "##ω", "σ", "##σ", "##e", "`", "·", "##a",
    ];

    readonly string _folder = Directory.CreateTempSubdirectory("hsenet-bert").FullName;

    public TextEncoderTokenizerTests() => Write(string.Join('\n', Tokens) + "\n");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    void Write(string content) => File.WriteAllText(Path.Combine(_folder, "vocab.txt"), content);

    TextEncoderTokenizer Open() => TextEncoderTokenizer.Open(_folder);

    string[] Encoded(string text)
    {
        int[] ids = Open().Encode(text);
        Assert.Equal(2, ids[0]);
        Assert.Equal(3, ids[^1]);
        return [.. ids[1..^1].Select(id => Tokens[id])];
    }

    [Theory]
    [InlineData("", "")]
    [InlineData(" \t\r\n\u00a0\u3000", "")]
    [InlineData("LUNG left", "lung left")]
    [InlineData("lu\u0000n\u200bg\u0007\u0085\ufffd\ue000", "lung")]
    [InlineData("lung\u2028left\u2029lung", "lung left lung")]
    [InlineData("İst", "i ##s ##t")]
    [InlineData("éÉe\u0301 Ǻ ậ", "e ##e ##e a a")]
    [InlineData("left=lung<³≥", "left = lung < [UNK]")]
    [InlineData("≠ ³ ≥ ≮", "= ³ ≥ <")]
    [InlineData("left.-lung", "left . - lung")]
    [InlineData("肺部left", "肺 部 left")]
    [InlineData("각 が", "ᄀ ##ᅡ ##ᆨ か")]
    [InlineData("ΣΩΣ \u2126", "σ ##ω ##σ ω")]
    [InlineData("\u1fef\u0387", "` ·")]
    [InlineData("[CLS]lung [SEP][MASK]left[PAD] [UNK]", "[CLS] lung [SEP] [MASK] left [PAD] [UNK]")]
    [InlineData("[cls] [SEG]", "[UNK] [UNK] [UNK] [UNK] [UNK] [UNK]")]
    [InlineData("🫁 lung", "[UNK] lung")]
    [InlineData("lung\ud800left", "[UNK]")]
    public void Encodes(string text, string expected) => Assert.Equal(expected, string.Join(' ', Encoded(text)));

    [Fact]
    public void A_word_of_more_than_100_characters_is_unknown()
    {
        Assert.Equal(100, Encoded(new string('a', 100)).Length);
        Assert.Equal(["[UNK]"], Encoded(new string('a', 101)));
        Assert.Equal(["[UNK]", "."], Encoded(new string('a', 1_000_000) + "."));
    }

    [Fact]
    public void Knows_its_special_ids()
    {
        TextEncoderTokenizer tokenizer = Open();
        Assert.Equal([0, 1, 2, 3], [tokenizer.Padding, tokenizer.Unknown, tokenizer.Start, tokenizer.End]);
        Assert.Equal(Tokens.Length, tokenizer.Count);
    }

    [Theory]
    [InlineData("lung\n", "[UNK] is missing; expected the tokens [UNK] [PAD] [CLS] [SEP] [MASK]")]
    [InlineData("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n[CLS]\n", "'[CLS]' is on the lines 3 and 7; expected each token once")]
    [InlineData("[PAD]\n\n[UNK]\n", "line 2 is ''; expected one token on each line")]
    [InlineData("", "[UNK] is missing; expected the tokens [UNK] [PAD] [CLS] [SEP] [MASK]")]
    public void Refuses_a_broken_vocabulary(string content, string error)
    {
        Write(content);
        Assert.Equal($"{Path.Combine(_folder, "vocab.txt")}: {error}", Assert.Throws<HseNetFileException>(Open).Message);
    }

    [Fact]
    public void Refuses_a_vocabulary_that_is_not_text_or_not_there()
    {
        File.WriteAllBytes(Path.Combine(_folder, "vocab.txt"), [0x5B, 0xFF, 0x0A]);
        Assert.Contains("not UTF-8", Assert.Throws<HseNetFileException>(Open).Message);
        File.Delete(Path.Combine(_folder, "vocab.txt"));
        Assert.Contains("no such file", Assert.Throws<HseNetFileException>(Open).Message);
    }

    [Fact]
    public void Line_ends_do_not_matter()
    {
        int[] ids = Open().Encode("left lung.");
        Write(string.Join("\r\n", Tokens));
        Assert.Equal(ids, Open().Encode("left lung."));
    }

    [Fact]
    public void The_folding_table_is_Unicodes()
    {
        // The digest was made from the Unicode character database, version 14: every lower-case character that NFD without marks changes.
        using var digest = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var folded = new StringBuilder();
        int count = 0;
        for (int codePoint = 0; codePoint <= 0x10FFFF; codePoint++)
        {
            if (!Rune.TryCreate(codePoint, out Rune rune))
                continue;
            AccentFolding.Append(folded.Clear(), rune);
            if (folded.Length == 0 || folded.ToString() == rune.ToString())
                continue;
            count++;
            digest.AppendData(Encoding.UTF8.GetBytes($"{rune}{folded}\n"));
        }
        Assert.Equal(12833, count);
        Assert.Equal("27849a0339468b955f148eef7dfc972971de637f8e71f07378120b6a8e68dd98",
            Convert.ToHexStringLower(digest.GetHashAndReset()));
    }
}
