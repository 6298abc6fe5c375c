// Which registers an instruction reads and writes.
namespace HSENet.Ptx;

/// <summary>Registers read and written by an instruction, by name.</summary>
public static class RegisterUse
{
    /// <summary>The registers that the instruction writes: all of a vector or pair, results of a call.</summary>
    public static IEnumerable<string> Writes(this PtxInstruction instruction)
    {
        ArgumentNullException.ThrowIfNull(instruction);
        return HasDestination(instruction) ? Within(instruction.Operands[0]) : [];
    }

    /// <summary>The registers that the instruction reads, the guarding predicate first, address registers too; one that occurs twice is
    /// given twice.</summary>
    public static IEnumerable<string> Reads(this PtxInstruction instruction)
    {
        ArgumentNullException.ThrowIfNull(instruction);
        IEnumerable<string> sources = instruction.Operands.Skip(HasDestination(instruction) ? 1 : 0).SelectMany(Within);
        return instruction.Predicate == null ? sources : sources.Prepend(instruction.Predicate.Name);
    }

    static bool HasDestination(PtxInstruction instruction) =>
        instruction.Opcode == "call" ? instruction.Operands[0] is PtxOperandList : PtxInstructionTable.WritesFirst(instruction);

    static IEnumerable<string> Within(PtxOperand operand) => operand switch
    {
        PtxRegister register => [register.Name],
        PtxNegated negated => [negated.Register.Name],
        PtxAddress { Base: PtxRegister register } => [register.Name],
        PtxVector vector => vector.Elements.SelectMany(Within),
        PtxOperandList list => list.Elements.SelectMany(Within),
        PtxPair pair => Within(pair.First).Concat(Within(pair.Second)),
        _ => [],
    };
}
