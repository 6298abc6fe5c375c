// Which instructions a walk has to compute: those whose results can reach an address, a guard or a branch.
namespace HSENet.Ptx;

static class MachineSlice
{
    // A bit for each register, uniform register, predicate, uniform predicate and kind of memory.
    const int Uniforms = 256, Predicates = 512, UniformPredicates = 520, SharedMemory = 528, LocalMemory = 529, Words = 9;

    // Words that a result of the tensor cores has at most.
    const int MostWords = 8;

    /// <summary>Marks what matters to a walk that knows every address, and what decides the way of one that only counts.</summary>
    public static void Mark(MachineStep[] steps)
    {
        bool[] matters = Backwards(steps, (needed, step) =>
        {
            NeedPredicates(needed, step);
            foreach (MachineOperand operand in step.Operands)
                if (operand.Kind == OperandKind.Address || IsTarget(step))
                    Need(needed, operand, 2);
        });
        bool[] decides = Backwards(steps, (needed, step) =>
        {
            if (step.Parts)
                NeedPredicates(needed, step);
            foreach (MachineOperand operand in step.Operands)
                if (IsTarget(step))
                    Need(needed, operand, 2);
        });
        for (int n = 0; n < steps.Length; n++)
            (steps[n].Matters, steps[n].Decides) = (matters[n], decides[n]);
    }

    static bool IsTarget(MachineStep step) => step.Source.Opcode is "RET" or "BRX";

    // What is needed behind each instruction, from the end to the start until nothing is added: an instruction that writes some of that is
    // marked, and needs what it reads. A lane follows one way, so what it writes whatever its guards say was not needed before; but for
    // uniform registers, which lanes share that went different ways. Where it is not known where a warp goes on, what is needed anywhere is
    // needed everywhere.
    static bool[] Backwards(MachineStep[] steps, Action<ulong[], MachineStep> roots)
    {
        bool[] marked = new bool[steps.Length];
        ulong[][] before = [.. Enumerable.Range(0, steps.Length + 1).Select(_ => new ulong[Words])];
        bool anywhere = Reached(steps).Any(step => step.Branch is BranchKind.Call or BranchKind.Return or BranchKind.Unknown);
        ulong[] needed = new ulong[Words], all = new ulong[Words];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int n = steps.Length - 1; n >= 0; n--)
            {
                MachineStep step = steps[n];
                Array.Clear(needed);
                foreach (int next in Next(step))
                    Add(needed, before[next]);
                if (anywhere)
                    Add(needed, all);
                marked[n] |= Writes(step, needed);
                if (!anywhere)
                    Forget(step, needed);
                if (marked[n])
                {
                    NeedPredicates(needed, step);
                    NeedOperands(needed, step);
                }
                roots(needed, step);
                changed |= Add(before[n], needed) | Add(all, needed);
            }
        }
        return marked;
    }

    // Where a warp may go on.
    static int[] Next(MachineStep step)
    {
        bool always = step.Guard.Kind == OperandKind.None && step.Conditions.Length == 0;
        return step.Branch switch
        {
            BranchKind.Exit or BranchKind.Return when always => [],
            BranchKind.Jump or BranchKind.Call when step.Target >= 0 => always ? [step.Target] : [step.Target, step.Index + 1],
            _ => [step.Index + 1],
        };
    }

    static List<MachineStep> Reached(MachineStep[] steps)
    {
        bool[] seen = new bool[steps.Length + 1];
        List<MachineStep> reached = [];
        Stack<int> rest = new([0]);
        while (rest.TryPop(out int n))
        {
            if (seen[n] || n >= steps.Length)
                continue;
            seen[n] = true;
            reached.Add(steps[n]);
            foreach (int next in Next(steps[n]))
                rest.Push(next);
        }
        return reached;
    }

    static bool Add(ulong[] to, ulong[] more)
    {
        bool changed = false;
        for (int w = 0; w < Words; w++)
        {
            changed |= (more[w] & ~to[w]) != 0;
            to[w] |= more[w];
        }
        return changed;
    }

    static bool Has(ulong[] set, int bit) => (set[bit >> 6] >> bit & 1) != 0;

    static void Set(ulong[] set, int bit) => set[bit >> 6] |= 1UL << bit;

    static bool Writes(MachineStep step, ulong[] needed)
    {
        switch (step.Source.Opcode)
        {
            case "STL":
                return Has(needed, LocalMemory);
            case "STS" or "ST":
                return Has(needed, SharedMemory);
            case "R2P":
                return Enumerable.Range(Predicates, MachineOperand.TruePredicate).Any(bit => Has(needed, bit));
        }
        for (int n = 0; n < step.Results; n++)
            foreach (int bit in Bits(step.Operands[n], n == 0 || step.Loads && n == step.Data ? WordsOfResult(step) : 1))
                if (Has(needed, bit))
                    return true;
        return false;
    }

    // What an instruction surely writes in all lanes that come to it: of a wide result the first word.
    static void Forget(MachineStep step, ulong[] needed)
    {
        if (step.Guard.Kind != OperandKind.None || step.Opcode == MachineOpcode.Other && step.Address < 0)
            return;
        for (int n = 0; n < step.Results; n++)
            if (step.Operands[n].Kind is OperandKind.Register or OperandKind.Predicate)
                foreach (int bit in Bits(step.Operands[n], 1))
                    needed[bit >> 6] &= ~(1UL << bit);
    }

    /// <summary>Words that an instruction writes at most.</summary>
    public static int WordsOfResult(MachineStep step) => step.Class == MachineClass.Tensor ? MostWords
        : step.MemoryBytes > 0 ? Math.Max(1, step.MemoryBytes / 4)
        : step.Has(MachineWord.Bits128) ? 4
        : IsWide(step) || step.Has(MachineWord.WIDE) || step.Opcode == MachineOpcode.CS2R && !step.Has(MachineWord.Bits32) ? 2 : 1;

    static bool IsWide(MachineStep step) => step.IsDouble || step.Opcode == MachineOpcode.MOV64
        || step.Has(MachineWord.Bits64 | MachineWord.U64 | MachineWord.S64);

    static void NeedPredicates(ulong[] needed, MachineStep step)
    {
        foreach (MachineOperand condition in step.Conditions)
            Need(needed, condition, 1);
        Need(needed, step.Guard, 1);
    }

    static void NeedOperands(ulong[] needed, MachineStep step)
    {
        if (step.Source.Opcode is "LDL" or "LDS" or "LD" or "ATOMS")
            Set(needed, step.Source.Opcode == "LDL" ? LocalMemory : SharedMemory);
        // What the walk does not compute (halves, matrices, whether a division is a hard one) takes nothing of what it reads.
        if (step.Opcode is MachineOpcode.Other or MachineOpcode.FCHK && step.Address < 0)
            return;
        int words = step.MemoryBytes > 0 ? Math.Max(1, step.MemoryBytes / 4) : step.Has(MachineWord.Bits128) ? 4 : IsWide(step) ? 2 : 1;
        for (int n = step.Results; n < step.Operands.Length; n++)
            Need(needed, step.Operands[n], n == step.Results + 2 && step.Has(MachineWord.WIDE | MachineWord.HI) ? 2 : words);
    }

    static void Need(ulong[] needed, in MachineOperand operand, int words)
    {
        foreach (int bit in Bits(operand, words))
            Set(needed, bit);
        if (operand.Kind == OperandKind.Special && operand.Name == "PR")
            for (int p = 0; p < MachineOperand.TruePredicate; p++)
                Set(needed, Predicates + p);
        if (operand.Kind is not (OperandKind.Address or OperandKind.Constant))
            return;
        bool isConstant = operand.Kind == OperandKind.Constant;
        for (int word = 0; word < (operand.Wide ? 2 : 1); word++)
            if (operand.Index >= 0 && operand.Index + word < MachineOperand.ZeroRegister)
                Set(needed, operand.Index + word);
        for (int word = 0; word < (operand.WideUniform ? 2 : 1); word++)
            if (operand.Second >= 0 && operand.Second + word < MachineOperand.ZeroRegister)
                Set(needed, operand.Second + word + (isConstant ? 0 : Uniforms));
    }

    static IEnumerable<int> Bits(MachineOperand operand, int words)
    {
        switch (operand.Kind)
        {
            case OperandKind.Register or OperandKind.Uniform:
                for (int word = 0; word < words && operand.Index + word < MachineOperand.ZeroRegister; word++)
                    yield return operand.Index + word + (operand.Kind == OperandKind.Uniform ? Uniforms : 0);
                break;
            case OperandKind.Predicate or OperandKind.UniformPredicate when operand.Index != MachineOperand.TruePredicate:
                yield return operand.Index + (operand.Kind == OperandKind.Predicate ? Predicates : UniformPredicates);
                break;
        }
    }
}
