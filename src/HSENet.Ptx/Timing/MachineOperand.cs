// Operands of machine instructions, read from a listing's text.
using System.Globalization;

namespace HSENet.Ptx;

/// <summary>Where an operand's value comes from.</summary>
enum OperandKind
{
    None,
    Register,
    Uniform,
    Predicate,
    UniformPredicate,
    Immediate,
    Constant,
    Address,
    Special,
}

/// <summary>An operand: a register, a predicate, a number, a constant, an address or a special register.</summary>
struct MachineOperand
{
    /// <summary>Registers that always read as zero, and predicates that always read as true.</summary>
    public const int ZeroRegister = 255, TruePredicate = 7;

    public OperandKind Kind;

    /// <summary>Number of the register; of an address' register, or -1.</summary>
    public int Index;

    /// <summary>The address' uniform register, or a constant's index register; -1 for none.</summary>
    public int Second;

    /// <summary>The number; an address' or constant's offset.</summary>
    public long Value;

    /// <summary>By what an address' register is multiplied.</summary>
    public int Scale;

    /// <summary>Minus for numbers, not for predicates; all bits turned over; without sign.</summary>
    public bool Negated, Inverted, Absolute;

    /// <summary>The address' register, or its uniform register, has 64 bits.</summary>
    public bool Wide, WideUniform;

    /// <summary>Name of a special register.</summary>
    public string? Name;

    /// <summary>Operands of an instruction in their order; what a listing notes in brackets with stars is left out.</summary>
    public static MachineOperand[] ParseAll(string text)
    {
        int note = text.IndexOf("(*", StringComparison.Ordinal);
        if (note >= 0)
            text = text[..note];
        return [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    static MachineOperand Parse(string text)
    {
        MachineOperand o = new() { Index = -1, Second = -1, Scale = 1 };
        if (text.StartsWith("desc[", StringComparison.Ordinal))
            text = text[(text.IndexOf(']', StringComparison.Ordinal) + 1)..];
        if (text.Length > 1 && (text[0] is '-' or '!' or '~') && !char.IsAsciiDigit(text[1]))
        {
            (o.Negated, o.Inverted) = (text[0] != '~', text[0] == '~');
            text = text[1..];
        }
        if (text.StartsWith('|'))
        {
            o.Absolute = true;
            text = text.Replace("|", "", StringComparison.Ordinal);
        }
        if (text.StartsWith("c[", StringComparison.Ordinal))
        {
            o.Kind = OperandKind.Constant;
            string inside = text[(text.LastIndexOf('[') + 1)..text.LastIndexOf(']')];
            foreach (string part in inside.Split('+'))
                if (part.StartsWith('R'))
                    o.Second = Number(part[1..]);
                else
                    o.Value += Integer(part);
            return o;
        }
        if (text.StartsWith('['))
        {
            o.Kind = OperandKind.Address;
            foreach (string part in text[1..text.LastIndexOf(']')].Split('+'))
                AddPart(ref o, part);
            return o;
        }
        string word = text.Split('.')[0];
        if (word.StartsWith("SR", StringComparison.Ordinal))
            (o.Kind, o.Name) = (OperandKind.Special, text);
        else if (word == "PR")
            (o.Kind, o.Name) = (OperandKind.Special, word);
        else if (word.StartsWith("UR", StringComparison.Ordinal))
            (o.Kind, o.Index) = (OperandKind.Uniform, Number(word[2..]));
        else if (word.StartsWith("UP", StringComparison.Ordinal))
            (o.Kind, o.Index) = (OperandKind.UniformPredicate, word == "UPT" ? TruePredicate : Number(word[2..]));
        else if (word.StartsWith('R') && (word == "RZ" || char.IsAsciiDigit(word[^1])))
            (o.Kind, o.Index) = (OperandKind.Register, Number(word[1..]));
        else if (word.StartsWith('P') && (word == "PT" || char.IsAsciiDigit(word[^1])))
            (o.Kind, o.Index) = (OperandKind.Predicate, word == "PT" ? TruePredicate : Number(word[1..]));
        else
            (o.Kind, o.Value) = (OperandKind.Immediate, Literal(text));
        return o;
    }

    static void AddPart(ref MachineOperand o, string part)
    {
        string[] words = part.Split('.');
        if (words[0].StartsWith("UR", StringComparison.Ordinal))
        {
            o.Second = Number(words[0][2..]);
            o.WideUniform = o.Wide || words.Contains("64") || o.Index >= 0 && o.WideUniform;
        }
        else if (words[0].StartsWith('R'))
        {
            o.Index = Number(words[0][1..]);
            o.Wide = words.Contains("64");
            o.WideUniform = words.Contains("U32"); // an offset of 32 bits to a uniform address of 64
            foreach (string word in words)
                if (word.Length > 1 && word[0] == 'X' && int.TryParse(word.AsSpan(1), out int scale))
                    o.Scale = scale;
        }
        else
            o.Value += Integer(part);
    }

    static int Number(string digits) => digits == "Z" ? ZeroRegister
        : int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    static long Integer(string text)
    {
        bool minus = text.StartsWith('-');
        string digits = minus ? text[1..] : text;
        if (!digits.StartsWith("0x", StringComparison.Ordinal))
            return 0;
        long value = (long)ulong.Parse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return minus ? -value : value;
    }

    // A number in hexadecimal, or an f32 in decimal.
    static long Literal(string text)
    {
        if (text.Contains("0x", StringComparison.Ordinal))
            return Integer(text);
        string digits = text.Replace("+INF", "Infinity", StringComparison.Ordinal).Replace("-INF", "-Infinity", StringComparison.Ordinal)
            .Replace("INF", "Infinity", StringComparison.Ordinal).Replace("+QNAN", "NaN", StringComparison.Ordinal);
        return float.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
            ? BitConverter.SingleToInt32Bits(value) : 0;
    }
}
