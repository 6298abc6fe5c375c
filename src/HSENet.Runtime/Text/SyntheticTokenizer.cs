// Tokenizer files for a model without a tokenizer of its own: single bytes, and numbered words for all other ids.
using System.Text;
using System.Text.Json;

namespace HSENet.Runtime;

/// <summary>
/// Ids 0 to 255 are the bytes, those up to the end-of-text token are words that no text is cut into (there are no merges) and that print
/// as their number; the tokens for visual input take the last four ids, as the reference adds them.
/// </summary>
static class SyntheticTokenizer
{
    const int VisualTokens = 4; // <im_patch> <bx_start> <bx_end> [SEG]

    /// <summary>Writes <c>vocab.json</c>, <c>merges.txt</c> and <c>added_tokens.json</c>, and <c>vocab.txt</c> for a text
    /// encoder.</summary>
    public static void Write(string folder, ModelConfig config)
    {
        int endOfText = config.LanguageModel.EosTokenId[0], last = config.LanguageModel.VocabSize - VisualTokens - 1;
        var vocabulary = new Dictionary<string, int>(endOfText);
        for (int id = 0; id < endOfText; id++)
            vocabulary.Add(id < 256 ? ByteAlphabet.Symbol((byte)id).ToString() : $"{ByteAlphabet.Symbol((byte)' ')}t{id}", id);
        var added = new Dictionary<string, int> { [TokenizerTables.EndOfText] = endOfText };
        if (last > endOfText)
            added.Add("<|tag|>", last);
        Json(TokenizerFiles.VocabularyName, vocabulary);
        File.WriteAllText(Path.Combine(folder, TokenizerFiles.MergesName), "#version: 0.2\n");
        Json(TokenizerFiles.AddedName, added);
        if (config.TextEncoder is { } text)
            File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Join('\n', Pieces(text.VocabSize)) + "\n", new UTF8Encoding(false));

        void Json(string name, Dictionary<string, int> ids) =>
            File.WriteAllBytes(Path.Combine(folder, name),
                JsonSerializer.SerializeToUtf8Bytes(ids, RuntimeJson.Default.DictionaryStringInt32));
    }

    // Letters and digits, whole and as continuations, so that any English text has ids other than [UNK].
    static IEnumerable<string> Pieces(int count)
    {
        string[] symbols = [.. "abcdefghijklmnopqrstuvwxyz0123456789.,;:-()/%".Select(symbol => symbol.ToString())];
        string[] known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. symbols, .. symbols.Select(symbol => "##" + symbol)];
        return known.Concat(Enumerable.Range(known.Length, count - known.Length).Select(id => $"piece{id}"));
    }
}
