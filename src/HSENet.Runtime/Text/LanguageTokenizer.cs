// The language model's tokenizer: text to ids and back, with the same ids as the reference in both of its forms.
using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace HSENet.Runtime;

/// <summary>How text is cut into pieces before byte-pair encoding; the two differ on digits and mixed case.</summary>
public enum TokenizerForm
{
    /// <summary>GPT-2's pattern over the vocabulary: what the reference uses (<c>use_fast=False</c>).</summary>
    Slow,

    /// <summary>The pattern of <c>tokenizer.json</c>.</summary>
    Fast,
}

/// <summary>
/// The byte-level BPE tokenizer of the language model (reference: the checkpoint's GPT2Tokenizer with <c>&lt;im_patch&gt;</c>,
/// <c>&lt;bx_start&gt;</c>, <c>&lt;bx_end&gt;</c> and <c>[SEG]</c> added at the next ids). Safe for use by several threads.
/// </summary>
sealed class LanguageTokenizer
{
    readonly BpeTokenizer _encoder;
    readonly string _patternFile;
    readonly SearchValues<string> _addedTexts;
    readonly AddedToken[] _added; // the longest first
    readonly byte[]?[] _bytesOfId;
    readonly HashSet<int> _standApart;
    readonly HashSet<int> _silent;

    LanguageTokenizer(TokenizerTables tables, TokenizerForm form)
    {
        Form = form;
        _patternFile = tables.AddedFile;
        int next = tables.Count;
        ImagePatch = IdOrNext("<im_patch>");
        BoxStart = IdOrNext("<bx_start>");
        BoxEnd = IdOrNext("<bx_end>");
        Segmentation = IdOrNext("[SEG]");
        Count = next;
        _added = [.. tables.Added.OrderByDescending(a => a.Text.Length)];
        _addedTexts = SearchValues.Create([.. _added.Select(a => a.Text)], StringComparison.Ordinal);
        EndOfText = _added.First(a => a.Text == TokenizerTables.EndOfText).Id;
        _silent = [EndOfText, ImagePatch, BoxStart, BoxEnd];
        _standApart = [.. _added.Select(a => a.Id).Where(id => id != EndOfText)];

        _bytesOfId = new byte[]?[Count];
        foreach ((string token, int id) in tables.Vocabulary)
            _bytesOfId[id] = ByteAlphabet.Bytes(token);
        foreach (AddedToken token in _added)
            _bytesOfId[token.Id] = Encoding.UTF8.GetBytes(token.Text);

        tables.Vocabulary.TryAdd(TokenizerTables.EndOfText, EndOfText);
        _encoder = BpeTokenizer.Create(new BpeOptions(tables.Vocabulary)
        {
            Merges = tables.Merges,
            ByteLevel = true,
            UnknownToken = TokenizerTables.EndOfText,
            PreTokenizer = new SplitPattern(tables.Pattern ?? SplitPattern.Gpt2(), tables.Pattern is null || tables.KeepsUnmatched),
        });

        int IdOrNext(string text)
        {
            int known = tables.Added.FindIndex(a => a.Text == text);
            if (known >= 0)
                return tables.Added[known].Id;
            tables.Added.Add(new AddedToken(text, next));
            return next++;
        }
    }

    /// <summary>The form this tokenizer was opened in.</summary>
    public TokenizerForm Form { get; }

    /// <summary>One more than the highest id: the rows of the embedding table that are used.</summary>
    public int Count { get; }

    /// <summary>Id of <c>&lt;|endoftext|&gt;</c>, which begins a prompt, ends a text and pads a batch.</summary>
    public int EndOfText { get; }

    /// <summary>Id of <c>&lt;im_patch&gt;</c>, which holds the place of a visual token.</summary>
    public int ImagePatch { get; }

    /// <summary>Id of <c>&lt;bx_start&gt;</c>.</summary>
    public int BoxStart { get; }

    /// <summary>Id of <c>&lt;bx_end&gt;</c>.</summary>
    public int BoxEnd { get; }

    /// <summary>Id of <c>[SEG]</c>.</summary>
    public int Segmentation { get; }

    /// <summary>
    /// Opens the tokenizer of a model folder: <c>vocab.json</c>, <c>merges.txt</c> and the added tokens from <c>tokenizer_config.json</c>,
    /// <c>added_tokens.json</c> or <c>tokenizer.json</c>; or <c>tokenizer.json</c> alone, which <see cref="TokenizerForm.Fast"/> needs and
    /// <see cref="TokenizerForm.Slow"/> reads when there is no <c>vocab.json</c>.
    /// </summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="form">How text is cut into pieces.</param>
    /// <exception cref="HseNetFileException">A file is missing or cannot be used.</exception>
    public static LanguageTokenizer Open(string folder, TokenizerForm form = TokenizerForm.Slow)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Enum.IsDefined(form))
            throw new ArgumentOutOfRangeException(nameof(form), form, "Expected Slow or Fast.");
        bool combined = form == TokenizerForm.Fast
            || (!File.Exists(Path.Combine(folder, TokenizerFiles.VocabularyName))
                && File.Exists(Path.Combine(folder, TokenizerFiles.TokenizerName)));
        TokenizerTables tables = combined
            ? TokenizerFiles.ReadCombined(folder, usePattern: form == TokenizerForm.Fast)
            : TokenizerFiles.ReadSeparate(folder);
        return new LanguageTokenizer(tables, form);
    }

    /// <summary>
    /// The ids of a text. Added tokens in the text become their ids; nothing is put before or after. Half a surrogate pair counts as
    /// U+FFFD.
    /// </summary>
    /// <param name="text">Any text.</param>
    /// <exception cref="HseNetException">A word has over 32,768 characters, or the pattern of <c>tokenizer.json</c> takes too
    /// long.</exception>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        var ids = new List<int>();
        int start = 0;
        while (whole.AsSpan(start).IndexOfAny(_addedTexts) is >= 0 and int distance)
        {
            int at = start + distance;
            AddedToken token = _added.First(a => whole.AsSpan(at).StartsWith(a.Text, StringComparison.Ordinal));
            ReadOnlySpan<char> before = whole.AsSpan(start, distance);
            EncodePieces(token.StripLeft ? before.TrimEnd() : before, ids);
            ids.Add(token.Id);
            start = at + token.Text.Length;
            while (token.StripRight && start < whole.Length && char.IsWhiteSpace(whole[start]))
                start++;
        }
        EncodePieces(whole.AsSpan(start), ids);
        return [.. ids];
    }

    void EncodePieces(ReadOnlySpan<char> text, List<int> ids)
    {
        if (text.IsEmpty)
            return;
        try
        {
            ids.AddRange(_encoder.EncodeToIds(text.ToString()));
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new HseNetFileException(_patternFile,
                $"the split pattern takes over {e.MatchTimeout.TotalSeconds:0} s on a text of {text.Length} characters",
                "a pattern that takes linear time", e);
        }
    }

    /// <summary>
    /// The text of ids, as the slow tokenizer of the reference writes it: added tokens other than <c>&lt;|endoftext|&gt;</c> are set apart
    /// by spaces, bytes that are no UTF-8 become U+FFFD.
    /// </summary>
    /// <param name="ids">Ids from 0 to <see cref="Count"/> − 1.</param>
    /// <param name="keepSpecial">Whether <c>&lt;|endoftext|&gt;</c>, <c>&lt;im_patch&gt;</c>, <c>&lt;bx_start&gt;</c> and
    /// <c>&lt;bx_end&gt;</c> are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is out of range.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool keepSpecial = false)
    {
        var decoder = new StreamingDecoder(this, keepSpecial);
        var text = new StringBuilder();
        foreach (int id in ids)
            text.Append(decoder.Append(id));
        return text.Append(decoder.Finish()).ToString();
    }

    /// <summary>The bytes of a token; U+FFFD for an id that no token has.</summary>
    internal ReadOnlySpan<byte> BytesOf(int id)
    {
        if ((uint)id >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(id), id, $"Expected an id from 0 to {Count - 1}.");
        return _bytesOfId[id] ?? "\uFFFD"u8;
    }

    /// <summary>Whether decoding sets the token apart by spaces.</summary>
    internal bool StandsApart(int id) => _standApart.Contains(id);

    /// <summary>Whether decoding leaves the token out unless asked to keep it.</summary>
    internal bool IsSilent(int id) => _silent.Contains(id);
}
