// The parser, part 5: constant expressions (PTX ISA, Constant Expressions), which are computed as they are read.
namespace HSENet.Ptx;

sealed partial class PtxParser
{
    const int DeepestExpression = 64, ConditionLevel = 1, ShiftLevel = 9, ProductLevel = 11;

    static readonly (string Operator, int Level)[] Operators =
    [
        ("||", 2), ("&&", 3), ("==", 7), ("!=", 7), ("<=", 8), (">=", 8), ("<<", ShiftLevel), (">>", ShiftLevel), ("|", 4), ("^", 5),
            ("&", 6),
        ("<", 8), (">", 8), ("+", 10), ("-", 10), ("*", ProductLevel), ("/", ProductLevel), ("%", ProductLevel),
    ];

    int _depth;

    // 64 bits; where one operand has no sign, the result has none.
    readonly record struct Constant(ulong Bits, bool Unsigned)
    {
        public static Constant Of(bool truth) => new(truth ? 1ul : 0, false);
    }

    /// <summary>A number where only one can stand: a size, an alignment, an argument of a directive.</summary>
    ulong ReadNumber(string expected)
    {
        if (!StartsConstant && !IsMark('('))
            throw Error($"expected {expected}, found '{Shown(Current)}'");
        return ReadConstant(ConditionLevel).Bits;
    }

    bool StartsConstant => Current.Kind == PtxTokenKind.Integer || Current is { Kind: PtxTokenKind.Name, Text: "WARP_SZ" } || IsMark('~')
        || (IsMark('-') && _tokens[_position + 1].Kind is not (PtxTokenKind.Float32 or PtxTokenKind.Float64));

    Constant ReadConstant(int level)
    {
        if (++_depth > DeepestExpression)
            throw Error("a constant expression is nested too deep");
        Constant value = ReadFactor();
        while (TakeOperator(level) is { } found)
            value = Combine(found.Operator, value, ReadConstant(found.Level + 1));
        if (level <= ConditionLevel && TakeMark('?'))
        {
            Constant then = ReadConstant(ConditionLevel);
            TakeMark(':', "':'");
            Constant otherwise = ReadConstant(ConditionLevel);
            value = value.Bits != 0 ? then : otherwise;
        }
        _depth--;
        return value;
    }

    Constant ReadFactor()
    {
        if (++_depth > DeepestExpression)
            throw Error("a constant expression is nested too deep");
        Constant value;
        if (TakeMark('('))
        {
            if (TakeWord("s64") || TakeWord("u64"))
            {
                bool isUnsigned = _tokens[_position - 1].Text == "u64";
                TakeMark(')', "')'");
                value = ReadFactor() with { Unsigned = isUnsigned };
            }
            else
            {
                value = ReadConstant(ConditionLevel);
                TakeMark(')', "')'");
            }
        }
        else if (TakeMark('-'))
            value = ReadFactor() is var (bits, isUnsigned) ? new(0 - bits, isUnsigned) : default;
        else if (TakeMark('+'))
            value = ReadFactor();
        else if (TakeMark('~'))
            value = ReadFactor() is var (bits, isUnsigned) ? new(~bits, isUnsigned) : default;
        else if (TakeMark('!'))
            value = Constant.Of(ReadFactor().Bits == 0);
        else if (Current is { Kind: PtxTokenKind.Name, Text: "WARP_SZ" })
            (value, _position) = (new(32, false), _position + 1);
        else
        {
            PtxToken token = Take(PtxTokenKind.Integer, "a constant");
            value = new(token.Bits, token.Text[^1] is 'U' or 'u' || token.Bits > long.MaxValue);
        }
        _depth--;
        return value;
    }

    (string Operator, int Level)? TakeOperator(int level)
    {
        foreach ((string text, int found) in Operators)
        {
            if (found < level || !IsMark(text[0]) || (text.Length > 1 && _tokens[_position + 1].Text != text[1..]))
                continue;
            _position += text.Length;
            return (text, found);
        }
        return null;
    }

    Constant Combine(string text, Constant a, Constant b)
    {
        bool isUnsigned = a.Unsigned || b.Unsigned;
        long x = (long)a.Bits, y = (long)b.Bits;
        if (text is "/" or "%" && (b.Bits == 0 || (!isUnsigned && x == long.MinValue && y == -1)))
            throw Error("a constant is divided by zero", -1);
        int order = isUnsigned ? a.Bits.CompareTo(b.Bits) : x.CompareTo(y);
        return text switch
        {
            "||" => Constant.Of(a.Bits != 0 || b.Bits != 0),
            "&&" => Constant.Of(a.Bits != 0 && b.Bits != 0),
            "|" => new(a.Bits | b.Bits, isUnsigned),
            "^" => new(a.Bits ^ b.Bits, isUnsigned),
            "&" => new(a.Bits & b.Bits, isUnsigned),
            "==" => Constant.Of(order == 0),
            "!=" => Constant.Of(order != 0),
            "<" => Constant.Of(order < 0),
            ">" => Constant.Of(order > 0),
            "<=" => Constant.Of(order <= 0),
            ">=" => Constant.Of(order >= 0),
            "<<" => new(b.Bits > 63 ? 0 : a.Bits << (int)b.Bits, a.Unsigned),
            ">>" => new(a.Unsigned ? b.Bits > 63 ? 0 : a.Bits >> (int)b.Bits : (ulong)(x >> (int)Math.Min(b.Bits, 63)), a.Unsigned),
            "+" => new(a.Bits + b.Bits, isUnsigned),
            "-" => new(a.Bits - b.Bits, isUnsigned),
            "*" => new(a.Bits * b.Bits, isUnsigned),
            "/" => new(isUnsigned ? a.Bits / b.Bits : (ulong)(x / y), isUnsigned),
            _ => new(isUnsigned ? a.Bits % b.Bits : (ulong)(x % y), isUnsigned),
        };
    }
}
