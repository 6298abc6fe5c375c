// Functions that take the address of a parameter of theirs: it lies in their local memory then (PTX ISA, mov).
namespace HSENet.Ptx;

/// <summary>Copies such parameters to local variables when the function starts; everything else is done with these.</summary>
static class ParameterAddressLowering
{
    const string Suffix = "$local", Copy = "%$copy";

    /// <summary>The function itself when it takes no address.</summary>
    public static PtxFunction Apply(PtxFunction function)
    {
        if (function.IsEntry)
            return function;
        HashSet<string> taken = [.. PtxRewrite.InstructionsOf(function.Body!)
            .Where(instruction => instruction.Opcode is not ("ld" or "st" or "call"))
            .SelectMany(instruction => instruction.Operands.OfType<PtxSymbol>()).Select(symbol => symbol.Name)];
        PtxVariable[] parameters =
            [.. function.Parameters.Where(parameter => parameter.Space == PtxSpace.Param && taken.Contains(parameter.Name))];
        if (parameters.Length == 0)
            return function;
        taken.IntersectWith(parameters.Select(parameter => parameter.Name));
        PtxFunction lowered = PtxRewrite.Instructions(function, (_, instruction) => [Redirect(instruction, taken)]);
        return lowered with { Body = [.. parameters.SelectMany(Start), .. lowered.Body!] };
    }

    static PtxInstruction Redirect(PtxInstruction instruction, HashSet<string> taken)
    {
        bool accesses = false;
        PtxOperand[] operands = [.. instruction.Operands.Select(operand => operand switch
        {
            PtxSymbol symbol when taken.Contains(symbol.Name) && instruction.Opcode != "call" =>
                symbol with { Name = symbol.Name + Suffix },
            PtxAddress { Base: PtxSymbol symbol } address when taken.Contains(symbol.Name) => Local(address, symbol),
            _ => operand,
        })];
        return instruction with
        {
            Operands = operands,
            Modifiers = accesses ? [.. instruction.Modifiers.Select(word => word is "param" or "param::func" ? "local" : word)]
                : instruction.Modifiers,
        };

        PtxAddress Local(PtxAddress address, PtxSymbol symbol)
        {
            accesses = true;
            return address with { Base = symbol with { Name = symbol.Name + Suffix } };
        }
    }

    static IEnumerable<PtxStatement> Start(PtxVariable parameter)
    {
        int alignment = Math.Min(8, Math.Max(1, parameter.Alignment)), at = 0;
        yield return new PtxVariable(PtxSpace.Local, PtxType.B8, parameter.Name + Suffix)
        {
            DeclaredAlignment = Math.Max(1, parameter.Alignment),
            Dimensions = [parameter.Bytes],
            Line = parameter.Line,
        };
        List<PtxStatement> copies = [new PtxRegisterDeclaration(PtxType.B64, [new PtxRegisterName(Copy, null)])];
        for (int bytes; at < parameter.Bytes; at += bytes)
        {
            bytes = alignment;
            while (at + bytes > parameter.Bytes)
                bytes /= 2;
            copies.Add(new PtxInstruction("ld", ["param", $"b{8 * bytes}"],
                [new PtxRegister(Copy), new PtxAddress(new PtxSymbol(parameter.Name), at)])
            { Line = parameter.Line });
            copies.Add(new PtxInstruction("st", ["local", $"b{8 * bytes}"],
                [new PtxAddress(new PtxSymbol(parameter.Name + Suffix), at), new PtxRegister(Copy)])
            { Line = parameter.Line });
        }
        yield return new PtxBlock(copies) { Line = parameter.Line };
    }
}
