// Tokenizer files with random damage: they open and work, or give one line; nothing else is thrown and nothing hangs.
using System.Text;
using CsCheck;
using HSENet.Tests;

namespace HSENet.Runtime.Tests;

public sealed class TokenizerMutationTests : IDisposable
{
    static readonly string[] Snippets =
    [
        "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "0", "50", "999999999", "1e9", "2147483648", "\\ud800", "\\u0000", "\\",
            "\n", "\r", " ",
        "\"a\":", "a b", "#version", "<|endoftext|>", "[SEG]", "(", ")", "*", "+", "(.*)*", "(?<!", "{1,99999}", "\\\\p{L}", "é", "\uFEFF",
            "\u0085",
    ];

    // An edit: where (a share of the length), what kind, how long or which byte, which text.
    static readonly Gen<(double At, int Kind, int Size, string Text)> Edit =
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 5], Gen.Int[0, 255], Gen.Int[0, Snippets.Length - 1].Select(i => Snippets[i]));

    readonly SmallTokenizer _files = SmallTokenizer.OfFiftyEntries();
    readonly TextEncoderFiles _textEncoder = new();

    public void Dispose()
    {
        _files.Dispose();
        Directory.Delete(_textEncoder.Folder, recursive: true);
    }

    static int Samples => GoldenFolder.LongChecks ? 250_000 : 750;

    [Theory]
    [InlineData("vocab.json", TokenizerForm.Slow)]
    [InlineData("merges.txt", TokenizerForm.Slow)]
    [InlineData("added_tokens.json", TokenizerForm.Slow)]
    [InlineData("tokenizer.json", TokenizerForm.Fast)]
    public void Damage_to_a_language_tokenizer_is_an_error_or_harmless(string file, TokenizerForm form)
    {
        Assert.Equal(50, _files.Vocabulary.Count + _files.Added.Count);
        const string Text = "abc lunar 12.5 <|user|> [SEG]\n <a>é Z";
        Check(_files.At(file), () =>
        {
            LanguageTokenizer tokenizer = LanguageTokenizer.Open(_files.Folder, form);
            int[] ids = tokenizer.Encode(Text);
            Assert.All(ids, id => Assert.InRange(id, 0, tokenizer.Count - 1));
            tokenizer.Decode(ids);
            tokenizer.Decode([.. Enumerable.Range(0, tokenizer.Count)], keepSpecial: true);
        });
    }

    [Fact]
    public void Damage_to_a_text_encoder_tokenizer_is_an_error_or_harmless() => Check(Path.Combine(_textEncoder.Folder, "vocab.txt"), () =>
    {
        TextEncoderTokenizer tokenizer = TextEncoderTokenizer.Open(_textEncoder.Folder);
        Assert.All(tokenizer.Encode("abc LUNG 12.5 [SEP]\n <a>é"), id => Assert.InRange(id, 0, tokenizer.Count - 1));
    });

    static void Check(string file, Action use)
    {
        byte[] whole = File.ReadAllBytes(file);
        int refused = 0, opened = 0;
        Edit.Array[1, 4].Sample(edits =>
        {
            byte[] damaged = edits.Aggregate(whole, Apply);
            File.WriteAllBytes(file, damaged);
            TimeSpan taken = ProcessorTime.Of(Used);
            Assert.True(taken < TimeSpan.FromSeconds(60), Convert.ToBase64String(damaged));
        }, iter: Samples, threads: 1, print: edits => Convert.ToBase64String(edits.Aggregate(whole, Apply)));
        // Damage that is never noticed, or always, would mean that the samples test nothing.
        Assert.True(refused > 0 && opened > 0, $"{refused} refused, {opened} opened");

        void Used()
        {
            try
            {
                use();
                opened++;
            }
            catch (HseNetException e)
            {
                refused++;
                Assert.False(e.Message.AsSpan().ContainsAny('\n', '\r'), e.Message);
                Assert.True(e.Message.Contains("; expected ", StringComparison.Ordinal), e.Message);
            }
        }
    }

    static byte[] Apply(byte[] content, (double At, int Kind, int Size, string Text) edit)
    {
        int at = Math.Min((int)(edit.At * content.Length), content.Length);
        int end = Math.Min(at + edit.Size % 40, content.Length);
        byte[] text = Encoding.UTF8.GetBytes(edit.Text);
        return edit.Kind switch
        {
            0 when at < content.Length => [.. content[..at], (byte)edit.Size, .. content[(at + 1)..]],
            1 => [.. content[..at], .. content[end..]],
            2 => [.. content[..end], .. content[at..]],
            3 => content[..at],
            4 => [.. content[..at], .. text, .. content[Math.Min(at + text.Length, content.Length)..]],
            _ => [.. content[..at], .. text, .. content[at..]],
        };
    }

    sealed class TextEncoderFiles
    {
        public TextEncoderFiles() => File.WriteAllLines(Path.Combine(Folder, "vocab.txt"),
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. "abcdefghijklmnopqrstu0123456789.<>".Select(c => c.ToString()), "##b", "##c",
                "##ng", "lu", "##u", "ab",
                "##bc", "##1", "##2", "lung", "##e"]);

        public string Folder { get; } = Directory.CreateTempSubdirectory("hsenet-bert").FullName;
    }
}
