// A function's body as a flat list of instructions: blocks opened, names made unique, labels as indices.
namespace HSENet.Ptx;

/// <summary>
/// What an executor or an analysis needs of a body. Names that an inner block declares again get a suffix, so every name
/// means one thing; <see cref="Registers"/> holds the registers that are used.
/// </summary>
public sealed class PtxCode
{
    readonly Dictionary<string, int> _labels = [];
    readonly Dictionary<string, IReadOnlyList<string>> _branchTargets = [];
    readonly Dictionary<string, PtxType> _registers = [];
    readonly List<PtxInstruction> _instructions = [];
    readonly List<PtxVariable> _variables = [];
    readonly HashSet<string> _taken = [];
    readonly RegisterScopes _scopes = new();
    readonly List<Scope> _open = [];
    int _scopeCount;

    // A block: its number, and the unique names of the labels and variables that it declares.
    sealed record Scope(int Number, Dictionary<string, string> Names);

    PtxCode(PtxFunction function)
    {
        Function = function;
    }

    /// <summary>The function.</summary>
    public PtxFunction Function { get; }

    /// <summary>All instructions in order.</summary>
    public IReadOnlyList<PtxInstruction> Instructions => _instructions;

    /// <summary>Index of the instruction after each label; the number of instructions for a label at the end.</summary>
    public IReadOnlyDictionary<string, int> Labels => _labels;

    /// <summary>Labels of each <c>.branchtargets</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> BranchTargets => _branchTargets;

    /// <summary>Type of each register that occurs.</summary>
    public IReadOnlyDictionary<string, PtxType> Registers => _registers;

    /// <summary>Variables that the body declares, in order.</summary>
    public IReadOnlyList<PtxVariable> Variables => _variables;

    /// <summary>Opens the body of a function.</summary>
    /// <exception cref="PtxException">A label is missing or declared twice, or the function has no body.</exception>
    public static PtxCode Of(PtxFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (function.Body == null)
            throw new PtxException(function.Line, $"'{function.Name}' has no body");
        PtxCode code = new(function);
        code._scopes.Open();
        foreach (PtxVariable register in function.Results.Concat(function.Parameters)
            .Where(variable => variable.Space == PtxSpace.Register))
            code._scopes.Declare(new PtxRegisterName(register.Name, null), register.Type);
        code.Add(function.Body);
        code.CheckTargets();
        return code;
    }

    // Labels and variables of a block are known in all of it, so they are collected before its instructions are read.
    void Add(IReadOnlyList<PtxStatement> statements)
    {
        Scope scope = new(_scopeCount++, []);
        _open.Add(scope);
        foreach (PtxStatement statement in statements)
            if (NameOf(statement) is string name && !scope.Names.TryAdd(name, Unique(name)))
                throw new PtxException(statement.Line, $"'{name}' is declared twice");
        foreach (PtxStatement statement in statements)
            Add(statement, scope);
        _open.RemoveAt(_open.Count - 1);
    }

    static string? NameOf(PtxStatement statement) => statement switch
    {
        PtxLabel label => label.Name,
        PtxVariable variable => variable.Name,
        PtxBranchTargets targets => targets.Name,
        _ => null,
    };

    void Add(PtxStatement statement, Scope scope)
    {
        switch (statement)
        {
            case PtxLabel label: _labels[scope.Names[label.Name]] = _instructions.Count; break;
            case PtxVariable variable: _variables.Add(variable with { Name = scope.Names[variable.Name] }); break;
            case PtxBranchTargets targets: _branchTargets[scope.Names[targets.Name]] = [.. targets.Targets.Select(Symbol)]; break;
            case PtxRegisterDeclaration declaration:
                foreach (PtxRegisterName name in declaration.Names)
                    _scopes.Declare(name, declaration.Type);
                break;
            case PtxBlock block:
                _scopes.Open();
                Add(block.Statements);
                _scopes.Close();
                break;
            case PtxInstruction instruction:
                _instructions.Add(instruction with
                {
                    Operands = [.. instruction.Operands.Select(Resolve)],
                    Predicate = instruction.Predicate is PtxRegister predicate ? (PtxRegister)Resolve(predicate) : null,
                });
                break;
        }
    }

    string Unique(string name)
    {
        string unique = name;
        for (int i = 1; !_taken.Add(unique); i++)
            unique = $"{name}${i}";
        return unique;
    }

    string Symbol(string name)
    {
        for (int i = _open.Count - 1; i >= 0; i--)
            if (_open[i].Names.TryGetValue(name, out string? unique))
                return unique;
        return name;
    }

    PtxOperand Resolve(PtxOperand operand) => operand switch
    {
        PtxRegister register => Resolve(register),
        PtxSymbol symbol => symbol with { Name = Symbol(symbol.Name) },
        PtxAddress { Base: not null } address => address with { Base = Resolve(address.Base) },
        PtxVector vector => new PtxVector([.. vector.Elements.Select(Resolve)]),
        PtxOperandList list => new PtxOperandList([.. list.Elements.Select(Resolve)]),
        PtxPair pair => new PtxPair(Resolve(pair.First), Resolve(pair.Second)),
        PtxNegated negated => new PtxNegated(Resolve(negated.Register)),
        _ => operand,
    };

    // A register of an inner block takes the block's number into its name.
    PtxRegister Resolve(PtxRegister register)
    {
        if (!_scopes.TryFind(register.Name, out PtxType type, out int depth))
            throw new PtxException(Function.Line, $"register {register.Name} of '{Function.Name}' is not declared");
        PtxRegister unique = depth == 0 ? register : new PtxRegister($"{register.Name}${_open[depth].Number}");
        _registers[unique.Name] = type;
        return unique;
    }

    void CheckTargets()
    {
        foreach (PtxInstruction instruction in _instructions)
            if (instruction.Opcode == "bra" && !_labels.ContainsKey(((PtxSymbol)instruction.Operands[0]).Name))
                throw new PtxException(instruction.Line, $"label '{instruction.Operands[0]}' is not in '{Function.Name}'");
            else if (instruction.Opcode == "brx" && !_branchTargets.ContainsKey(((PtxSymbol)instruction.Operands[1]).Name))
                throw new PtxException(instruction.Line, $"branch targets '{instruction.Operands[1]}' are not in '{Function.Name}'");
        foreach ((string name, IReadOnlyList<string> targets) in _branchTargets)
            if (targets.FirstOrDefault(target => !_labels.ContainsKey(target)) is string missing)
                throw new PtxException(Function.Line, $"label '{missing}' of '{name}' is not in '{Function.Name}'");
    }
}
