// Text into tokens: names, dotted words, numbers, strings and punctuation, each with its line.
using System.Globalization;

namespace HSENet.Ptx;

enum PtxTokenKind : byte { End, Name, Word, Integer, Float32, Float64, String, Mark }

/// <summary>A token; <see cref="Text"/> is a word without its dot, a string with its quotes, a number as written.</summary>
readonly record struct PtxToken(PtxTokenKind Kind, string Text, ulong Bits, int Line);

/// <summary>Reads all tokens of a text; every error is a <see cref="PtxException"/> with line and text.</summary>
sealed class PtxLexer(string text)
{
    const string Marks = "()[]{}<>,;:@!|+-=*/&^~?%";
    readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _pool =
        new Dictionary<string, string>().GetAlternateLookup<ReadOnlySpan<char>>();
    readonly List<PtxToken> _tokens = [];
    int _position;
    int _line = 1;

    public static List<PtxToken> Read(string text) => new PtxLexer(text).Read();

    List<PtxToken> Read()
    {
        while (SkipSpace())
        {
            char c = text[_position];
            if (IsNameStart(c) && (c != '%' || (_position + 1 < text.Length && IsNamePart(text[_position + 1]))))
                AddName();
            else if (c == '.' && _position + 1 < text.Length && IsNamePart(text[_position + 1]))
                AddWord();
            else if (char.IsAsciiDigit(c))
                AddNumber();
            else if (c == '"')
                AddString();
            else if (Marks.Contains(c))
                Add(PtxTokenKind.Mark, _position, ++_position);
            else
                throw Error($"character {(c is > ' ' and < '\x7f' ? $"'{c}'" : $"U+{(int)c:X4}")} does not belong here");
        }
        _tokens.Add(new(PtxTokenKind.End, "end of text", 0, _line));
        return _tokens;
    }

    static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '%';
    static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    bool SkipSpace()
    {
        while (_position < text.Length)
        {
            char c = text[_position];
            if (c == '\n')
                _line++;
            if (c is ' ' or '\t' or '\r' or '\n' or '\f' or '\v')
                _position++;
            else if (c == '/' && _position + 1 < text.Length && text[_position + 1] == '/')
                _position = text.IndexOf('\n', _position) is var end and >= 0 ? end : text.Length;
            else if (c == '/' && _position + 1 < text.Length && text[_position + 1] == '*')
                SkipComment();
            else
                return true;
        }
        return false;
    }

    void SkipComment()
    {
        int end = text.IndexOf("*/", _position + 2, StringComparison.Ordinal);
        if (end < 0)
            throw Error("comment without an end");
        _line += text.AsSpan(_position, end - _position).Count('\n');
        _position = end + 2;
    }

    void AddName()
    {
        int start = _position++;
        while (_position < text.Length && IsNamePart(text[_position]))
            _position++;
        Add(PtxTokenKind.Name, start, _position);
    }

    void AddWord()
    {
        int start = ++_position;
        while (_position < text.Length && (IsNamePart(text[_position]) || IsDoubleColon()))
            _position += text[_position] == ':' ? 2 : 1;
        Add(PtxTokenKind.Word, start, _position);
    }

    bool IsDoubleColon() =>
        text[_position] == ':' && _position + 2 < text.Length && text[_position + 1] == ':' && IsNamePart(text[_position + 2]);

    void AddNumber()
    {
        int start = _position;
        while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || IsFraction(start)))
            _position++;
        ReadOnlySpan<char> number = text.AsSpan(start, _position - start);
        if (!TryReadNumber(number, out PtxTokenKind kind, out ulong bits))
            throw Error($"'{number}' is not a number");
        Add(kind, start, _position, bits);
    }

    bool IsFraction(int start)
    {
        bool hexadecimal = _position > start + 1 && text[start] == '0'
            && char.ToLowerInvariant(text[start + 1]) is 'x' or 'f' or 'd' or 'b';
        return !hexadecimal && (text[_position] == '.' && _position + 1 < text.Length && char.IsAsciiDigit(text[_position + 1])
            || text[_position] is '+' or '-' && text[_position - 1] is 'e' or 'E');
    }

    static bool TryReadNumber(ReadOnlySpan<char> number, out PtxTokenKind kind, out ulong bits)
    {
        kind = PtxTokenKind.Integer;
        char second = number.Length > 1 && number[0] == '0' ? char.ToLowerInvariant(number[1]) : ' ';
        if (second is 'f' or 'd')
        {
            kind = second == 'f' ? PtxTokenKind.Float32 : PtxTokenKind.Float64;
            return ulong.TryParse(number[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bits)
                && number.Length == (second == 'f' ? 10 : 18);
        }
        if (number.ContainsAny('.', 'e', 'E') && second != 'x')
        {
            kind = PtxTokenKind.Float64;
            bool valid = double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
            bits = BitConverter.DoubleToUInt64Bits(value);
            return valid;
        }
        if (number[^1] is 'U' or 'u')
            number = number[..^1];
        if (second == 'x')
            return ulong.TryParse(number[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bits);
        if (second == 'b')
            return ulong.TryParse(number[2..], NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture, out bits);
        return char.IsAsciiDigit(second)
            ? TryReadOctal(number, out bits)
            : ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out bits);
    }

    static bool TryReadOctal(ReadOnlySpan<char> number, out ulong bits)
    {
        bits = 0;
        foreach (char digit in number)
        {
            if (digit is < '0' or > '7' || bits >> 61 != 0)
                return false;
            bits = bits << 3 | (uint)(digit - '0');
        }
        return true;
    }

    void AddString()
    {
        int end = text.AsSpan(_position + 1).IndexOfAny('"', '\n');
        if (end < 0 || text[_position + 1 + end] == '\n')
            throw Error("string without an end");
        Add(PtxTokenKind.String, _position, _position += end + 2);
    }

    void Add(PtxTokenKind kind, int start, int end, ulong bits = 0)
    {
        ReadOnlySpan<char> span = text.AsSpan(start, end - start);
        if (!_pool.TryGetValue(span, out string? word))
            _pool[span] = word = span.ToString();
        _tokens.Add(new(kind, word, bits, _line));
    }

    PtxException Error(string what) => PtxSource.Error(text, _line, what);
}
