// The names of variables, functions and labels that an instruction refers to.
namespace HSENet.Ptx;

static class SymbolUse
{
    public static IEnumerable<string> Of(PtxInstruction instruction) => instruction.Operands.SelectMany(Of);

    public static IEnumerable<string> Of(PtxOperand operand) => operand switch
    {
        PtxSymbol symbol => [symbol.Name],
        PtxAddress { Base: PtxSymbol symbol } => [symbol.Name],
        PtxVector vector => vector.Elements.SelectMany(Of),
        PtxOperandList list => list.Elements.SelectMany(Of),
        _ => [],
    };
}
