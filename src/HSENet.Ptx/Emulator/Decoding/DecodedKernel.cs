// A kernel decoded for the emulator: basic blocks of instructions, rows, and the layout of its memory.
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>How a basic block ends.</summary>
enum Ending : byte
{
    Next,
    Branch,
    Indexed,
    Call,
    Return,
    Exit,
    Trap,
    Barrier,
    WarpBarrier,
}

/// <summary>Straight code, and what happens at its end.</summary>
unsafe struct CodeBlock
{
    public Instruction* First;
    public int Count;

    /// <summary>First statement of the kernel's list, and how many the block has, its ending included.</summary>
    public int Statement, Statements;

    public Ending Ending;

    /// <summary>Nothing is left to do here but to leave the kernel.</summary>
    public bool EndsKernel;

    /// <summary>The block behind, taken when the ending does nothing else; -1 at the end of a function.</summary>
    public int Next;

    /// <summary>Block of a branch or of the called function's start.</summary>
    public int Target;

    /// <summary>Where the lanes of a divergent branch meet; -1 for never.</summary>
    public int Rejoin;

    /// <summary>Row of the predicate that guards the ending, or -1.</summary>
    public int Guard;
    public bool GuardNegated;

    /// <summary>Operands of the ending, when it has some.</summary>
    public Instruction* Operands;

    /// <summary>Blocks of an indexed branch.</summary>
    public int[]? Targets;

    /// <summary>What a call copies.</summary>
    public CallCopies? Copies;
}

/// <summary>Copies between parameters of a caller and of the function that it calls, as offsets and sizes of each lane's memory.</summary>
sealed record CallCopies((int From, int To, int Bytes)[] Arguments, (int From, int To, int Bytes)[] Results);

/// <summary>A row with the same value in each lane.</summary>
readonly record struct ConstantRow(int Offset, RowKind Kind, ulong Bits);

/// <summary>A row that holds a special register.</summary>
readonly record struct SpecialRow(int Offset, string Register);

/// <summary>What the decoder makes; never changed afterwards, shared by all launches.</summary>
sealed unsafe class DecodedKernel
{
    Instruction[] _instructions = [];
    int[] _operands = [];

    public required string Name { get; init; }
    public required CheckLevel Level { get; init; }

    /// <summary>Threads of a warp run in lockstep, as before sm_70.</summary>
    public bool LockstepWarps { get; init; }

    /// <summary>Places in the compiler's source by line of PTX, for messages.</summary>
    public required IReadOnlyDictionary<int, string> Sources { get; init; }

    /// <summary>All statements of the kernel and of the functions that it calls.</summary>
    public List<PtxInstruction> Statements { get; } = [];
    public CodeBlock[] Blocks { get; set; } = [];
    /// <summary>Names of registers that are read although nothing wrote them.</summary>
    public List<string> UnwrittenNames { get; } = [];
    public List<ConstantRow> Constants { get; } = [];
    public List<SpecialRow> Specials { get; } = [];
    public ArrayLayout SharedArrays { get; } = new();
    public ArrayLayout LocalArrays { get; } = new();

    /// <summary>The kernel's parameters, for messages.</summary>
    public ArrayLayout Parameters { get; } = new();

    /// <summary>Bytes of rows that a block starts with at zero, and of all rows.</summary>
    public int VariableBytes { get; set; }
    public int RowBytes { get; set; }
    public int StaticSharedBytes => SharedArrays.Bytes;

    /// <summary>Bytes of the static shared arrays, without the gaps that the emulator puts between them.</summary>
    public int DeclaredSharedBytes { get; set; }
    public int LocalBytes => (LocalArrays.Bytes + 15) / 16 * 16;
    public int ParameterBytes { get; set; }

    /// <summary>Bytes of each lane for parameters of calls.</summary>
    public int CallParameterBytes { get; set; }

    /// <summary>Instructions that access memory.</summary>
    public int SlotCount { get; set; }

    /// <summary>Whether blocks must run one after the other so that results do not depend on the number of cores.</summary>
    public bool Ordered { get; set; }

    /// <summary>Instructions of a block in the last launch; says whether more than one core is worth waking.</summary>
    public long InstructionsPerBlock { get; set; } = long.MaxValue;

    /// <summary>Idle blocks.</summary>
    public System.Collections.Concurrent.ConcurrentBag<BlockState> Pool { get; } = [];

    /// <summary>Takes over the instructions; blocks hold indices as pointers until then.</summary>
    public void Seal(List<Instruction> instructions, List<int> operands)
    {
        _instructions = GC.AllocateArray<Instruction>(instructions.Count + 1, pinned: true);
        _operands = GC.AllocateArray<int>(operands.Count + 1, pinned: true);
        instructions.CopyTo(_instructions);
        operands.CopyTo(_operands);
        Instruction* first = (Instruction*)Unsafe.AsPointer(ref _instructions[0]);
        int* firstOperand = (int*)Unsafe.AsPointer(ref _operands[0]);
        for (int i = 0; i < instructions.Count; i++)
            first[i].More = firstOperand + (nint)first[i].More;
        foreach (ref CodeBlock block in Blocks.AsSpan())
        {
            block.First = first + (nint)block.First;
            block.Operands = first + (nint)block.Operands;
        }
    }
}

/// <summary>The modes of <see cref="ICheckMode"/> as a value.</summary>
enum CheckLevel
{
    Bounds,
    Access,
    Races,
    Profile,
    All,
}
