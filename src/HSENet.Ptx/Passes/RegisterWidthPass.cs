// Refuses registers of the wrong width: ILGPU writes a few, and an assembler would not take them.
namespace HSENet.Ptx;

/// <summary>Checks that the registers of arithmetic, moves, comparisons and memory accesses are as wide as the instruction's types
/// say.</summary>
public static class RegisterWidthPass
{
    // A letter for each operand: t as wide as the first type, T as the last, w twice the first if the form is wide, 3 for 32 bits,
    // + at least as wide as the type, . not checked (predicates, addresses, and cvt, which takes wider registers).
    static readonly Dictionary<string, string> Widths = """
        abs tt neg tt not tt cnot tt brev tt mov tt cvta tt rcp tt sqrt tt rsqrt tt sin tt cos tt lg2 tt ex2 tt tanh tt
        add ttt sub ttt div ttt rem ttt min ttt max ttt and ttt or ttt xor ttt copysign ttt mul24 ttt
        mul wtt mad wttw fma tttt sad tttt mad24 tttt prmt tttt shf tttt lop3 tttt3 dp4a tttt dp2a tttt
        shl tt3 shr tt3 bfe tt33 bfi ttt33 popc 3t clz 3t bfind 3t szext tt3 bmsk t33 fns t3tt
        setp .tt. set tTT. selp ttt. slct tttT testp .t shfl tt333 vote ..3 redux tt3 match .t3
        ld + st .+ atom t.tt red .t
        """.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>The module itself, when every register has its width.</summary>
    /// <exception cref="PtxException">Names the instruction and the first register of a wrong width.</exception>
    public static PtxModule Apply(PtxModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        foreach (PtxFunction function in module.Functions.Where(function => function.Body != null))
        {
            PtxCode code = PtxCode.Of(function);
            foreach (PtxInstruction instruction in code.Instructions)
                if (Widths.TryGetValue(instruction.Opcode, out string? widths))
                    Check(instruction, widths, code.Registers);
        }
        return module;
    }

    static void Check(PtxInstruction instruction, string widths, IReadOnlyDictionary<string, PtxType> registers)
    {
        for (int i = 0; i < Math.Min(widths.Length, instruction.Operands.Count); i++)
        {
            int expected = Expected(instruction, widths[i]);
            foreach (string register in Scalars(instruction, i))
                if (registers[register].Bits() is int found && expected > 0 && (widths[i] == '+' ? found < expected : found != expected))
                    throw new PtxException(instruction.Line,
                        $"{register} has {found} bits, '{instruction.Mnemonic}' takes {expected}: {instruction}");
        }
    }

    static int Expected(PtxInstruction instruction, char width) => width switch
    {
        't' or '+' => instruction.Types[0].Bits(),
        'T' => instruction.Types[^1].Bits(),
        'w' => instruction.Types[0].Bits() * (instruction.Has("wide") ? 2 : 1),
        '3' => 32,
        _ => 0,
    };

    // A vector of mov shares the width between its elements; those of ld and st have the type each.
    static IEnumerable<string> Scalars(PtxInstruction instruction, int operand) => instruction.Operands[operand] switch
    {
        PtxRegister register => [register.Name],
        PtxPair { First: PtxRegister register } => [register.Name],
        PtxVector vector when instruction.Opcode is "ld" or "st" => vector.Elements.OfType<PtxRegister>().Select(register => register.Name),
        _ => [],
    };
}
