// Checks an instruction against the table of known forms: modifiers in any order, kinds and number of operands.
namespace HSENet.Ptx;

static partial class PtxInstructionTable
{
    readonly record struct OperandSlot(char Kind, bool Optional);

    readonly record struct ModifierGroup(string[] Words, bool Optional);

    sealed record Form(OperandSlot[] Operands, ModifierGroup[] Groups)
    {
        public int Fewest { get; } = Operands.Count(slot => !slot.Optional);
        public bool WritesFirst { get; } = Operands is [{ Kind: 'd' or 'D' or 'W' or 'P' or 'q' or 'Q' }, ..];
    }

    static readonly Dictionary<string, Form[]> Forms = Read();

    // Opcodes whose modifiers say whether there is a destination: bar.sync and bar.red.
    static readonly HashSet<string> MixedOpcodes =
        [.. Forms.Where(pair => pair.Value.Any(form => form.WritesFirst != pair.Value[0].WritesFirst)).Select(pair => pair.Key)];

    public static bool Knows(string opcode) => Forms.ContainsKey(opcode);

    /// <summary>Every opcode of the table.</summary>
    public static IEnumerable<string> Opcodes => Forms.Keys;

    /// <summary>What is wrong with an instruction, or null.</summary>
    public static string? Fault(PtxInstruction instruction, Func<string, PtxType> typeOf)
    {
        Form[] forms = Forms[instruction.Opcode];
        foreach (string modifier in instruction.Modifiers)
            if (!forms.Any(form => form.Groups.Any(group => group.Words.Contains(modifier))))
                return $"unknown modifier '.{modifier}' of '{instruction.Opcode}'";
        Form[] fitting = [.. forms.Where(form => Accepts(form.Groups, instruction.Modifiers))];
        if (fitting.Length == 0)
            return $"'{instruction.Mnemonic}' is not a form of '{instruction.Opcode}': modifiers are missing or do not go together";
        int count = instruction.Operands.Count;
        Form[] counted = [.. fitting.Where(form => count >= form.Fewest && count <= form.Operands.Length)];
        if (counted.Length == 0)
            return $"'{instruction.Mnemonic}' takes {string.Join(" or ", fitting.Select(Count).Distinct())} operands, found {count}";
        string? fault = null;
        foreach (Form form in counted)
        {
            fault = OperandFault(form, instruction, typeOf) ?? VectorFault(instruction) ?? ConstantFault(instruction);
            if (fault == null)
                return null;
        }
        return fault;
    }

    /// <summary>Whether the first operand is a destination.</summary>
    public static bool WritesFirst(PtxInstruction instruction)
    {
        Form[] forms = Forms[instruction.Opcode];
        return !MixedOpcodes.Contains(instruction.Opcode)
            ? forms[0].WritesFirst
            : forms.FirstOrDefault(form => Accepts(form.Groups, instruction.Modifiers)) is { WritesFirst: true };
    }

    /// <summary>Decimal constants are 64-bit; in an instruction of f32 they mean the nearest f32.</summary>
    public static PtxInstruction WithTypedConstants(PtxInstruction instruction)
    {
        if (!instruction.Operands.Any(HasFloat64) || instruction.Has("f64") || !instruction.Has("f32"))
            return instruction;
        return instruction with { Operands = [.. instruction.Operands.Select(ToFloat32)] };
    }

    static bool HasFloat64(PtxOperand operand) => operand is PtxFloat64 || operand is PtxVector vector && vector.Elements.Any(HasFloat64);

    static PtxOperand ToFloat32(PtxOperand operand) => operand switch
    {
        PtxFloat64 number => new PtxFloat32(BitConverter.SingleToUInt32Bits((float)number.Value)),
        PtxVector vector => new PtxVector([.. vector.Elements.Select(ToFloat32)]),
        _ => operand,
    };

    static string Count(Form form) => form.Fewest == form.Operands.Length ? $"{form.Fewest}" : $"{form.Fewest} to {form.Operands.Length}";

    // Each modifier takes the first free group that has it, a type one behind that of the type before.
    // Every group that is not optional must be taken.
    static bool Accepts(ModifierGroup[] groups, IReadOnlyList<string> modifiers)
    {
        Span<bool> taken = stackalloc bool[groups.Length];
        int nextType = 0;
        foreach (string modifier in modifiers)
        {
            bool isType = PtxTypes.TryParse(modifier, out _);
            int i = isType ? nextType : 0;
            while (i < groups.Length && (taken[i] || !groups[i].Words.Contains(modifier)))
                i++;
            if (i == groups.Length)
                return false;
            taken[i] = true;
            nextType = isType ? i + 1 : nextType;
        }
        for (int i = 0; i < groups.Length; i++)
            if (!taken[i] && !groups[i].Optional)
                return false;
        return true;
    }

    static Dictionary<string, Form[]> Read()
    {
        Dictionary<string, string> sets = Lines(Sets)
            .ToDictionary(line => line[..line.IndexOf(' ')], line => line[line.IndexOf(' ')..].Trim());
        return Lines(Rows).GroupBy(line => line.Split(' ')[0], line => ReadForm(line, sets))
            .ToDictionary(group => group.Key, group => group.ToArray());
    }

    static string[] Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    static Form ReadForm(string line, Dictionary<string, string> sets)
    {
        string[] halves = line.Split('|', StringSplitOptions.TrimEntries);
        OperandSlot[] operands = [.. halves[0].Split(' ').Skip(1).Select(word => new OperandSlot(word[^1], word[0] == '?'))];
        ModifierGroup[] groups = [.. halves[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => new ModifierGroup(
            [.. word.TrimStart('?').Split('/').SelectMany(part => part[0] == '$' ? sets[part].Split('/') : [part])], word[0] == '?'))];
        return new Form(operands, groups);
    }
}
