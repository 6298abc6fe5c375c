// The tokenizer of the CLIP stages' text encoder: BERT's WordPiece, lower case.
using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace HSENet.Runtime;

/// <summary>
/// BERT's uncased WordPiece tokenizer with the ids of the reference (transformers' BertTokenizer). Ids do not depend on the machine's
/// ICU. Safe for use by several threads.
/// </summary>
sealed class TextEncoderTokenizer
{
    // The reference takes a longer word for an unknown one.
    const int MaximumWordLength = 100;
    const string UnknownText = "[UNK]", PaddingText = "[PAD]", StartText = "[CLS]", EndText = "[SEP]", MaskText = "[MASK]";

    static readonly string[] SpecialTexts = [UnknownText, PaddingText, StartText, EndText, MaskText];
    static readonly SearchValues<string> SpecialSearch = SearchValues.Create(SpecialTexts, StringComparison.Ordinal);

    readonly WordPieceTokenizer _encoder;
    readonly Dictionary<string, int> _specialIds;

    TextEncoderTokenizer(List<string> tokens, Dictionary<string, int> specialIds)
    {
        _specialIds = specialIds;
        Count = tokens.Count;
        using var vocabulary = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', tokens)));
        _encoder = WordPieceTokenizer.Create(vocabulary, new WordPieceOptions
        {
            Normalizer = new BertNormalizer(),
            PreTokenizer = PreTokenizer.CreateWhiteSpace(),
            UnknownToken = UnknownText,
            MaxInputCharsPerWord = MaximumWordLength,
        });
    }

    /// <summary>Number of ids: the rows of the word embedding table.</summary>
    public int Count { get; }

    /// <summary>Id of <c>[PAD]</c>.</summary>
    public int Padding => _specialIds[PaddingText];

    /// <summary>Id of <c>[UNK]</c>.</summary>
    public int Unknown => _specialIds[UnknownText];

    /// <summary>Id of <c>[CLS]</c>, the first of every text.</summary>
    public int Start => _specialIds[StartText];

    /// <summary>Id of <c>[SEP]</c>, the last of every text.</summary>
    public int End => _specialIds[EndText];

    /// <summary>Opens the tokenizer of a text encoder's folder: <c>vocab.txt</c>, one token on each line.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="HseNetFileException">The file is missing or cannot be used.</exception>
    public static TextEncoderTokenizer Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string file = Path.Combine(folder, "vocab.txt");
        List<string> tokens = [.. JsonFile.ReadText(file).Split('\n').Select(line => line.TrimEnd('\r'))];
        if (tokens[^1].Length == 0)
            tokens.RemoveAt(tokens.Count - 1);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id].Length == 0 || tokens[id].Contains('\r'))
                throw new HseNetFileException(file, $"line {id + 1} is {HseNetFileException.Quote(tokens[id])}", "one token on each line");
            if (!ids.TryAdd(tokens[id], id))
                throw new HseNetFileException(file,
                    $"{HseNetFileException.Quote(tokens[id])} is on the lines {ids[tokens[id]] + 1} and {id + 1}", "each token once");
        }
        foreach (string special in SpecialTexts)
            if (!ids.ContainsKey(special))
                throw new HseNetFileException(file, $"{special} is missing", $"the tokens {string.Join(' ', SpecialTexts)}");
        return new TextEncoderTokenizer(tokens, SpecialTexts.ToDictionary(special => special, special => ids[special]));
    }

    /// <summary>The ids of a text between <c>[CLS]</c> and <c>[SEP]</c>. Special tokens in the text become their ids.</summary>
    /// <param name="text">Any text.</param>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = [Start];
        int start = 0;
        while (text.AsSpan(start).IndexOfAny(SpecialSearch) is >= 0 and int distance)
        {
            int at = start + distance;
            string special = SpecialTexts.First(s => text.AsSpan(at).StartsWith(s, StringComparison.Ordinal));
            EncodeWords(text[start..at], ids);
            ids.Add(_specialIds[special]);
            start = at + special.Length;
        }
        EncodeWords(text[start..], ids);
        ids.Add(End);
        return [.. ids];
    }

    void EncodeWords(string text, List<int> ids)
    {
        if (text.Length > 0)
            ids.AddRange(_encoder.EncodeToIds(text));
    }
}
