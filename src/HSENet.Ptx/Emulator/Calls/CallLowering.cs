// Calls as the decoder takes them: of a function by name, with arguments and results in .param variables.
namespace HSENet.Ptx;

/// <summary>
/// Rewrites what else PTX allows: functions whose parameters are registers, registers and constants as arguments, and calls through an
/// address, which become a comparison with each function whose address the module takes and that fits the prototype.
/// </summary>
sealed class CallLowering
{
    readonly EmulatorModule _module;
    readonly PtxFunction _function;
    readonly HashSet<string> _parameters;
    readonly Dictionary<string, PtxCallPrototype> _prototypes = [];
    readonly Dictionary<string, PtxCallTargets> _targets = [];

    CallLowering(EmulatorModule module, PtxFunction function)
    {
        (_module, _function) = (module, function);
        _parameters = [.. function.Parameters.Concat(function.Results).Where(variable => variable.Space == PtxSpace.Param)
            .Select(variable => variable.Name)];
        Collect(function.Body!);
    }

    /// <summary>The function itself when there is nothing to rewrite.</summary>
    public static PtxFunction Apply(EmulatorModule module, PtxFunction function)
    {
        CallLowering lowering = new(module, function);
        bool inRegisters = function.Parameters.Concat(function.Results).Any(variable => variable.Space == PtxSpace.Register);
        if (!inRegisters && !PtxRewrite.InstructionsOf(function.Body!).Any(lowering.IsOther))
            return function;
        PtxFunction lowered = PtxRewrite.Instructions(function, (_, instruction) =>
            instruction.Opcode == "ret" ? lowering.Return(instruction) : lowering.IsOther(instruction) ? [lowering.Call(instruction)]
                : [instruction]);
        return inRegisters ? lowering.WithParameters(lowered) : lowered;
    }

    void Collect(IReadOnlyList<PtxStatement> statements)
    {
        foreach (PtxStatement statement in statements)
            switch (statement)
            {
                case PtxVariable { Space: PtxSpace.Param } variable: _parameters.Add(variable.Name); break;
                case PtxCallPrototype prototype: _prototypes[prototype.Name] = prototype; break;
                case PtxCallTargets targets: _targets[targets.Name] = targets; break;
                case PtxBlock block: Collect(block.Statements); break;
            }
    }

    bool IsOther(PtxInstruction instruction)
    {
        if (instruction.Opcode != "call")
            return false;
        (IReadOnlyList<PtxOperand> results, string target, IReadOnlyList<PtxOperand> arguments) = instruction.Call();
        return target != DeviceCalls.NoFunction && (instruction.CallSignature != null || !results.Concat(arguments).All(IsParameter));
    }

    bool IsParameter(PtxOperand operand) => operand is PtxSymbol { Offset: 0, Name: string name } && _parameters.Contains(name);

    PtxBlock Call(PtxInstruction call)
    {
        (IReadOnlyList<PtxOperand> results, string target, IReadOnlyList<PtxOperand> arguments) = call.Call();
        (IReadOnlyList<PtxVariable> formalResults, IReadOnlyList<PtxVariable> formals, IReadOnlyList<string> candidates) = Signature(call);
        if (results.Count != formalResults.Count || arguments.Count != formals.Count)
            throw new PtxException(call.Line,
                $"'{target}' takes {formals.Count} arguments and gives {formalResults.Count} results: {call}");
        List<PtxStatement> before = [], after = [];
        PtxOperand[] passed = [.. arguments.Select((argument, n) => Pass(argument, formals[n], $"$argument{n}", false, call))];
        PtxOperand[] received = [.. results.Select((result, n) => Pass(result, formalResults[n], $"$result{n}", true, call))];
        if (call.CallSignature == null)
        {
            PtxInstruction direct = Direct(target) with { Predicate = call.Predicate, PredicateNegated = call.PredicateNegated };
            return new PtxBlock([.. before, direct, .. after]) { Line = call.Line };
        }
        PtxRegister other = new("%$other"), address = new(target);
        List<PtxStatement> statements = [new PtxRegisterDeclaration(PtxType.Pred, [new PtxRegisterName(other.Name, null)]), .. before];
        if (call.Predicate != null)
            statements.Add(Branch("$done") with { Predicate = call.Predicate, PredicateNegated = !call.PredicateNegated });
        foreach ((int n, string candidate) in candidates.Index())
            statements.AddRange(
            [
                New("setp", ["ne", "b64"], other, address, new PtxSymbol(candidate)),
                Branch($"$next{n}") with { Predicate = other },
                Direct(candidate),
                Branch("$done"),
                new PtxLabel($"$next{n}"),
            ]);
        statements.Add(New("call", [], new PtxSymbol(DeviceCalls.NoFunction), new PtxOperandList([address])));
        return new PtxBlock([.. statements, new PtxLabel("$done"), .. after]) { Line = call.Line };

        PtxInstruction Direct(string function)
        {
            List<PtxOperand> operands = [new PtxSymbol(function)];
            if (received.Length > 0)
                operands.Insert(0, new PtxOperandList(received));
            if (passed.Length > 0)
                operands.Add(new PtxOperandList(passed));
            return New("call", [], [.. operands]);
        }

        PtxInstruction Branch(string label) => New("bra", [], new PtxSymbol(label));

        PtxInstruction New(string opcode, string[] modifiers, params PtxOperand[] operands) =>
            new(opcode, modifiers, operands) { Line = call.Line };

        // A value goes through a variable of the call's own; lanes that do not call keep what a result's register held.
        PtxOperand Pass(PtxOperand operand, PtxVariable formal, string name, bool isResult, PtxInstruction of)
        {
            if (IsParameter(operand))
                return operand;
            if (formal.Dimensions.Count > 0)
                throw new PtxException(of.Line, $"'{operand}' is passed for '{formal.Name}', which is an array: {of}");
            before.Add(new PtxVariable(PtxSpace.Param, Untyped(formal.Type, of.Line), name) { Line = of.Line });
            if (!isResult)
                before.Add(Move("st", operand, name, formal.Type, of.Line));
            else if (operand is not PtxSink)
            {
                PtxInstruction load = Move("ld", operand, name, formal.Type, of.Line);
                after.Add(load with { Predicate = of.Predicate, PredicateNegated = of.PredicateNegated });
            }
            return new PtxSymbol(name);
        }
    }

    (IReadOnlyList<PtxVariable> Results, IReadOnlyList<PtxVariable> Parameters, IReadOnlyList<string> Candidates) Signature(
        PtxInstruction call)
    {
        string target = call.Call().Target;
        if (call.CallSignature is not { } label)
            return _module.TryFunction(target) is { } called ? (called.Results, called.Parameters, [])
                : throw new PtxException(call.Line, $"function '{target}' has no body in this module: {call}");
        if (_prototypes.TryGetValue(label, out PtxCallPrototype? prototype))
            return (prototype.Results, prototype.Parameters, _module.WithAddress(prototype.Results, prototype.Parameters));
        if (_targets.TryGetValue(label, out PtxCallTargets? targets) && _module.TryFunction(targets.Targets[0]) is { } first)
            return (first.Results, first.Parameters, targets.Targets);
        throw new PtxException(call.Line, $"'{label}' is neither a prototype nor a list of functions in this function: {call}");
    }

    IEnumerable<PtxStatement> Return(PtxInstruction instruction) =>
        Results().Select(store => store with
        {
            Predicate = instruction.Predicate,
            PredicateNegated = instruction.PredicateNegated,
            Line = instruction.Line,
        }).Append(instruction);

    IEnumerable<PtxInstruction> Results() => _function.Results.Where(result => result.Space == PtxSpace.Register)
        .Select(result => Move("st", new PtxRegister(result.Name), Outside(result), result.Type, _function.Line));

    // Registers that were parameters are declared in the body, loaded at its start and stored wherever it ends.
    PtxFunction WithParameters(PtxFunction lowered)
    {
        List<PtxStatement> body = [];
        foreach (PtxVariable variable in _function.Parameters.Concat(_function.Results).Where(v => v.Space == PtxSpace.Register))
            body.Add(new PtxRegisterDeclaration(variable.Type, [new PtxRegisterName(variable.Name, null)]));
        foreach (PtxVariable parameter in _function.Parameters.Where(parameter => parameter.Space == PtxSpace.Register))
            body.Add(Move("ld", new PtxRegister(parameter.Name), Outside(parameter), parameter.Type, _function.Line));
        return lowered with
        {
            Parameters = [.. _function.Parameters.Select(AsParameter)],
            Results = [.. _function.Results.Select(AsParameter)],
            Body = [.. body, .. lowered.Body!, .. Results()],
        };
    }

    PtxVariable AsParameter(PtxVariable variable) => variable.Space == PtxSpace.Param ? variable
        : variable with { Space = PtxSpace.Param, Name = Outside(variable), Type = Untyped(variable.Type, _function.Line) };

    static string Outside(PtxVariable register) => register.Name.TrimStart('%') + "$parameter";

    static PtxInstruction Move(string opcode, PtxOperand value, string parameter, PtxType type, int line)
    {
        PtxAddress address = new(new PtxSymbol(parameter), 0);
        return new PtxInstruction(opcode, ["param", Untyped(type, line).Word()], opcode == "ld" ? [value, address] : [address, value])
        {
            Line = line,
        };
    }

    static PtxType Untyped(PtxType type, int line) => type.Bits() switch
    {
        8 => PtxType.B8,
        16 => PtxType.B16,
        32 => PtxType.B32,
        64 => PtxType.B64,
        _ => throw new PtxException(line, $"the emulator passes no .{type.Word()} to functions"),
    };
}
