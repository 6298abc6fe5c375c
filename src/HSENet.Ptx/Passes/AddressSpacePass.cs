// Generic accesses through a kernel's views become .global: ILGPU does this only at O2.
namespace HSENet.Ptx;

/// <summary>
/// Finds out where the registers of a kernel point. What comes from a kernel parameter, or from a pointer read out of global
/// memory, is global; what also comes from a shared or local variable, a call or another memory is not known and stays generic.
/// </summary>
public static class AddressSpacePass
{
    // In this order: where several values meet, the larger is taken, and only Global is ever used.
    enum Origin : byte { Number, Global, Other }

    static readonly string[] KeepPointers = ["mov", "add", "sub", "selp", "slct", "cvta", "cvt", "and", "or", "xor", "min", "max"];
    static readonly string[] BeforeSpace = ["weak", "relaxed", "acquire", "release", "acq_rel", "volatile", "cta", "cluster", "gpu", "sys"];

    /// <summary>The module with <c>.global</c> at every access of its kernels that is one for certain.</summary>
    public static PtxModule Apply(PtxModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        HashSet<string> globals = [.. module.Variables.Where(variable => variable.Space == PtxSpace.Global)
            .Select(variable => variable.Name)];
        return PtxRewrite.Functions(module, function =>
            function is { IsEntry: true, Body: not null } ? Apply(function, globals) : function);
    }

    static PtxFunction Apply(PtxFunction kernel, HashSet<string> globals)
    {
        IReadOnlyList<PtxInstruction> code = new RegisterWebs(ControlFlowGraph.Of(kernel)).Instructions;
        Dictionary<string, Origin> origins = Origins(kernel, code, globals);
        return PtxRewrite.Instructions(kernel, (index, instruction) =>
            IsGenericAccess(instruction) && OfAddress(code[index], origins, globals) == Origin.Global ? [WithGlobal(instruction)]
                : [instruction]);
    }

    static bool IsGenericAccess(PtxInstruction instruction) =>
        instruction.Space == null && instruction.Opcode is "ld" or "st" or "atom" or "red";

    static PtxInstruction WithGlobal(PtxInstruction instruction)
    {
        List<string> modifiers = [.. instruction.Modifiers];
        modifiers.Insert(modifiers.TakeWhile(BeforeSpace.Contains).Count(), "global");
        return instruction with { Modifiers = modifiers };
    }

    static Dictionary<string, Origin> Origins(PtxFunction kernel, IReadOnlyList<PtxInstruction> code, HashSet<string> globals)
    {
        Dictionary<string, Origin> origins = [];
        HashSet<string> parameters = [.. kernel.Parameters.Select(parameter => parameter.Name)];
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (PtxInstruction instruction in code)
            {
                Origin origin = OfResult(instruction, parameters, origins, globals);
                foreach (string register in instruction.Writes())
                    if (origin > origins.GetValueOrDefault(register))
                    {
                        origins[register] = origin;
                        changed = true;
                    }
            }
        }
        return origins;
    }

    static Origin OfResult(PtxInstruction instruction, HashSet<string> parameters, Dictionary<string, Origin> origins,
        HashSet<string> globals)
    {
        switch (instruction.Opcode)
        {
            case "ld" or "atom" when !instruction.Types.Any(type => type.Bits() >= 64 && type != PtxType.F64):
                return Origin.Number;
            case "ld" when instruction.Space == PtxSpace.Param:
                return instruction.Operands[1] is PtxAddress { Base: PtxSymbol symbol } && parameters.Contains(symbol.Name)
                    ? Origin.Global : Origin.Other;
            case "ld" or "atom":
                return instruction.Space is null or PtxSpace.Global ? OfAddress(instruction, origins, globals) : Origin.Other;
            case "call":
                return Origin.Other;
        }
        // Too narrow for an address, whatever it was made of: an index that was read from shared memory, for example.
        if (instruction.Opcode == "cvt" && instruction.Types[0].Bits() < 64)
            return Origin.Number;
        Origin[] sources = [.. instruction.Operands.Skip(1).Select(operand => Of(operand, origins, globals))];
        Origin largest = sources.DefaultIfEmpty(Origin.Number).Max();
        if (largest == Origin.Other)
            return Origin.Other;
        if (instruction.Opcode == "mad")
            return sources[2];
        if (instruction.Opcode == "cvta")
            return instruction.Space == PtxSpace.Global ? Origin.Global : Origin.Other;
        return KeepPointers.Contains(instruction.Opcode) ? largest : Origin.Number;
    }

    static Origin OfAddress(PtxInstruction instruction, Dictionary<string, Origin> origins, HashSet<string> globals) =>
        instruction.Operands.OfType<PtxAddress>().First().Base is PtxOperand register ? Of(register, origins, globals) : Origin.Number;

    static Origin Of(PtxOperand operand, Dictionary<string, Origin> origins, HashSet<string> globals) => operand switch
    {
        PtxRegister register => origins.GetValueOrDefault(register.Name),
        PtxSymbol symbol => globals.Contains(symbol.Name) ? Origin.Global : Origin.Other,
        PtxVector vector => vector.Elements.Max(element => Of(element, origins, globals)),
        _ => Origin.Number,
    };
}
