// The parser, part 4: variables and their initial values.
namespace HSENet.Ptx;

sealed partial class PtxParser
{
    // .space [.align n] [.vn] .type [.ptr [.space] [.align n]] name[dimensions] [= value]
    PtxVariable ReadVariable()
    {
        if (!PtxTypes.TryParseSpace(_tokens[_position++].Text, out PtxSpace space))
            throw Error($"'.{_tokens[_position - 1].Text}' is not a state space", -1);
        if (TakeWord("attribute"))
            ReadAttribute();
        int? alignment = ReadAlignment();
        int width = TakeWord("v2") ? 2 : TakeWord("v4") ? 4 : 1;
        alignment ??= ReadAlignment();
        PtxType type = ReadType();
        PtxSpace? pointerSpace = null;
        int? pointerAlignment = null;
        if (space == PtxSpace.Param && TakeWord("ptr"))
        {
            pointerSpace = PtxSpace.Register;
            if (Current.Kind == PtxTokenKind.Word && PtxTypes.TryParseSpace(Current.Text, out PtxSpace pointed))
            {
                pointerSpace = pointed;
                _position++;
            }
            pointerAlignment = ReadAlignment();
        }
        string name = Take(PtxTokenKind.Name, "a variable's name").Text;
        List<long> dimensions = [];
        while (TakeMark('['))
        {
            dimensions.Add(IsMark(']') && dimensions.Count == 0 ? 0 : ReadSize());
            TakeMark(']', "']'");
        }
        if (dimensions.Aggregate(16.0, (bytes, dimension) => bytes * Math.Max(1, dimension)) > int.MaxValue)
            throw Error($"'{name}' is larger than 2 GB", -1);
        PtxOperand? initialiser = TakeMark('=') ? ReadInitialiser(0) : null;
        if (dimensions is [0, ..] && initialiser is PtxVector values)
            dimensions[0] = values.Elements.Count;
        return new PtxVariable(space, type, name)
        {
            DeclaredAlignment = alignment,
            VectorWidth = width,
            Dimensions = dimensions,
            Initialiser = initialiser,
            PointerSpace = pointerSpace,
            PointerAlignment = pointerAlignment,
        };
    }

    long ReadSize()
    {
        ulong size = ReadNumber("a size");
        return size is > 0 and <= int.MaxValue ? (long)size : throw Error($"size {size} is not between 1 and {int.MaxValue}", -1);
    }

    // .attribute(.managed) and .attribute(.unified(n, m)) say where a variable lives; here is one memory.
    void ReadAttribute()
    {
        TakeMark('(', "'('");
        for (int depth = 1; depth > 0; _position++)
            depth += IsMark('(') ? 1 : IsMark(')') ? -1
                : Current.Kind == PtxTokenKind.End ? throw Error("an attribute has no end") : 0;
    }

    int? ReadAlignment()
    {
        if (!TakeWord("align"))
            return null;
        ulong alignment = ReadNumber("an alignment");
        return ulong.IsPow2(alignment) && alignment <= 1 << 16
            ? (int)alignment
            : throw Error($"alignment {alignment} is not a power of two", -1);
    }

    PtxType ReadType()
    {
        PtxToken word = Take(PtxTokenKind.Word, "a type such as .b32");
        return PtxTypes.TryParse(word.Text, out PtxType type) ? type : throw Error($"'.{word.Text}' is not a type", -1);
    }

    PtxOperand ReadInitialiser(int depth)
    {
        if (Current.Kind == PtxTokenKind.String)
            return ReadText();
        _inCall = false;
        if (Current.Kind is PtxTokenKind.Integer or PtxTokenKind.Name && _tokens[_position + 1] is { Kind: PtxTokenKind.Mark, Text: "(" })
            return ReadAddressPart();
        if (!TakeMark('{'))
            return ReadOperand(depth);
        if (depth == DeepestVector)
            throw Error("braces are nested too deep", -1);
        List<PtxOperand> elements = [];
        if (!TakeMark('}'))
        {
            do
                elements.Add(ReadInitialiser(depth + 1));
            while (TakeMark(','));
            TakeMark('}', "'}' or ','");
        }
        return new PtxVector(elements);
    }

    // generic(name), 0xff00(name), each with an offset behind the name or behind the parenthesis.
    PtxSymbol ReadAddressPart()
    {
        PtxToken part = _tokens[_position];
        _position += 2;
        if (part.Kind == PtxTokenKind.Name && part.Text != "generic" || part.Kind == PtxTokenKind.Integer && part.Bits == 0)
            throw Error($"'{part.Text}(' is neither generic( nor a mask", -2);
        string name = Take(PtxTokenKind.Name, "a variable's name").Text;
        long offset = ReadOffset();
        TakeMark(')', "')'");
        return new PtxSymbol(name, offset + ReadOffset())
        {
            IsGeneric = part.Kind == PtxTokenKind.Name,
            Mask = part.Kind == PtxTokenKind.Name ? 0 : part.Bits,
        };
    }

    // A text is its bytes and a zero, as in C.
    PtxVector ReadText()
    {
        string characters = _tokens[_position++].Text[1..^1];
        byte[] bytes = System.Text.Encoding.Latin1.GetBytes(System.Text.RegularExpressions.Regex.Replace(characters,
            @"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", match => match.Groups[1].Value switch
            {
                "n" => "\n",
                "t" => "\t",
                "r" => "\r",
                "a" => "\a",
                "b" => "\b",
                "f" => "\f",
                "v" => "\v",
                ['x', .. string digits] => ((char)System.Convert.ToInt32(digits, 16)).ToString(),
                [>= '0' and <= '7', ..] => ((char)System.Convert.ToInt32(match.Groups[1].Value, 8)).ToString(),
                string other => other,
            }));
        return new PtxVector([.. bytes.Append((byte)0).Select(value => new PtxInteger(value))]);
    }
}
