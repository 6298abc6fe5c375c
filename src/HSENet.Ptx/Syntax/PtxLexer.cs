// Text into tokens: names, dotted words, numbers, strings and punctuation, each with its line.
using System.Globalization;

namespace HSENet.Ptx;

enum PtxTokenKind : byte { End, Name, Word, Integer, Float32, Float64, String, Mark }

/// <summary>A token; <see cref="Text"/> is a word without its dot, a string with its quotes, a number as written.</summary>
readonly record struct PtxToken(PtxTokenKind Kind, string Text, ulong Bits, int Line);

/// <summary>Reads all tokens of a text; every error is a <see cref="PtxException"/> with line and text.</summary>
sealed class PtxLexer(string text)
{
    const string Marks = "()[]{}<>,;:@!|+-=";
    readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> pool =
        new Dictionary<string, string>().GetAlternateLookup<ReadOnlySpan<char>>();
    readonly List<PtxToken> tokens = [];
    int position;
    int line = 1;

    public static List<PtxToken> Read(string text) => new PtxLexer(text).Read();

    List<PtxToken> Read()
    {
        while (SkipSpace())
        {
            char c = text[position];
            if (IsNameStart(c))
                AddName();
            else if (c == '.' && position + 1 < text.Length && IsNamePart(text[position + 1]))
                AddWord();
            else if (char.IsAsciiDigit(c))
                AddNumber();
            else if (c == '"')
                AddString();
            else if (Marks.Contains(c))
                Add(PtxTokenKind.Mark, position, ++position);
            else
                throw Error($"character {(c is > ' ' and < '\x7f' ? $"'{c}'" : $"U+{(int)c:X4}")} does not belong here");
        }
        tokens.Add(new(PtxTokenKind.End, "end of text", 0, line));
        return tokens;
    }

    static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '%';
    static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    bool SkipSpace()
    {
        while (position < text.Length)
        {
            char c = text[position];
            if (c == '\n')
                line++;
            if (c is ' ' or '\t' or '\r' or '\n' or '\f' or '\v')
                position++;
            else if (c == '/' && position + 1 < text.Length && text[position + 1] == '/')
                position = text.IndexOf('\n', position) is var end and >= 0 ? end : text.Length;
            else if (c == '/' && position + 1 < text.Length && text[position + 1] == '*')
                SkipComment();
            else
                return true;
        }
        return false;
    }

    void SkipComment()
    {
        int end = text.IndexOf("*/", position + 2, StringComparison.Ordinal);
        if (end < 0)
            throw Error("comment without an end");
        line += text.AsSpan(position, end - position).Count('\n');
        position = end + 2;
    }

    void AddName()
    {
        int start = position++;
        while (position < text.Length && IsNamePart(text[position]))
            position++;
        if (text[start] == '%' && position == start + 1)
            throw Error("a name must follow '%'");
        Add(PtxTokenKind.Name, start, position);
    }

    void AddWord()
    {
        int start = ++position;
        while (position < text.Length && (IsNamePart(text[position]) || IsDoubleColon()))
            position += text[position] == ':' ? 2 : 1;
        Add(PtxTokenKind.Word, start, position);
    }

    bool IsDoubleColon() =>
        text[position] == ':' && position + 2 < text.Length && text[position + 1] == ':' && IsNamePart(text[position + 2]);

    void AddNumber()
    {
        int start = position;
        while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || IsFraction(start)))
            position++;
        ReadOnlySpan<char> number = text.AsSpan(start, position - start);
        if (!TryReadNumber(number, out PtxTokenKind kind, out ulong bits))
            throw Error($"'{number}' is not a number");
        Add(kind, start, position, bits);
    }

    bool IsFraction(int start)
    {
        bool hexadecimal = position > start + 1 && text[start] == '0' && char.ToLowerInvariant(text[start + 1]) is 'x' or 'f' or 'd' or 'b';
        return !hexadecimal && (text[position] == '.' && position + 1 < text.Length && char.IsAsciiDigit(text[position + 1])
            || text[position] is '+' or '-' && text[position - 1] is 'e' or 'E');
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
        int end = text.AsSpan(position + 1).IndexOfAny('"', '\n');
        if (end < 0 || text[position + 1 + end] == '\n')
            throw Error("string without an end");
        Add(PtxTokenKind.String, position, position += end + 2);
    }

    void Add(PtxTokenKind kind, int start, int end, ulong bits = 0)
    {
        ReadOnlySpan<char> span = text.AsSpan(start, end - start);
        if (!pool.TryGetValue(span, out string? word))
            pool[span] = word = span.ToString();
        tokens.Add(new(kind, word, bits, line));
    }

    PtxException Error(string what) => PtxSource.Error(text, line, what);
}
