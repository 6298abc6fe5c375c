// An instruction: predicate, opcode, modifiers as written, operands, and questions to the modifiers as a set.
namespace HSENet.Ptx;

/// <summary>An instruction. ILGPU does not keep the manual's order of modifiers, so ask for them by name.</summary>
/// <param name="Opcode">The word before the first dot: <c>add</c>, <c>cp</c> of <c>cp.async</c>.</param>
/// <param name="Modifiers">Words after it without dots, as written.</param>
/// <param name="Operands">In the order of the text.</param>
public sealed record PtxInstruction(string Opcode, IReadOnlyList<string> Modifiers, IReadOnlyList<PtxOperand> Operands) : PtxStatement
{
    /// <summary>The guarding predicate, or null.</summary>
    public PtxRegister? Predicate { get; init; }

    /// <summary>True for <c>@!%p</c>.</summary>
    public bool PredicateNegated { get; init; }

    /// <summary>Opcode and modifiers joined by dots.</summary>
    public string Mnemonic => Modifiers.Count == 0 ? Opcode : Opcode + "." + string.Join('.', Modifiers);

    /// <summary>The types among the modifiers, in their order (destination first).</summary>
    public IReadOnlyList<PtxType> Types
    {
        get
        {
            List<PtxType> types = [];
            foreach (string modifier in Modifiers)
                if (PtxTypes.TryParse(modifier, out PtxType type))
                    types.Add(type);
            return types;
        }
    }

    /// <summary>The first state space among the modifiers; null means generic for memory instructions.</summary>
    public PtxSpace? Space
    {
        get
        {
            foreach (string modifier in Modifiers)
                if (PtxTypes.TryParseSpace(modifier, out PtxSpace space))
                    return space;
            return null;
        }
    }

    /// <summary>Elements of a vector access: 2, 4, 8 for <c>.v2</c>, <c>.v4</c>, <c>.v8</c>, else 1.</summary>
    public int VectorWidth => Has("v2") ? 2 : Has("v4") ? 4 : Has("v8") ? 8 : 1;

    /// <summary>Whether the modifier is there, at any place.</summary>
    public bool Has(string modifier)
    {
        for (int i = 0; i < Modifiers.Count; i++)
            if (Modifiers[i] == modifier)
                return true;
        return false;
    }

    /// <summary>
    /// Results, target and arguments of a <c>call</c>; empty lists where none are written. The target is a function's name, or that of the
    /// register which holds the address of one.
    /// </summary>
    /// <exception cref="InvalidOperationException">The instruction is not a call.</exception>
    public (IReadOnlyList<PtxOperand> Results, string Target, IReadOnlyList<PtxOperand> Arguments) Call()
    {
        if (Opcode != "call")
            throw new InvalidOperationException($"{Mnemonic} is not a call");
        int target = Operands[0] is PtxOperandList ? 1 : 0;
        return (target == 1 ? ((PtxOperandList)Operands[0]).Elements : [], Operands[target].ToString(),
            Operands.Count > target + 1 && Operands[target + 1] is PtxOperandList arguments ? arguments.Elements : []);
    }

    /// <summary>Of a call through a register the label of its prototype or targets; null for a direct call.</summary>
    internal string? CallSignature => Operands[^1] is PtxSymbol { Name: string name } && Operands.Any(operand => operand is PtxRegister)
        ? name : null;
}
