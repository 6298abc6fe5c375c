// printf of a device: a format and arguments to a text, as C does it.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace HSENet.Ptx;

static partial class PrintfFormat
{
    /// <summary>The text; a specification that C does not know stays as it is.</summary>
    public static string Write(string format, PrintfArguments arguments)
    {
        StringBuilder text = new();
        int at = 0;
        foreach (Match match in Specification().Matches(format))
        {
            text.Append(format, at, match.Index - at);
            at = match.Index + match.Length;
            text.Append(One(match, arguments));
        }
        return text.Append(format, at, format.Length - at).ToString();
    }

    [GeneratedRegex(@"%([-+ #0]*)(\*|\d+)?(?:\.(\*|\d*))?(hh|h|ll|l|z|j|t|L)?([diouxXcspfFeEgGaA%])")]
    private static partial Regex Specification();

    static string One(Match match, PrintfArguments arguments)
    {
        string flags = match.Groups[1].Value, size = match.Groups[4].Value;
        char type = match.Groups[5].Value[0];
        if (type == '%')
            return "%";
        int width = Number(match.Groups[2], arguments) ?? 0;
        int? precision = match.Groups[3].Success ? Number(match.Groups[3], arguments) ?? 0 : null;
        if (width < 0)
            (flags, width) = (flags + "-", -width);
        if (precision < 0)
            precision = null;
        string text = type switch
        {
            'c' => ((char)(byte)arguments.Next(4)).ToString(),
            's' => arguments.NextText() is var s && precision is { } most && most < s.Length ? s[..most] : s,
            'p' => "0x" + arguments.Next(8).ToString("x", CultureInfo.InvariantCulture),
            'd' or 'i' or 'o' or 'u' or 'x' or 'X' => Integer(type, size, flags, precision, arguments),
            _ => Real(type, flags, precision, BitConverter.UInt64BitsToDouble(arguments.Next(8))),
        };
        if (text.Length >= width)
            return text;
        if (flags.Contains('-'))
            return text.PadRight(width);
        bool zeros = flags.Contains('0') && type is not ('c' or 's' or 'p') && !text.EndsWith("nan", StringComparison.OrdinalIgnoreCase)
            && !text.EndsWith("inf", StringComparison.OrdinalIgnoreCase) && (precision == null || !"diouxX".Contains(type));
        if (!zeros)
            return text.PadLeft(width);
        int sign = text[0] is '-' or '+' or ' ' ? 1 : 0;
        if (text.AsSpan(sign).StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            sign += 2;
        return text[..sign] + new string('0', width - text.Length) + text[sign..];
    }

    static int? Number(Group group, PrintfArguments arguments) => !group.Success || group.Value.Length == 0 ? null
        : group.Value == "*" ? (int)arguments.Next(4) : int.Parse(group.Value, CultureInfo.InvariantCulture);

    static string Integer(char type, string size, string flags, int? precision, PrintfArguments arguments)
    {
        bool isLong = size is "l" or "ll" or "z" or "j" or "t", isSigned = type is 'd' or 'i';
        ulong bits = arguments.Next(isLong ? 8u : 4u);
        long value = (size, isSigned) switch
        {
            ("hh", true) => (sbyte)bits,
            ("hh", false) => (byte)bits,
            ("h", true) => (short)bits,
            ("h", false) => (ushort)bits,
            (_, true) when !isLong => (int)bits,
            _ => (long)bits,
        };
        ulong magnitude = isSigned && value < 0 ? 0 - (ulong)value : (ulong)value;
        string digits = type switch
        {
            'x' => magnitude.ToString("x", CultureInfo.InvariantCulture),
            'X' => magnitude.ToString("X", CultureInfo.InvariantCulture),
            'o' => Octal(magnitude),
            _ => magnitude.ToString(CultureInfo.InvariantCulture),
        };
        digits = precision == 0 && magnitude == 0 ? "" : digits.PadLeft(precision ?? 0, '0');
        if (flags.Contains('#') && magnitude != 0)
            digits = type switch
            {
                'x' => "0x" + digits,
                'X' => "0X" + digits,
                'o' => "0" + digits,
                _ => digits
            };
        return (!isSigned ? "" : value < 0 ? "-" : flags.Contains('+') ? "+" : flags.Contains(' ') ? " " : "") + digits;
    }

    static string Octal(ulong value)
    {
        StringBuilder digits = new();
        do
            digits.Insert(0, (char)('0' + (int)(value & 7)));
        while ((value >>= 3) != 0);
        return digits.ToString();
    }

    static string Real(char type, string flags, int? precision, double value)
    {
        string sign = double.IsNegative(value) && !double.IsNaN(value) ? "-" : flags.Contains('+') ? "+" : flags.Contains(' ') ? " " : "";
        double magnitude = Math.Abs(value);
        string text = double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? "inf" : char.ToLowerInvariant(type) switch
        {
            'f' => magnitude.ToString($"F{precision ?? 6}", CultureInfo.InvariantCulture),
            'e' => Exact(magnitude, precision ?? 6),
            'a' => Hexadecimal(magnitude, precision),
            _ => General(magnitude, precision ?? 6, flags.Contains('#')),
        };
        return sign + (char.IsUpper(type) ? text.ToUpperInvariant() : text);
    }

    // The standard format "E" rounds the exact value; its exponent has three digits at least, C's two.
    static string Exact(double value, int precision)
    {
        string text = value.ToString($"e{precision}", CultureInfo.InvariantCulture);
        int exponent = int.Parse(text.AsSpan(text.IndexOf('e') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return $"{text[..text.IndexOf('e')]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    static string General(double value, int precision, bool keepZeros)
    {
        precision = Math.Max(1, precision);
        string scientific = Exact(value, precision - 1);
        int exponent = int.Parse(scientific.AsSpan(scientific.IndexOf('e') + 1), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture);
        bool isFixed = exponent >= -4 && exponent < precision;
        string text = isFixed ? value.ToString($"F{precision - 1 - exponent}", CultureInfo.InvariantCulture)
            : scientific[..scientific.IndexOf('e')];
        if (keepZeros && !text.Contains('.'))
            text += ".";
        else if (!keepZeros && text.Contains('.'))
            text = text.TrimEnd('0').TrimEnd('.');
        return isFixed ? text : text + scientific[scientific.IndexOf('e')..];
    }

    static string Hexadecimal(double value, int? precision)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value), fraction = bits & (1ul << 52) - 1;
        int exponent = (int)(bits >> 52) - 1023;
        ulong lead = bits >> 52 == 0 ? 0ul : 1;
        if (lead == 0)
            exponent = fraction == 0 ? 0 : -1022;
        if (precision is { } digits && digits < 13)
        {
            int drop = 52 - 4 * digits;
            ulong whole = lead << 52 | fraction, half = 1ul << drop - 1, rest = whole & (1ul << drop) - 1;
            whole = (whole >> drop) + (rest > half || (rest == half && (whole >> drop & 1) != 0) ? 1ul : 0) << drop;
            (lead, fraction) = (whole >> 52, whole & (1ul << 52) - 1);
        }
        string hex = fraction.ToString("x13", CultureInfo.InvariantCulture);
        hex = precision is { } wanted ? wanted <= 13 ? hex[..wanted] : hex.PadRight(wanted, '0') : hex.TrimEnd('0');
        return $"0x{lead}{(hex.Length > 0 ? "." + hex : "")}p{(exponent < 0 ? "" : "+")}{exponent.ToString(CultureInfo.InvariantCulture)}";
    }
}
