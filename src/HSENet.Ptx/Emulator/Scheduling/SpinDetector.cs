// Finds lanes that go round and change nothing: alone they never come further.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>
/// A strand whose slice is used up is followed step by step. When it comes back to a place with the same registers, and memory did not
/// change meanwhile, it repeats itself until somebody else changes memory. Lanes of the strand that wait for it are then split off.
/// </summary>
static unsafe class SpinDetector
{
    const int Steps = 1 << 11, Differences = 8;

    /// <summary>Basic blocks of a turn once something spins: what is waited for should come soon.</summary>
    const int ShortSlice = 1 << 8;

    public static void Look(Warp w, Strand strand)
    {
        BlockState block = w.Block;
        long changes = block.Changes.Count;
        Frame start = strand.Stack[strand.Top];
        int top = strand.Top, different = 0;
        ReadOnlySpan<byte> rows = new(w.Rows, block.Kernel.VariableBytes);
        byte[] before = block.RowsBefore;
        rows.CopyTo(before);
        for (int step = 0; step < Steps && different < Differences; step++)
        {
            WarpRunner.Run(w, strand, 1);
            if (strand.Status != WarpStatus.Ready || block.Budget < 0 || block.Changes.Count != changes)
                return;
            ref Frame now = ref strand.Stack[strand.Top];
            if (strand.Top != top || now.Block != start.Block || now.Mask != start.Mask)
                continue;
            if (rows.SequenceEqual(before))
            {
                Spins(w, strand, changes);
                return;
            }
            different++;
        }
    }

    // Registers of lanes that wait do not change either, so comparing whole rows is comparing the strand's.
    static void Spins(Warp w, Strand strand, long changes)
    {
        w.Block.Slice = Math.Min(w.Block.Slice, ShortSlice);
        uint running = strand.Stack[strand.Top].Mask;
        Strand spinning = Divergence.Split(w, strand, running);
        spinning.SpunAt = changes;
    }

    /// <summary>The fault of a launch in which nothing can come further.</summary>
    public static EmulatorException NoProgress(BlockState block, bool laterBlocks)
    {
        foreach (Warp w in block.Warps)
            foreach (Strand strand in w.Strands)
                if (strand.Status == WarpStatus.Ready)
                    return new EmulatorException($"{block.Kernel.Name}: no progress: {Place(block, w, strand)} repeats a loop that changes "
                        + "neither memory nor registers, and nothing that could release it can run"
                        + (laterBlocks ? "; blocks run one after the other unless the launch is cooperative" : ""));
        throw new InvalidOperationException("nothing spins");
    }

    /// <summary>Block, thread and line at which a strand is.</summary>
    public static string Place(BlockState block, Warp w, Strand strand)
    {
        ref Frame frame = ref strand.Stack[strand.Top];
        int lane = frame.Mask == 0 ? 0 : BitOperations.TrailingZeroCount(frame.Mask);
        int line = frame.Block < 0 ? 0 : block.Kernel.Statements[block.Kernel.Blocks[frame.Block].Statement].Line;
        return $"block {block.Position} thread {block.BlockSize.Position(w.Index * 32L + lane)} at line {line}";
    }
}

/// <summary>How often memory changed; shared by the blocks that run together.</summary>
sealed class MemoryChanges
{
    public long Count;
}
