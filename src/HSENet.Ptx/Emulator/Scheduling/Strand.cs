// Lanes of a warp that run together: where they are in the program, and what they wait for.
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

    /// <summary>The same in the strands that a frame was split into, and nowhere else in the warp.</summary>
    public int Id;
}

/// <summary>Why a strand, or a whole warp, does not run.</summary>
enum WarpStatus
{
    Ready,

    /// <summary>At a point where other strands of the warp may still arrive.</summary>
    Meeting,
    AtBarrier,
    Finished,
}

/// <summary>
/// A warp starts as one strand. Lanes that wait, at a barrier or in a loop for something that others have to do, become a strand of their
/// own, so that the others go on, as threads of sm_70 and newer do. Strands of one warp that come to the same point become one again.
/// </summary>
sealed unsafe class Strand
{
    public Frame[] Stack = new Frame[16];
    public int Top;
    public WarpStatus Status;

    /// <summary>The barrier that the strand waits at, or <see cref="WarpBarrier.Number"/>; its instruction, and whether its threads count
    /// was found to be at fault.</summary>
    public int Barrier;
    public Instruction* BarrierInstruction;
    public bool Reported;

    /// <summary>The lanes that the barrier of a warp names.</summary>
    public uint Named;

    /// <summary>The count of memory's changes at which the strand was found to go round without changing anything; -1 if it was
    /// not.</summary>
    public long SpunAt;

    /// <summary>The lanes that have not left the kernel.</summary>
    public uint Lanes => Stack[0].Mask;

    public void Start(uint mask)
    {
        Top = 0;
        Stack[0] = new Frame { Block = 0, Rejoin = -1, Mask = mask, CallBlock = -1 };
        Status = WarpStatus.Ready;
        SpunAt = -1;
    }

    public void Push(Warp w, int block, int rejoin, uint mask, int callBlock = -1)
    {
        if (++Top == Stack.Length)
            Array.Resize(ref Stack, Stack.Length * 2);
        Stack[Top] = new Frame { Block = block, Rejoin = rejoin, Mask = mask, CallBlock = callBlock, Id = ++w.LastFrame };
    }

    /// <summary>Takes lanes out of all frames.</summary>
    public void Remove(uint mask)
    {
        for (int level = Top; level >= 0; level--)
            Stack[level].Mask &= ~mask;
    }

    /// <summary>Copies another strand's frames, with the lanes of a mask only.</summary>
    public void Take(Strand other, uint mask)
    {
        if (Stack.Length <= other.Top)
            Array.Resize(ref Stack, other.Stack.Length);
        Top = other.Top;
        for (int level = 0; level <= Top; level++)
        {
            Stack[level] = other.Stack[level];
            Stack[level].Mask &= mask;
        }
        SpunAt = -1;
    }

    /// <summary>Whether another strand has the same frames up to a level.</summary>
    public bool Shares(Strand other, int level) => other.Top >= level && other.Stack[level].Id == Stack[level].Id
        && other.Stack[level].Block == Stack[level].Block;
}
