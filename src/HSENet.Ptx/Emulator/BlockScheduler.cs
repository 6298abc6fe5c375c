// Runs the warps of a block in turn, and lets them go on when they have met at a barrier.
namespace HSENet.Ptx;

static unsafe class BlockScheduler
{
    /// <summary>Runs a block to its end.</summary>
    public static void Run(BlockState block)
    {
        while (true)
        {
            bool ran = false, waiting = false;
            foreach (Warp w in block.Warps)
            {
                if (w.Status == WarpStatus.Ready)
                {
                    WarpRunner.Run(w);
                    ran = true;
                }
                waiting |= w.Status == WarpStatus.AtBarrier;
            }
            if (block.Budget < 0)
                throw new EmulatorException($"{block.Kernel.Name} does not end within {block.MaxInstructions} instructions of warps");
            if (!waiting && !ran)
                return;
            if (waiting && !Array.Exists(block.Warps, w => w.Status == WarpStatus.Ready))
                Release(block);
        }
    }

    // Every warp waits or has ended: barriers that are complete open; when none is, threads are missing somewhere, and all go on.
    static void Release(BlockState block)
    {
        bool any = false;
        for (int barrier = 0; barrier < BarrierUnit.Count; barrier++)
            any |= BarrierUnit.TryOpen(block, barrier, force: false);
        for (int barrier = 0; barrier < BarrierUnit.Count && !any; barrier++)
            BarrierUnit.TryOpen(block, barrier, force: true);
    }
}
