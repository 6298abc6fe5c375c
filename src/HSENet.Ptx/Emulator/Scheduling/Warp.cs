// The state of 32 threads: registers, local memory, and the strands that they run in.
namespace HSENet.Ptx;

/// <summary>A warp of a block; pooled with its block.</summary>
sealed unsafe class Warp(BlockState block, int index)
{
    readonly Stack<Strand> _spare = [];

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

    /// <summary>What runs; one strand unless some lanes wait for something.</summary>
    public readonly List<Strand> Strands = [];

    /// <summary>Ready when some strand is; else at a barrier when some strand is.</summary>
    public WarpStatus Status;

    /// <summary>The last frame's number.</summary>
    public int LastFrame;

    /// <summary>Instructions executed, and the same counted once for each active lane.</summary>
    public long Instructions, LaneInstructions;

    /// <summary>Instructions executed before the block that runs.</summary>
    public long InstructionsBefore;

    /// <summary>Asynchronous copies of the lanes; null until there is one.</summary>
    public AsyncCopies? Copies;

    /// <summary>Puts the lanes of a mask at the start of the kernel.</summary>
    public void Start(uint mask)
    {
        Live = Born = mask;
        LastFrame = 0;
        while (Strands.Count > 1)
            Drop(Strands[^1]);
        (Strands.Count == 1 ? Strands[0] : AddStrand()).Start(mask);
        Status = WarpStatus.Ready;
    }

    /// <summary>Takes no part in the block.</summary>
    public void Leave()
    {
        Start(0);
        Strands[0].Status = Status = WarpStatus.Finished;
    }

    public Strand AddStrand()
    {
        Strand strand = _spare.TryPop(out Strand? spare) ? spare : new Strand();
        Strands.Add(strand);
        return strand;
    }

    public void Drop(Strand strand)
    {
        Strands.Remove(strand);
        _spare.Push(strand);
    }

    /// <summary>Settles the warp's status after strands ran; those that wait for others which no longer come go on.</summary>
    public void Settle()
    {
        bool ready = false, waiting = false;
        WarpBarrier.Look(this);
        for (int n = Strands.Count - 1; n >= 0; n--)
        {
            Strand strand = Strands[n];
            ready |= strand.Status == WarpStatus.Ready;
            waiting |= strand.Status == WarpStatus.AtBarrier;
            if (strand.Status == WarpStatus.Finished && Strands.Count > 1)
                Drop(strand);
        }
        ready = ready || LetMeetingGo();
        Status = ready ? WarpStatus.Ready : waiting ? WarpStatus.AtBarrier : WarpStatus.Finished;
    }

    /// <summary>Strands that wait where they would meet others go on; false when there are none.</summary>
    public bool LetMeetingGo()
    {
        bool any = false;
        foreach (Strand strand in Strands)
            if (strand.Status == WarpStatus.Meeting)
            {
                strand.Status = Status = WarpStatus.Ready;
                any = true;
            }
        return any;
    }
}
