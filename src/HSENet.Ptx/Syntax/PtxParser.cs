// The parser, part 1: module, variables, functions. Recursive descent over the tokens; part 2 reads statements.
namespace HSENet.Ptx;

/// <summary>Reads PTX text. Any input gives a module or a <see cref="PtxException"/>.</summary>
sealed partial class PtxParser
{
    const int DeepestBlock = 64;
    const int DeepestVector = 8;
    const int MostRegisters = 1 << 20;

    // Directives of a function, with the largest number of arguments.
    static readonly Dictionary<string, int> FunctionDirectives = new()
    {
        ["maxntid"] = 3,
        ["reqntid"] = 3,
        ["minnctapersm"] = 1,
        ["maxnctapersm"] = 1,
        ["maxnreg"] = 1,
        ["noreturn"] = 0,
        ["explicitcluster"] = 0,
        ["reqnctapercluster"] = 3,
        ["maxclusterrank"] = 1,
    };

    readonly string _text;
    readonly List<PtxToken> _tokens;
    int _position;

    PtxParser(string text)
    {
        _text = text;
        _tokens = PtxLexer.Read(text);
    }

    public static PtxModule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new PtxParser(text).ReadModule();
    }

    PtxToken Current => _tokens[_position];

    PtxModule ReadModule()
    {
        if (!TakeWord("version"))
            throw Error("PTX begins with .version");
        string version = Take(PtxTokenKind.Float64, "a version such as 8.6").Text;
        if (!TakeWord("target"))
            throw Error(".target must follow .version");
        List<string> targets = [];
        do
            targets.Add(Take(PtxTokenKind.Name, "a target such as sm_80").Text);
        while (TakeMark(','));
        int addressSize = 64;
        if (TakeWord("address_size") && Take(PtxTokenKind.Integer, "64").Bits != 64)
            throw Error(".address_size must be 64", -1);
        List<PtxStatement> items = [];
        HashSet<string> defined = [];
        while (Current.Kind != PtxTokenKind.End)
        {
            items.Add(ReadItem());
            string? name = items[^1] switch
            {
                PtxFunction { Body: not null } function => function.Name,
                PtxVariable variable =>
                variable.Name,
                _ => null
            };
            if (name != null && !defined.Add(name))
                throw PtxSource.Error(_text, items[^1].Line, "defined twice");
        }
        return new PtxModule(version, string.Join(", ", targets), addressSize, items);
    }

    PtxStatement ReadItem()
    {
        int line = Current.Line;
        string? linkage = null;
        foreach (string word in (string[])["extern", "visible", "weak", "common"])
            if (TakeWord(word))
            {
                linkage = word;
                break;
            }
        if (TakeWord("entry"))
            return ReadFunction(true, linkage) with { Line = line };
        if (TakeWord("func"))
            return ReadFunction(false, linkage) with { Line = line };
        if (IsWord("global") || IsWord("const") || IsWord("shared"))
        {
            PtxVariable variable = ReadVariable() with { Line = line, Linkage = linkage };
            TakeEnd();
            return variable;
        }
        if (linkage == null && IsWord("section"))
            return ReadSection();
        return linkage == null && (IsWord("file") || IsWord("pragma"))
            ? ReadDirective()
            : throw Error($"unknown directive '{Shown(Current)}'");
    }

    // .section .debug_… { … }: data for a debugger, kept as it is.
    PtxDirective ReadSection()
    {
        int start = _position++;
        List<string> arguments = [];
        while (!IsMark('}'))
        {
            if (Current.Kind == PtxTokenKind.End)
                throw Error("a section has no end");
            arguments.Add(Shown(_tokens[_position++]));
        }
        _position++;
        bool isDebug = arguments.Count > 1 && arguments[0].StartsWith(".debug", StringComparison.Ordinal) && arguments[1] == "{";
        return isDebug
            ? new PtxDirective("section", [.. arguments, "}"]) { Line = _tokens[start].Line }
            : throw Error("a section is written .section .debug_name { … }", -1);
    }

    PtxFunction ReadFunction(bool isEntry, string? linkage)
    {
        IReadOnlyList<PtxVariable> results = !isEntry && IsMark('(') ? ReadParameters() : [];
        string name = Take(PtxTokenKind.Name, "a function's name").Text;
        IReadOnlyList<PtxVariable> parameters = IsMark('(') ? ReadParameters() : [];
        List<PtxDirective> directives = [];
        while (Current.Kind == PtxTokenKind.Word)
            directives.Add(Current.Text == "pragma" ? ReadDirective() : ReadFunctionDirective());
        PtxFunction function = new(isEntry, name)
        {
            Linkage = linkage,
            Results = results,
            Parameters = parameters,
            Directives = directives
        };
        if (TakeMark(';'))
            return function;
        TakeMark('{', "a body or ';'");
        _scopes = new RegisterScopes();
        _scopes.Open();
        foreach (PtxVariable register in results.Concat(parameters).Where(variable => variable.Space == PtxSpace.Register))
            if (!_scopes.Declare(new PtxRegisterName(register.Name, null), register.Type))
                throw Error($"register '{register.Name}' is declared twice", -1);
        IReadOnlyList<PtxStatement> body = ReadStatements(0);
        return function with { Body = body };
    }

    PtxDirective ReadFunctionDirective()
    {
        PtxToken word = _tokens[_position++];
        if (!FunctionDirectives.TryGetValue(word.Text, out int most))
            throw Error($"unknown directive '.{word.Text}'", -1);
        List<string> arguments = [];
        if (most > 0)
            do
                arguments.Add(Take(PtxTokenKind.Integer, "a number").Bits.ToString(System.Globalization.CultureInfo.InvariantCulture));
            while (TakeMark(','));
        if (arguments.Count > most)
            throw Error($".{word.Text} takes at most {most} numbers", -1);
        return new PtxDirective(word.Text, arguments) { Line = word.Line };
    }

    List<PtxVariable> ReadParameters()
    {
        TakeMark('(', "'('");
        List<PtxVariable> parameters = [];
        if (TakeMark(')'))
            return parameters;
        do
        {
            if (!IsWord("param") && !IsWord("reg"))
                throw Error($"a parameter begins with .param or .reg, not '{Shown(Current)}'");
            int line = Current.Line;
            parameters.Add(ReadVariable() with { Line = line });
        }
        while (TakeMark(','));
        TakeMark(')', "')' or ','");
        return parameters;
    }

    // .space [.align n] [.vn] .type [.ptr [.space] [.align n]] name[dimensions] [= value]
    PtxVariable ReadVariable()
    {
        if (!PtxTypes.TryParseSpace(_tokens[_position++].Text, out PtxSpace space))
            throw Error($"'.{_tokens[_position - 1].Text}' is not a state space", -1);
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
        ulong size = Take(PtxTokenKind.Integer, "a size").Bits;
        return size is > 0 and <= int.MaxValue ? (long)size : throw Error($"size {size} is not between 1 and {int.MaxValue}", -1);
    }

    int? ReadAlignment()
    {
        if (!TakeWord("align"))
            return null;
        ulong alignment = Take(PtxTokenKind.Integer, "an alignment").Bits;
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

    bool IsMark(char mark) => Current.Kind == PtxTokenKind.Mark && Current.Text[0] == mark;
    bool IsWord(string word) => Current.Kind == PtxTokenKind.Word && Current.Text == word;

    bool TakeMark(char mark)
    {
        bool found = IsMark(mark);
        _position += found ? 1 : 0;
        return found;
    }

    void TakeMark(char mark, string expected)
    {
        if (!TakeMark(mark))
            throw Error($"expected {expected}, found '{Shown(Current)}'");
    }

    bool TakeWord(string word)
    {
        bool found = IsWord(word);
        _position += found ? 1 : 0;
        return found;
    }

    PtxToken Take(PtxTokenKind kind, string expected) =>
        Current.Kind == kind ? _tokens[_position++] : throw Error($"expected {expected}, found '{Shown(Current)}'");

    void TakeEnd() => TakeMark(';', "';'");

    static string Shown(PtxToken token) => token.Kind == PtxTokenKind.Word ? "." + token.Text : token.Text;

    PtxException Error(string what, int offset = 0) => PtxSource.Error(_text, _tokens[_position + offset].Line, what);
}
