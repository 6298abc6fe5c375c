// A loop of machine code as a walk that only counts sees it: what its rounds change, and whether they change it in equal steps.
namespace HSENet.Ptx;

/// <summary>The instructions from a branch's target to the branch.</summary>
sealed class LoopBody
{
    // Registers of a set that is kept as bits.
    const int MostRegisters = 64;

    readonly MachineProgram _program;
    readonly List<int> _deciding = [], _registers = [], _uniforms = [], _comparisons = [];
    readonly System.Collections.Concurrent.ConcurrentDictionary<ulong, int[]?> _steady = [];

    public LoopBody(MachineProgram program, int last)
    {
        (_program, First, Last) = (program, program.Steps[last].Target, last);
        SortedSet<int> registers = [], uniforms = [];
        for (int n = First; n <= last; n++)
        {
            MachineStep step = program.Steps[n];
            if (!step.Decides)
                continue;
            _deciding.Add(n);
            if (step.Opcode == MachineOpcode.ISETP)
                _comparisons.Add(n);
            IsWatched &= step.Class is not (MachineClass.SharedStore or MachineClass.Atomic) && step.Source.Opcode is not ("STL" or "ST");
            foreach (MachineOperand result in step.Operands.AsSpan(0, step.Results))
                for (int word = 0; word < MachineSlice.WordsOfResult(step); word++)
                    if (result.Kind == OperandKind.Register && result.Index + word < program.RegisterCount)
                        registers.Add(result.Index + word);
                    else if (result.Kind == OperandKind.Uniform && result.Index + word < MachineOperand.ZeroRegister)
                        uniforms.Add(result.Index + word);
        }
        (_registers, _uniforms) = ([.. registers], [.. uniforms]);
        IsWatched &= registers.Count + uniforms.Count <= MostRegisters;
    }

    /// <summary>Its first instruction.</summary>
    public int First { get; }

    /// <summary>The branch at its end.</summary>
    public int Last { get; }

    /// <summary>Whether rounds are compared at all: not where memory carries something on, or too much is written.</summary>
    public bool IsWatched { get; } = true;

    /// <summary>Registers that decide something and that a round may write.</summary>
    public IReadOnlyList<int> Registers => _registers;

    /// <inheritdoc cref="Registers"/>
    public IReadOnlyList<int> Uniforms => _uniforms;

    /// <summary>Comparisons of whole numbers that decide something.</summary>
    public IReadOnlyList<int> Comparisons => _comparisons;

    /// <summary>If these registers differ from round to round, each by the same number as before, whether all that follows from them in a
    /// round does so, too.</summary>
    /// <param name="changing">A bit for each of <see cref="Registers"/>, then of <see cref="Uniforms"/>.</param>
    /// <returns>The comparisons that see the difference; null where something else does than sums and products with a number that stays.
    /// </returns>
    public int[]? Steady(ulong changing) => _steady.GetOrAdd(changing, Follow);

    int[]? Follow(ulong changing)
    {
        HashSet<(OperandKind, int)> tainted = [];
        for (int n = 0; n < _registers.Count + _uniforms.Count; n++)
            if ((changing >> n & 1) != 0)
                tainted.Add(n < _registers.Count ? (OperandKind.Register, _registers[n])
                    : (OperandKind.Uniform, _uniforms[n - _registers.Count]));
        SortedSet<int> comparisons = [];
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (int n in _deciding)
            {
                MachineStep step = _program.Steps[n];
                bool isComparison = step.Opcode == MachineOpcode.ISETP && !step.Has(MachineWord.EX);
                bool isSum = IsSum(step, tainted);
                if (!Array.Exists(step.Operands[Math.Min(step.Results, step.Operands.Length)..],
                    operand => Sees(operand, tainted, isComparison || isSum ? 1 : 4)))
                    continue;
                if (isComparison)
                    comparisons.Add(n);
                else if (!isSum)
                    return null;
                else
                    changed |= tainted.Add((step.Operands[0].Kind, step.Operands[0].Index));
            }
        }
        return [.. comparisons];
    }

    static bool Sees(in MachineOperand operand, HashSet<(OperandKind, int)> tainted, int words)
    {
        if (operand.Kind is OperandKind.Register or OperandKind.Uniform)
            return Holds(operand.Kind, operand.Index);
        return operand.Kind is OperandKind.Address or OperandKind.Constant && (Holds(OperandKind.Register, operand.Index)
            || Holds(OperandKind.Register, operand.Second) || Holds(OperandKind.Uniform, operand.Second));

        bool Holds(OperandKind kind, int index)
        {
            for (int word = 0; word < words && index >= 0; word++)
                if (tainted.Contains((kind, index + word)))
                    return true;
            return false;
        }
    }

    // Whether the result, a word, is a sum of its operands, each times a number that the rounds do not change, modulo 2^32.
    static bool IsSum(MachineStep s, HashSet<(OperandKind, int)> tainted)
    {
        if (s.Operands.Length <= s.Results || s.Operands[0].Kind is not (OperandKind.Register or OperandKind.Uniform)
            || s.Has(MachineWord.X | MachineWord.HI | MachineWord.WIDE | MachineWord.Bits64 | MachineWord.Bits128))
            return false;
        foreach (MachineOperand carry in s.Operands.AsSpan(1, s.Results - 1))
            if (carry.Index != MachineOperand.TruePredicate)
                return false;
        Span<MachineOperand> sources = s.Operands.AsSpan(s.Results);
        return s.Opcode switch
        {
            MachineOpcode.MOV or MachineOpcode.R2UR or MachineOpcode.IADD3 or MachineOpcode.IADD or MachineOpcode.VIADD
                or MachineOpcode.SEL => true,
            MachineOpcode.IMAD => !Sees(sources[0], tainted, 1) || !Sees(sources[1], tainted, 1),
            MachineOpcode.LEA => sources.Length < 3 || sources[^1].Kind == OperandKind.Immediate,
            MachineOpcode.SHF => s.Has(MachineWord.L) && !s.Has(MachineWord.U64 | MachineWord.S64)
                && sources[1].Kind == OperandKind.Immediate,
            _ => false,
        };
    }
}
