// Tokenizers learned from texts, in the files that this project's and the reference's tokenizers read.
using System.Text;
using System.Text.Json;
using HSENet.Runtime;

namespace HSENet.Training;

/// <summary>Byte-level BPE for the decoder (GPT-2's form) and uncased WordPiece for the text encoder (BERT's form).</summary>
static class NewTokenizers
{
    const string WordsFile = "vocab.txt";

    // Signs that any report may have, whether the texts do or not.
    const string CommonSigns = "abcdefghijklmnopqrstuvwxyz0123456789.,;:-()/%";

    static readonly string[] WordSpecials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <summary>Ids that a decoder's tokenizer has without any merge: bytes, the end of a text, and what the reference adds.</summary>
    public const int LeastDecoderIds = 256 + 1 + AddedForVision;

    const int AddedForVision = 4; // <im_patch> <bx_start> <bx_end> [SEG]

    /// <summary>Writes <c>vocab.json</c>, <c>merges.txt</c> and <c>added_tokens.json</c>.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="texts">What is learned from.</param>
    /// <param name="most">Ids at most.</param>
    /// <returns>How many ids there are, and which ends a text.</returns>
    public static (int Count, int EndOfText) WriteDecoder(string folder, IEnumerable<string> texts, int most)
    {
        var splitter = new SplitPattern(SplitPattern.Gpt2(), keepsUnmatched: true);
        var words = Counted(texts.SelectMany(text => splitter.PreTokenize(text)
            .Select(piece => text.Substring(piece.Offset, piece.Length))));
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int b = 0; b < 256; b++)
            vocabulary.Add(ByteAlphabet.Symbol((byte)b).ToString(), b);
        var merges = new StringBuilder("#version: 0.2\n");
        foreach (var (left, right, joined) in new PairMerges(words.Select(word => (Bytes(word.Key), word.Value)))
            .Learn(most - LeastDecoderIds, static (left, right) => left + right))
        {
            // Two ways to the same piece have one id.
            vocabulary.TryAdd(joined, vocabulary.Count);
            merges.Append(left).Append(' ').Append(right).Append('\n');
        }
        int end = vocabulary.Count;
        Json(TokenizerFiles.VocabularyName, vocabulary);
        File.WriteAllText(Path.Combine(folder, TokenizerFiles.MergesName), merges.ToString());
        Json(TokenizerFiles.AddedName, new() { [TokenizerTables.EndOfText] = end });
        return (end + 1 + AddedForVision, end);

        void Json(string name, Dictionary<string, int> ids) =>
            File.WriteAllBytes(Path.Combine(folder, name), JsonSerializer.SerializeToUtf8Bytes(ids));

        static string[] Bytes(string word) => [.. Encoding.UTF8.GetBytes(word).Select(b => ByteAlphabet.Symbol(b).ToString())];
    }

    /// <summary>Writes <c>vocab.txt</c>.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="texts">What is learned from.</param>
    /// <param name="most">Pieces at most.</param>
    /// <returns>How many pieces there are.</returns>
    /// <exception cref="HseNetException">The single characters of the texts are more than that already.</exception>
    public static int WriteTextEncoder(string folder, IEnumerable<string> texts, int most)
    {
        var normalizer = new BertNormalizer();
        var words = Counted(texts.SelectMany(text => normalizer.Normalize(text).Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        List<string> pieces = [.. WordSpecials, .. CommonSigns.SelectMany(sign => new[] { $"{sign}", $"##{sign}" })];
        var known = pieces.ToHashSet(StringComparer.Ordinal);
        foreach (string symbol in words.Keys.SelectMany(Letters).Order(StringComparer.Ordinal))
            Add(symbol);
        if (pieces.Count > most)
            throw new HseNetException($"text_encoder.vocab_size is {most}, but the texts have {pieces.Count} single characters and special "
                + "tokens; expected at least as many");
        foreach (var (_, _, joined) in new PairMerges(words.Select(word => (Letters(word.Key), word.Value)))
            .Learn(int.MaxValue, static (left, right) => left + right[2..]))
            if (pieces.Count == most || (Add(joined) && pieces.Count == most))
                break;
        File.WriteAllText(Path.Combine(folder, WordsFile), string.Join('\n', pieces) + "\n", new UTF8Encoding(false));
        return pieces.Count;

        bool Add(string piece)
        {
            if (!known.Add(piece))
                return false;
            pieces.Add(piece);
            return true;
        }

        static string[] Letters(string word) =>
            [.. word.EnumerateRunes().Select((rune, i) => i == 0 ? rune.ToString() : $"##{rune}")];
    }

    // In the order of their characters, so that nothing depends on the order of the texts.
    static SortedDictionary<string, long> Counted(IEnumerable<string> words)
    {
        var counted = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (string word in words)
            counted[word] = counted.GetValueOrDefault(word) + 1;
        return counted;
    }
}
