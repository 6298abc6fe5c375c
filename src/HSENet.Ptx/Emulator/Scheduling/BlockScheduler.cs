// Runs the warps of a block in turn, and lets them go on when they have met at a barrier; or those of several blocks together.
using System.Numerics;

namespace HSENet.Ptx;

static unsafe class BlockScheduler
{
    /// <summary>Basic blocks of a warp's turn when blocks run together.</summary>
    const int SliceTogether = 1 << 10;

    enum Turn
    {
        Ended,
        Ran,

        /// <summary>All warps that run repeat themselves.</summary>
        Spun,
    }

    /// <summary>Runs a block to its end.</summary>
    public static void Run(BlockState block)
    {
        block.Slice = WarpRunner.Slice;
        for (Turn turn; (turn = RunWarps(block)) != Turn.Ended;)
            if (turn == Turn.Spun && !LetMeetingGo(block))
                throw SpinDetector.NoProgress(block, laterBlocks: block.GridSize.Count > 1);
    }

    /// <summary>Runs all blocks of a cooperative launch, each for a turn, until all have ended.</summary>
    /// <param name="blocks">The blocks, started.</param>
    /// <param name="budget">Instructions of warps that may be executed.</param>
    public static void RunTogether(BlockState[] blocks, long budget)
    {
        List<BlockState> open = [.. blocks];
        foreach (BlockState block in blocks)
            block.Slice = SliceTogether;
        while (open.Count > 0)
        {
            bool came = false;
            for (int n = 0; n < open.Count; n++)
            {
                BlockState block = open[n];
                block.Races?.Order.StartTurn();
                long before = block.Executed, changes = block.Changes.Count;
                block.Budget = budget;
                Turn turn = RunWarps(block);
                budget -= block.Executed - before;
                came |= turn != Turn.Spun || block.Changes.Count != changes;
                if (turn == Turn.Ended)
                    open.RemoveAt(n--);
            }
            if (!came && open.Count(LetMeetingGo) == 0)
                throw SpinDetector.NoProgress(open[0], laterBlocks: false);
        }
    }

    // All that run repeat themselves: lanes that wait where they would meet those go on without them, as on sm_70 and newer.
    static bool LetMeetingGo(BlockState block)
    {
        bool any = false;
        foreach (Warp w in block.Warps)
            any |= w.LetMeetingGo();
        return any;
    }

    static Turn RunWarps(BlockState block)
    {
        bool ran = false, waiting = false, ready = false;
        foreach (Warp w in block.Warps)
        {
            if (w.Status == WarpStatus.Ready)
            {
                block.Cancellation.ThrowIfCancellationRequested();
                WarpRunner.Run(w);
                ran = true;
            }
            waiting |= w.Status == WarpStatus.AtBarrier;
        }
        if (block.StoppedAt is var (stopped, last))
            throw new EmulatorException($"{block.Kernel.Name} does not end within {block.MaxInstructions} instructions of warps: "
                + SpinDetector.Place(block, stopped, last));
        foreach (Warp w in block.Warps)
            ready |= w.Status == WarpStatus.Ready;
        if (ready)
            return AllSpin(block) ? Turn.Spun : Turn.Ran;
        if (waiting)
        {
            Release(block);
            return block.Rounds.Repeat() ? Turn.Spun : Turn.Ran;
        }
        return ran ? Turn.Ran : Turn.Ended;
    }

    static bool AllSpin(BlockState block)
    {
        foreach (Warp w in block.Warps)
            foreach (Strand strand in w.Strands)
                if (strand.Status == WarpStatus.Ready && strand.SpunAt != block.Changes.Count)
                    return false;
        return true;
    }

    // Every warp waits or has ended: barriers that are complete open; when none is, threads are missing somewhere, and all go on.
    static void Release(BlockState block)
    {
        bool any = false;
        for (uint m = block.BarriersInUse; m != 0; m &= m - 1)
            any |= BarrierUnit.TryOpen(block, BitOperations.TrailingZeroCount(m), force: false);
        foreach (Warp w in block.Warps)
            any = any || WarpBarrier.Force(w);
        for (uint m = any ? 0 : block.BarriersInUse; m != 0; m &= m - 1)
            BarrierUnit.TryOpen(block, BitOperations.TrailingZeroCount(m), force: true);
    }
}
