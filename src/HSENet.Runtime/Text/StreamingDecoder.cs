// Turns ids into text as they are generated, without ever breaking a character.
using System.Text;

namespace HSENet.Runtime;

/// <summary>
/// Tokens in, pieces of text out. A token can end inside a character: its first bytes wait until the rest has come. All pieces and
/// <see cref="Finish"/> put together are <see cref="LanguageTokenizer.Decode"/> of all ids.
/// </summary>
/// <param name="tokenizer">The tokenizer whose ids are decoded.</param>
/// <param name="keepSpecial">Whether <c>&lt;|endoftext|&gt;</c>, <c>&lt;im_patch&gt;</c>, <c>&lt;bx_start&gt;</c> and <c>&lt;bx_end&gt;</c>
/// are written.</param>
sealed class StreamingDecoder(LanguageTokenizer tokenizer, bool keepSpecial = false)
{
    readonly LanguageTokenizer _tokenizer = tokenizer ?? throw new ArgumentNullException(nameof(tokenizer));
    readonly Decoder _utf8 = new UTF8Encoding(false).GetDecoder();
    bool _started;
    bool _afterApart;

    /// <summary>The text that this token completes; empty while a character is incomplete and for a token that is left out.</summary>
    /// <param name="id">An id from 0 to the tokenizer's count − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is out of range.</exception>
    public string Append(int id)
    {
        ReadOnlySpan<byte> bytes = _tokenizer.BytesOf(id);
        if (!keepSpecial && _tokenizer.IsSilent(id))
            return "";
        bool apart = _tokenizer.StandsApart(id);
        // Bytes that wait when a token stands apart can no longer be completed.
        string rest = apart ? Take([], flush: true) : "";
        string space = _started && (apart || _afterApart) ? " " : "";
        _started = true;
        _afterApart = apart;
        return rest + space + Take(bytes, flush: false);
    }

    /// <summary>The end of the text: U+FFFD if the last character is incomplete, otherwise empty. Afterwards a new text can
    /// begin.</summary>
    public string Finish()
    {
        _started = _afterApart = false;
        return Take([], flush: true);
    }

    string Take(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> few = stackalloc char[64];
        int length = _utf8.GetCharCount(bytes, flush);
        Span<char> characters = length <= few.Length ? few : new char[length];
        _utf8.GetChars(bytes, characters, flush);
        return characters[..length].ToString();
    }
}
