// Checks the operands of an instruction: kinds, predicates where they belong, sizes of vectors, types of constants.
using System.Globalization;

namespace HSENet.Ptx;

static partial class PtxInstructionTable
{
    static string? OperandFault(Form form, PtxInstruction instruction, Func<string, PtxType> typeOf)
    {
        int optional = instruction.Operands.Count - form.Fewest;
        int index = 0;
        foreach (OperandSlot slot in form.Operands)
        {
            if (slot.Optional && optional-- <= 0)
                continue;
            PtxOperand operand = instruction.Operands[index++];
            if (!Fits(slot.Kind, operand, typeOf))
                return $"operand {index} of '{instruction.Mnemonic}' cannot be '{operand}'";
        }
        return null;
    }

    static bool Fits(char kind, PtxOperand operand, Func<string, PtxType> typeOf)
    {
        return kind switch
        {
            'd' => IsValue(operand) || operand is PtxSink,
            'D' => Fits('d', operand, typeOf) || IsVectorOf('d'),
            'P' => Fits('d', operand, typeOf) || operand is PtxPair pair && Fits('d', pair.First, typeOf) && Fits('q', pair.Second, typeOf),
            'q' => IsPredicate(operand) || operand is PtxSink,
            'Q' => Fits('q', operand, typeOf) || operand is PtxPair pair && Fits('q', pair.First, typeOf) && Fits('q', pair.Second, typeOf),
            'b' => IsPredicate(operand) || operand is PtxInteger,
            'p' => Fits('b', operand, typeOf) || operand is PtxNegated,
            's' => IsValue(operand) || operand is PtxSpecialRegister or PtxInteger or PtxFloat32 or PtxFloat64 or PtxSymbol,
            'S' => Fits('s', operand, typeOf) || IsVectorOf('s'),
            'V' => IsVectorOf('s'),
            'W' => IsVectorOf('d'),
            'm' => operand is PtxAddress address && (address.Base is not PtxRegister || IsValue(address.Base)),
            'l' => operand is PtxSymbol { Offset: 0 },
            'c' => operand is PtxSymbol { Offset: 0 } || IsValue(operand)
                || operand is PtxOperandList list && list.Elements.All(element => Fits('s', element, typeOf) || element is PtxSink),
            _ => false,
        };

        bool IsPredicate(PtxOperand register) => register is PtxRegister { Name: string name } && typeOf(name) == PtxType.Pred;
        bool IsValue(PtxOperand register) => register is PtxRegister { Name: string name } && typeOf(name) != PtxType.Pred;
        bool IsVectorOf(char element) =>
            operand is PtxVector vector && vector.Elements.Count > 0 && vector.Elements.All(value => Fits(element, value, typeOf));
    }

    // What the slots do not say: lengths of vectors, the order of a call, the sizes of asynchronous copies.
    static string? VectorFault(PtxInstruction instruction) => instruction.Opcode switch
    {
        "call" => CallFault(instruction),
        "cp" => CopyFault(instruction),
        "mma" => MatrixFault(instruction),
        "mov" => MoveFault(instruction),
        "ldmatrix" or "stmatrix" => CountFault(instruction, instruction.Has("x1") ? 1 : instruction.Has("x2") ? 2 : 4),
        "ld" or "st" or "ldu" or "atom" or "red" => CountFault(instruction, instruction.VectorWidth),
        _ => null,
    };

    static int ElementCount(PtxOperand operand) => operand is PtxVector vector ? vector.Elements.Count : 1;

    static string? CountFault(PtxInstruction instruction, int expected)
    {
        expected = instruction.Has("b128") ? 2 : expected; // halves of a register
        int found = instruction.Operands.Max(ElementCount);
        return found == expected ? null : $"'{instruction.Mnemonic}' moves {expected} values, found {found}";
    }

    static string? CallFault(PtxInstruction instruction)
    {
        string order = string.Concat(instruction.Operands.Select(operand =>
            operand is PtxSymbol ? 'n' : operand is PtxRegister ? 'r' : 'l'));
        return order is "n" or "nl" or "ln" or "lnl" or "rn" or "rln" or "lrn" or "lrln"
            ? null : "a call is written call (results), name, (arguments), or with a register instead of the name and a label at the end";
    }

    static string? CopyFault(PtxInstruction instruction)
    {
        if (instruction.Has("wait_group"))
            return instruction.Operands[0] is PtxInteger { Value: >= 0 }
                ? null
                : $"'{instruction.Mnemonic}' takes a constant number of groups";
        if (instruction.Operands.Count < 3)
            return null;
        bool isSize = instruction.Operands[2] is PtxInteger size && (size.Value == 16 || instruction.Has("ca") && size.Value is 4 or 8);
        return isSize
            ? null
            : $"'{instruction.Mnemonic}' copies {(instruction.Has("ca") ? "4, 8 or 16" : "16")} bytes, not {instruction.Operands[2]}";
    }

    static string? MatrixFault(PtxInstruction instruction)
    {
        IReadOnlyList<PtxType> types = instruction.Types;
        if (types[1] != types[2] && types[1].Bits() != 8)
            return $"'{instruction.Mnemonic}' multiplies two types";
        string shape = instruction.Modifiers.First(modifier => modifier.StartsWith("m16n8k", StringComparison.Ordinal));
        int depth = int.Parse(shape["m16n8k".Length..], CultureInfo.InvariantCulture);
        int accumulators = 16 * 8 * types[0].Bits() / (32 * 32);
        int[] expected = [accumulators, 16 * depth * types[1].Bits() / (32 * 32), 8 * depth * types[1].Bits() / (32 * 32), accumulators];
        int[] found = [.. instruction.Operands.Select(ElementCount)];
        return found.SequenceEqual(expected)
            ? null
            : $"'{instruction.Mnemonic}' takes {string.Join(", ", expected)} registers, found {string.Join(", ", found)}";
    }

    static string? MoveFault(PtxInstruction instruction)
    {
        if (instruction.VectorWidth > 1)
            return instruction.Operands.All(operand => operand is PtxVector && ElementCount(operand) == instruction.VectorWidth)
                ? null : $"'{instruction.Mnemonic}' moves {instruction.VectorWidth} values";
        int count = Math.Max(ElementCount(instruction.Operands[0]), ElementCount(instruction.Operands[1]));
        if (instruction.Operands[0] is not PtxVector && instruction.Operands[1] is not PtxVector)
            return null;
        bool fits = count is 2 or 4 && instruction.Has($"b{instruction.Types[0].Bits()}") && instruction.Types[0].Bits() / count >= 8;
        return fits && instruction.Operands[0] is PtxVector != instruction.Operands[1] is PtxVector
            ? null : $"'{instruction.Mnemonic}' packs or unpacks 2 or 4 values of a .b type";
    }

    static readonly string[] TypedConstants = ["add", "sub", "mul", "fma", "min", "max", "div", "mov", "selp", "neg", "abs", "setp"];

    // A constant of one type in an instruction of another would be read as bits that nobody meant.
    static string? ConstantFault(PtxInstruction instruction)
    {
        if (!TypedConstants.Contains(instruction.Opcode) || instruction.Types.Count != 1)
            return null;
        PtxType type = instruction.Types[0];
        bool isInteger = type.Word()[0] is 'u' or 's';
        foreach (PtxOperand operand in instruction.Operands)
            if (operand is PtxInteger && type is PtxType.F32 or PtxType.F64 || operand is PtxFloat32 or PtxFloat64 && isInteger
                || operand is PtxFloat32 && type.Bits() == 64 || operand is PtxFloat64 && type.Bits() < 64 && type != PtxType.F32)
                return $"constant '{operand}' has another type than '{instruction.Mnemonic}'";
        return null;
    }
}
