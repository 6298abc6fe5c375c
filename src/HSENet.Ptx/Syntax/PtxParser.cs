// The parser, part 1: module and functions. Recursive descent over the tokens; part 2 reads statements, 3 operands, 4 variables,
// 5 constants.
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
        ["abi_preserve"] = 1,
        ["abi_preserve_control"] = 1,
    };

    readonly string _text;
    readonly bool _keepsRefused;
    readonly List<PtxToken> _tokens;
    int _position;

    PtxParser(string text, bool keepsRefused)
    {
        (_text, _keepsRefused) = (text, keepsRefused);
        _tokens = PtxLexer.Read(text);
    }

    /// <param name="text">The text.</param>
    /// <param name="keepsRefused">Whether a function whose body cannot be read becomes one that says why, and the others are read.</param>
    public static PtxModule Parse(string text, bool keepsRefused = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new PtxParser(text, keepsRefused).ReadModule();
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
                PtxVariable { Linkage: not "extern" } variable =>
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
        if (IsWord("global") && _tokens[_position + 1] is { Kind: PtxTokenKind.Word, Text: "texref" or "samplerref" or "surfref" })
            return ReadTextureReference(linkage) with { Line = line };
        if (IsWord("global") || IsWord("const") || IsWord("shared"))
        {
            PtxVariable variable = ReadVariable() with { Line = line, Linkage = linkage };
            TakeEnd();
            return variable;
        }
        if (linkage == null && IsWord("section"))
            return ReadSection();
        if (linkage == null && TakeWord("alias"))
        {
            List<string> names = ReadNames();
            return names.Count == 2 ? new PtxAlias(names[0], names[1]) { Line = line } : throw Error(".alias takes two names", -1);
        }
        return linkage == null && (IsWord("file") || IsWord("pragma"))
            ? ReadDirective()
            : throw Error($"unknown directive '{Shown(Current)}'");
    }

    PtxTextureReference ReadTextureReference(string? linkage)
    {
        List<string> words = linkage == null ? [] : ["." + linkage];
        for (; !TakeMark(';'); _position++)
            words.Add(Current.Kind == PtxTokenKind.End ? throw Error("expected ';'") : Shown(Current));
        return new PtxTextureReference(string.Join(' ', words));
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
        int start = _position;
        try
        {
            return function with { Body = ReadStatements(0) };
        }
        catch (PtxException refusal) when (_keepsRefused && BodyEnd(start) is int end)
        {
            _position = end;
            return function with { Body = [], Refusal = refusal };
        }
    }

    // The token behind the brace that closes a body; null when there is none.
    int? BodyEnd(int at)
    {
        for (int depth = 1; at < _tokens.Count; at++)
            if (_tokens[at] is { Kind: PtxTokenKind.Mark, Text: "{" or "}" } brace && (depth += brace.Text == "{" ? 1 : -1) == 0)
                return at + 1;
        return null;
    }

    PtxDirective ReadFunctionDirective()
    {
        PtxToken word = _tokens[_position++];
        if (!FunctionDirectives.TryGetValue(word.Text, out int most))
            throw Error($"unknown directive '.{word.Text}'", -1);
        List<string> arguments = [];
        if (most > 0)
            do
                arguments.Add(ReadNumber("a number").ToString(System.Globalization.CultureInfo.InvariantCulture));
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
