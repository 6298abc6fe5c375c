// A listing made ready to be walked: operands read, and which instructions decide where a warp goes and what it accesses.
namespace HSENet.Ptx;

/// <summary>What a walk does at a branch.</summary>
enum BranchKind : byte
{
    None,
    Jump,
    Call,
    Return,
    Exit,
    Passed,
    Unknown,
}

/// <summary>An instruction with its operands read.</summary>
sealed class MachineStep
{
    public required MachineInstruction Source { get; init; }

    /// <summary>Its place in the program.</summary>
    public required int Index { get; init; }

    /// <summary>All operands in order; results come first.</summary>
    public required MachineOperand[] Operands { get; init; }

    /// <summary>The guard; <see cref="OperandKind.None"/> for none.</summary>
    public MachineOperand Guard { get; init; }

    /// <summary>Index of the branch's target, or -1.</summary>
    public int Target { get; init; } = -1;

    /// <summary>Predicates among the operands of a branch, which must hold besides the guard.</summary>
    public MachineOperand[] Conditions { get; init; } = [];

    /// <summary>Its result can reach an address, a predicate or a branch, so the walk computes it.</summary>
    public bool Matters { get; set; }

    /// <summary>Its result can reach a branch, so that even a walk that only counts computes it.</summary>
    public bool Decides { get; set; }

    /// <summary>Whether a warp may go on elsewhere behind it.</summary>
    public bool Parts => Branch is not (BranchKind.None or BranchKind.Passed);

    /// <summary>Place of the address among the operands, or -1; of a copy the place of its source.</summary>
    public int Address { get; init; } = -1;

    /// <summary>How many operands at the front are results.</summary>
    public int Results { get; set; }

    public required MachineClass Class { get; init; }

    /// <summary>The opcode as far as the walk computes it.</summary>
    public MachineOpcode Opcode { get; init; }

    /// <summary>The modifiers.</summary>
    public MachineWord Words { get; init; }

    /// <summary>Whether it takes or gives floats of 64 bits.</summary>
    public bool IsDouble => Class == MachineClass.F64 || Opcode == MachineOpcode.DSETP || Has(MachineWord.F64 | MachineWord.RCP64H);

    /// <summary>Whether a modifier comes first: of a conversion the type of the result.</summary>
    public bool IsFirst(string modifier) => Source.Mnemonic.AsSpan(Source.Opcode.Length).StartsWith("." + modifier);

    /// <summary>How a branch goes on.</summary>
    public BranchKind Branch { get; init; }

    /// <summary>Bytes of a lane's access.</summary>
    public int MemoryBytes { get; init; }

    /// <summary>Where an access goes, as far as the opcode says it; a generic one may turn out to be in shared memory.</summary>
    public AccessSpace Space { get; init; }

    /// <summary>Whether the address is generic, so that it may lie in shared memory.</summary>
    public bool IsGeneric { get; init; }

    /// <summary>Whether it moves data between registers and memory; then whether into registers, and the operand that names them.</summary>
    public bool Moves { get; init; }

    /// <inheritdoc cref="Moves"/>
    public bool Loads { get; init; }

    /// <inheritdoc cref="Moves"/>
    public int Data { get; init; }

    /// <summary>Whether a modifier is there.</summary>
    public bool Has(MachineWord word) => (Words & word) != 0;
}

/// <summary>A kernel's machine code, decoded once for all warps.</summary>
sealed class MachineProgram
{
    public MachineProgram(MachineListing listing)
    {
        Listing = listing;
        Steps = [.. listing.Instructions.Select(Step)];
        _loops = new LoopBody?[Steps.Length];
        // Where parameters and sizes stand in bank 0 differs between generations.
        int generation = int.Parse(new string([.. listing.Architecture.Where(char.IsAsciiDigit)]),
            System.Globalization.CultureInfo.InvariantCulture);
        (ParameterOffset, SizeOffset, StackOffset) = generation >= 100 ? (0x380, 0x360, 0x37c) : generation >= 90 ? (0x210, 0, 0x28)
            : (0x160, 0, 0x28);
        SharedStart = generation >= 90 ? 1024 : 0;
        RegisterCount = Math.Min(MachineOperand.ZeroRegister, Steps.SelectMany(step => step.Operands)
            .Where(o => o.Kind is OperandKind.Register or OperandKind.Address && o.Index != MachineOperand.ZeroRegister)
            .Select(o => o.Index).DefaultIfEmpty(0).Max() + 5);
        foreach (MachineStep step in Steps)
            step.Results = ResultsOf(step);
        MachineSlice.Mark(Steps);
        Stops = new int[Steps.Length + 1];
        Stops[^1] = Steps.Length;
        for (int n = Steps.Length - 1; n >= 0; n--)
            Stops[n] = Steps[n].Decides || Steps[n].Parts ? n : Stops[n + 1];
    }

    readonly System.Collections.Concurrent.ConcurrentBag<uint[]> _registers = [];
    readonly LoopBody?[] _loops;

    public MachineListing Listing { get; }

    /// <summary>Registers that the code names, and four more for the ends of wide results.</summary>
    public int RegisterCount { get; }

    /// <summary>Pinned memory for a warp's registers, all zero; pooled.</summary>
    public uint[] TakeRegisters(int count)
    {
        if (!_registers.TryTake(out uint[]? memory))
            return GC.AllocateArray<uint>(count, pinned: true);
        Array.Clear(memory);
        return memory;
    }

    /// <summary>Takes them back.</summary>
    public void GiveRegisters(uint[] memory) => _registers.Add(memory);

    public MachineStep[] Steps { get; }

    /// <summary>For each instruction, and for the end, the next one from there on that decides something or branches.</summary>
    public int[] Stops { get; }

    /// <summary>Where parameters, the sizes of blocks and grid, and the stack pointer stand in constant bank 0.</summary>
    public int ParameterOffset { get; }

    /// <inheritdoc cref="ParameterOffset"/>
    public int SizeOffset { get; }

    /// <inheritdoc cref="ParameterOffset"/>
    public int StackOffset { get; }

    /// <summary>Address of the first shared array: the system keeps what is before it.</summary>
    public int SharedStart { get; }

    /// <summary>The loop that a branch back ends.</summary>
    public LoopBody Loop(int branch) => _loops[branch] ??= new LoopBody(this, branch);

    MachineStep Step(MachineInstruction i, int index)
    {
        MachineOperand[] operands = i.Target >= 0 ? [] : MachineOperand.ParseAll(i.Operands);
        MachineOperand[] guard = i.Guard.Length > 0 ? MachineOperand.ParseAll(i.Guard) : [];
        int target = i.Target < 0 ? -1 : i.Target / MachineInstruction.Size;
        return new MachineStep
        {
            Source = i,
            Index = index,
            Class = i.Class,
            Opcode = MachineWords.Opcode(i) is var opcode && opcode == MachineOpcode.HFMA2 && !IsConstant(operands) ? MachineOpcode.Other
                : opcode,
            Words = MachineWords.Of(i),
            Branch = BranchOf(i, operands),
            MemoryBytes = i.MemoryBytes,
            Space = SpaceOf(i),
            IsGeneric = i.Opcode is "LD" or "ST" or "ATOM" or "RED",
            Moves = i.Class is MachineClass.SharedLoad or MachineClass.SharedStore or MachineClass.Local or MachineClass.GlobalLoad
                or MachineClass.GlobalStore or MachineClass.Atomic,
            Loads = IsLoad(i),
            // ATOMG PT, R0, …: a predicate may come first.
            Data = IsLoad(i) ? Math.Max(0, Array.FindIndex(operands, operand => operand.Kind is OperandKind.Register or OperandKind.Address))
                : Array.FindLastIndex(operands, operand => operand.Kind == OperandKind.Register),
            Operands = operands,
            Guard = guard.Length > 0 ? guard[0] : default,
            Conditions = i.Class != MachineClass.Branch ? [] : [.. MachineOperand.ParseAll(i.Operands).Where(operand =>
                operand.Kind is OperandKind.Predicate or OperandKind.UniformPredicate && operand.Index != MachineOperand.TruePredicate)],
            Target = target < Listing.Instructions.Count ? target : -1,
            // The second address of an asynchronous copy is the source, and the one in global memory.
            Address = i.Opcode == "LDGSTS" ? Array.FindLastIndex(operands, operand => operand.Kind == OperandKind.Address)
                : Array.FindIndex(operands, operand => operand.Kind == OperandKind.Address),
        };
    }

    // HFMA2 R0, -RZ, RZ, 1.875, 0: how the assembler writes a number where the other pipes are busy.
    static bool IsConstant(MachineOperand[] operands) => operands is [_, { Kind: OperandKind.Register, Index: MachineOperand.ZeroRegister },
    { Kind: OperandKind.Register, Index: MachineOperand.ZeroRegister }, { Kind: OperandKind.Immediate }, { Kind: OperandKind.Immediate }];

    static BranchKind BranchOf(MachineInstruction i, MachineOperand[] operands) => i.Class != MachineClass.Branch ? BranchKind.None
        : i.Opcode switch
        {
            "EXIT" or "KILL" => BranchKind.Exit,
            "BRA" when i.Target >= 0 => BranchKind.Jump,
            "CALL" or "JMP" when i.Target >= 0 => BranchKind.Call,
            "RET" when operands.Length > 0 && operands[0].Kind == OperandKind.Register => BranchKind.Return,
            "BSSY" or "BSYNC" or "WARPGROUP" or "YIELD" or "NANOSLEEP" or "BREAK" or "BMOV" or "ELECT" or "ACQBULK" or "PREEXIT"
                or "BPT" => BranchKind.Passed,
            // The slow path of a division or root, for values that hardly ever come.
            "CALL" when i.Operands.Contains("__cuda_", StringComparison.Ordinal) => BranchKind.Passed,
            _ => BranchKind.Unknown,
        };

    static bool IsLoad(MachineInstruction i) => i.Opcode is "LDL" or "LDS" or "LDG" or "LD" or "ATOMS" or "ATOM" or "ATOMG";

    static AccessSpace SpaceOf(MachineInstruction i) => i.Opcode is "LDL" or "STL" ? AccessSpace.Local
        : i.Class is MachineClass.GlobalLoad or MachineClass.GlobalStore or MachineClass.AsyncCopy
            || i.Opcode is "ATOM" or "ATOMG" or "RED" or "REDG" or "CCTL" ? AccessSpace.Global : AccessSpace.Shared;

    static int ResultsOf(MachineStep step)
    {
        if (step.Class is MachineClass.GlobalStore or MachineClass.SharedStore or MachineClass.AsyncCopy or MachineClass.Barrier
            or MachineClass.Branch or MachineClass.Nop || step.Source.Opcode is "STL" or "RED" or "REDG" or "REDS" or "STSM")
            return 0;
        if (step.Operands.Length == 0) // the disassembler printed nothing of it
            return 0;
        if (step.Source.Opcode is "ISETP" or "FSETP" or "DSETP" or "HSETP2" or "UISETP" or "PLOP3" or "UPLOP3")
            return 2;
        // IADD3 R0, P0, P1, …: carries follow the result; LOP3 P0, R1, … has its predicate first.
        int results = 1;
        while (results < step.Operands.Length - 1 && step.Operands[results].Kind is OperandKind.Predicate or OperandKind.UniformPredicate
            && step.Source.Opcode is not ("SEL" or "FSEL" or "USEL" or "VOTE" or "VOTEU"))
            results++;
        if (step.Operands.Length > 1 && step.Operands[0].Kind is OperandKind.Predicate or OperandKind.UniformPredicate
            && step.Source.Opcode is "LOP3" or "ULOP3" or "SHFL" or "R2UR" or "ATOM" or "ATOMG")
            results = 2;
        return Math.Min(results, step.Operands.Length);
    }
}
