// The parser, part 2: the statements of a body.
namespace HSENet.Ptx;

sealed partial class PtxParser
{
    RegisterScopes _scopes = new();
    bool _inCall;

    // After the opening brace, to the closing one.
    List<PtxStatement> ReadStatements(int depth)
    {
        List<PtxStatement> statements = [];
        while (!TakeMark('}'))
        {
            if (Current.Kind == PtxTokenKind.End)
                throw Error("the text ends inside a body");
            if (TakeMark(';'))
                continue;
            int line = Current.Line;
            statements.Add(ReadStatement(depth) with { Line = line });
        }
        _scopes.Close();
        return statements;
    }

    PtxStatement ReadStatement(int depth)
    {
        if (TakeMark('{'))
        {
            if (depth == DeepestBlock)
                throw Error("blocks are nested too deep", -1);
            _scopes.Open();
            return new PtxBlock(ReadStatements(depth + 1));
        }
        if (Current.Kind == PtxTokenKind.Word)
            return ReadBodyDirective();
        if (Current.Kind == PtxTokenKind.Name && _tokens[_position + 1] is { Kind: PtxTokenKind.Mark, Text: ":" })
        {
            string name = _tokens[_position].Text;
            _position += 2;
            return TakeWord("branchtargets") ? new PtxBranchTargets(name, ReadNames())
                : TakeWord("calltargets") ? new PtxCallTargets(name, ReadNames())
                : TakeWord("callprototype") ? ReadCallPrototype(name) : new PtxLabel(name);
        }
        return ReadInstruction();
    }

    PtxStatement ReadBodyDirective()
    {
        switch (Current.Text)
        {
            case "reg":
                _position++;
                return ReadRegisters();
            case "local" or "shared" or "param" or "global" or "const":
                PtxVariable variable = ReadVariable();
                TakeEnd();
                return variable;
            case "pragma" or "loc" or "file":
                return ReadDirective();
            default:
                throw Error($"unknown directive '{Shown(Current)}'");
        }
    }

    // .pragma "text"; .file 1 "name" [, n, n] and .loc 1 2 3 [, words] have no semicolon: they end with their line.
    PtxDirective ReadDirective()
    {
        PtxToken word = _tokens[_position++];
        List<string> arguments = [];
        while (Current.Line == word.Line && Current.Kind is not PtxTokenKind.End && !IsMark(';') && !IsMark('}') && !IsMark('{'))
        {
            if (Current.Kind is not (PtxTokenKind.Integer or PtxTokenKind.String or PtxTokenKind.Name) && !IsMark(','))
                throw Error($"'{Shown(Current)}' does not belong in .{word.Text}");
            arguments.Add(_tokens[_position++].Text);
        }
        if (arguments.Count == 0)
            throw Error($".{word.Text} needs arguments", -1);
        if (word.Text == "pragma")
            TakeEnd();
        return new PtxDirective(word.Text, arguments) { Line = word.Line };
    }

    PtxRegisterDeclaration ReadRegisters()
    {
        int width = TakeWord("v2") ? 2 : TakeWord("v4") ? 4 : 1;
        PtxType type = ReadType();
        if (type == PtxType.B128)
            (type, width) = width == 1 ? (PtxType.B64, 2) : throw Error("there are no vectors of 128-bit registers", -1);
        List<PtxRegisterName> names = [];
        do
        {
            string name = Take(PtxTokenKind.Name, "a register's name").Text;
            int? count = null;
            if (TakeMark('<'))
            {
                ulong number = StartsConstant ? ReadConstant(ShiftLevel + 1).Bits : throw Error("expected a number of registers");
                if (number > MostRegisters)
                    throw Error($"{number} registers are too many", -1);
                count = (int)number;
                TakeMark('>', "'>'");
            }
            if (!_scopes.Declare(new PtxRegisterName(name, count), type, width))
                throw Error($"register '{name}' is declared twice", -1);
            if (width == 1)
                names.Add(new PtxRegisterName(name, count));
            else
                names.AddRange(DeclareElements(name, count, type, width));
        }
        while (TakeMark(','));
        TakeEnd();
        return new PtxRegisterDeclaration(type, names);
    }

    // A register of vector type is so many scalar ones, with the component in their names.
    List<PtxRegisterName> DeclareElements(string name, int? count, PtxType type, int width)
    {
        List<PtxRegisterName> elements = [];
        foreach (string one in count is int many ? Enumerable.Range(0, many).Select(n => name + n) : [name])
            for (int i = 0; i < width; i++)
            {
                elements.Add(new PtxRegisterName(ElementOf(one, i), null));
                if (!_scopes.Declare(elements[^1], type))
                    throw Error($"register '{elements[^1].Name}' is declared twice", -1);
            }
        return elements;
    }

    List<string> ReadNames()
    {
        List<string> names = [];
        do
            names.Add(Take(PtxTokenKind.Name, "a name").Text);
        while (TakeMark(','));
        TakeEnd();
        return names;
    }

    // name: .callprototype (results) _ (parameters) [.noreturn];
    PtxCallPrototype ReadCallPrototype(string name)
    {
        IReadOnlyList<PtxVariable> results = IsMark('(') ? ReadParameters() : [];
        Take(PtxTokenKind.Name, "'_'");
        IReadOnlyList<PtxVariable> parameters = IsMark('(') ? ReadParameters() : [];
        while (Current.Kind == PtxTokenKind.Word)
            ReadFunctionDirective();
        TakeEnd();
        return new PtxCallPrototype(name, results, parameters);
    }

    PtxInstruction ReadInstruction()
    {
        int start = _position;
        PtxRegister? predicate = null;
        bool negated = false;
        if (TakeMark('@'))
        {
            negated = TakeMark('!');
            predicate = ReadPredicate();
        }
        string opcode = Take(PtxTokenKind.Name, "an instruction").Text;
        if (!PtxInstructionTable.Knows(opcode))
            throw Error($"unknown instruction '{opcode}'", -1);
        List<string> modifiers = [];
        while (Current.Kind == PtxTokenKind.Word)
            modifiers.Add(_tokens[_position++].Text);
        // A register of 128 bits is a vector of two.
        if (opcode is "ld" or "st" or "mov" && modifiers.IndexOf("b128") is int wide and >= 0)
            modifiers = [.. modifiers[..wide], "v2", "b64", .. modifiers[(wide + 1)..]];
        List<PtxOperand> operands = [];
        _inCall = opcode == "call";
        if (!IsMark(';'))
            do
                operands.Add(ReadOperand(0));
            while (TakeMark(','));
        PtxInstruction instruction = new(opcode, modifiers, operands) { Predicate = predicate, PredicateNegated = negated };
        if (!IsMark(';'))
            throw Error($"expected ';' after '{instruction.Mnemonic}', found '{Shown(Current)}'");
        _position++;
        if (PtxInstructionTable.Fault(instruction, TypeOf) is string fault)
            throw PtxSource.Error(_text, _tokens[start].Line, fault);
        return PtxInstructionTable.WithTypedConstants(instruction);
    }
}
