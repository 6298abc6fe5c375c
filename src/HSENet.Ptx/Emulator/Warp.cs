// The state of 32 threads: registers, local memory, and where they are in the program.
namespace HSENet.Ptx;

/// <summary>Lanes that run the same code until they meet the others at a block.</summary>
struct Frame
{
    /// <summary>The next basic block.</summary>
    public int Block;

    /// <summary>The block at which these lanes wait for the rest; -1 for none.</summary>
    public int Rejoin;

    /// <summary>The lanes.</summary>
    public uint Mask;

    /// <summary>For the first frame of a called function the index of the call's block, else -1.</summary>
    public int CallBlock;
}

/// <summary>Why a warp stopped running.</summary>
enum WarpStatus
{
    Ready,
    AtBarrier,
    Finished,
}

/// <summary>A warp of a block; pooled with its block.</summary>
sealed unsafe class Warp(BlockState block, int index)
{
    /// <summary>The block that the warp belongs to.</summary>
    public readonly BlockState Block = block;

    /// <summary>Number in the block.</summary>
    public readonly int Index = index;

    /// <summary>Predicates, registers, constants and special registers.</summary>
    public byte* Rows;

    /// <summary>Local memory of lane 0; the other lanes follow at <see cref="DecodedKernel.LocalBytes"/>.</summary>
    public byte* Local;

    /// <summary>Memory of lane 0 for parameters of called functions.</summary>
    public byte* CallParameters;

    /// <summary>Local memory of each lane as regions.</summary>
    public MemoryRegion* LocalRegions;

    /// <summary>The lanes that exist and have not returned.</summary>
    public uint Live;

    /// <summary>The lanes that exist.</summary>
    public uint Born;

    public Frame[] Stack = new Frame[16];
    public int Top;
    public WarpStatus Status;

    /// <summary>Number of the barrier that the warp waits at, its instruction, and the lanes that wait.</summary>
    public int Barrier;
    public Instruction* BarrierInstruction;
    public uint BarrierMask;

    /// <summary>Instructions executed, and the same counted once for each active lane.</summary>
    public long Instructions, LaneInstructions;


    /// <summary>Asynchronous copies of the lanes; null until there is one.</summary>
    public AsyncCopies? Copies;

    public ref Frame Push()
    {
        if (++Top == Stack.Length)
            Array.Resize(ref Stack, Stack.Length * 2);
        return ref Stack[Top];
    }
}
