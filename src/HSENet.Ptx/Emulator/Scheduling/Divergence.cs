// Lanes that part: at branches, on the way out of the kernel, and into strands of their own; and where they meet again.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>
/// The sides of a branch run one after the other, each in a frame of its own on the strand's stack, and meet at the branch's immediate
/// post-dominator. Lanes that wait for others are split off (<see cref="Split"/>), so that those they would meet do not wait for them.
/// </summary>
static unsafe class Divergence
{
    /// <summary>Lanes of the top frame go two ways. Those that are at the meeting point already wait in the frame below or in the top
    /// one.</summary>
    public static void Part(Warp w, Strand strand, int rejoin, int first, uint firstMask, int second, uint secondMask)
    {
        ref Frame frame = ref strand.Stack[strand.Top];
        if (frame.Rejoin == rejoin && rejoin >= 0)
        {
            // The frame below already waits for all of these lanes at the same place.
            (frame.Block, frame.Mask) = second == rejoin ? (first, firstMask) : (second, secondMask);
            if (first != rejoin && second != rejoin)
                strand.Push(w, first, rejoin, firstMask);
            return;
        }
        frame.Block = rejoin;
        if (second != rejoin || rejoin < 0)
            strand.Push(w, second, rejoin, secondMask);
        if (first != rejoin || rejoin < 0)
            strand.Push(w, first, rejoin, firstMask);
    }

    /// <summary>The lanes of a mask take an indexed branch, the others of the top frame go on.</summary>
    public static void Scatter(Warp w, Strand strand, ref CodeBlock code, uint mask)
    {
        ref Frame frame = ref strand.Stack[strand.Top];
        uint* index = (uint*)(w.Rows + code.Operands->A);
        uint others = frame.Mask & ~mask;
        uint target = index[BitOperations.TrailingZeroCount(mask)];
        if (target < code.Targets!.Length && Lanes.Equal(index, target, mask) == frame.Mask)
        {
            frame.Block = code.Targets[target];
            return;
        }
        frame.Block = code.Rejoin;
        if (others != 0)
            strand.Push(w, code.Next, code.Rejoin, others);
        while (mask != 0)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            uint chosen = index[lane], same = Lanes.Equal(index, chosen, mask);
            mask &= ~same;
            if (chosen < code.Targets.Length)
                strand.Push(w, code.Targets[chosen], code.Rejoin, same);
            else
            {
                w.Block.Findings.Add(w, code.Operands, lane, FindingKind.OutOfBounds, 0, "",
                    $"branch {chosen} of {code.Targets.Length}; the thread ends here");
                Leave(w, strand, same);
            }
        }
    }

    /// <summary>Lanes leave the function: they go from all of its frames, and the caller gets their results.</summary>
    public static void Return(Warp w, Strand strand, uint mask)
    {
        for (int level = strand.Top; level >= 0; level--)
        {
            ref Frame frame = ref strand.Stack[level];
            frame.Mask &= ~mask;
            if (frame.CallBlock >= 0)
            {
                ParameterAccess.Copy(w, w.Block.Kernel.Blocks[frame.CallBlock].Copies!.Results, mask);
                return;
            }
        }
        w.Live &= ~mask;
    }

    /// <summary>Lanes leave the kernel.</summary>
    public static void Leave(Warp w, Strand strand, uint mask)
    {
        strand.Remove(mask);
        w.Live &= ~mask;
    }

    /// <summary>
    /// Lanes whose next step is the end of the kernel leave now: they do not wait at a meeting point for lanes that need to know whether
    /// they are still there.
    /// </summary>
    public static void EndLeavers(Warp w)
    {
        foreach (Strand strand in w.Strands)
        {
            uint above = 0;
            for (int level = strand.Top; level >= 0 && strand.Status != WarpStatus.AtBarrier; level--)
            {
                ref Frame frame = ref strand.Stack[level];
                uint next = frame.Mask & ~above;
                above |= frame.Mask;
                if (next != 0 && level < strand.Top && EndsKernel(w, frame.Block))
                    Leave(w, strand, next);
            }
        }
    }

    /// <summary>Whether lanes of the strand, others than those of a mask, are on their way to a point where they meet the rest.</summary>
    public static bool OthersStay(Warp w, Strand strand, uint mask)
    {
        uint above = 0;
        for (int level = strand.Top; level >= 0; level--)
        {
            ref Frame frame = ref strand.Stack[level];
            uint next = frame.Mask & ~above & ~mask;
            above |= frame.Mask;
            if (next == 0 || frame.Block < 0)
                continue;
            bool waits = level == strand.Top || (strand.Stack[level + 1].Rejoin == frame.Block);
            if (waits || (frame.Rejoin >= 0 && !EndsKernel(w, frame.Rejoin)))
                return true;
        }
        return false;
    }

    /// <summary>Gives lanes a strand of their own, at the place where they are.</summary>
    public static Strand Split(Warp w, Strand strand, uint mask)
    {
        if (mask == strand.Lanes)
            return strand;
        Strand own = w.AddStrand();
        own.Take(strand, mask);
        own.Status = strand.Status;
        strand.Remove(mask);
        return own;
    }

    /// <summary>
    /// A strand has come to the frame at the top of its stack. Strands that are there join it, and it waits for those that may come; false
    /// when it stops.
    /// </summary>
    public static bool Meet(Warp w, Strand strand)
    {
        int level = strand.Top;
        if (strand.Stack[level].Mask == 0)
            return true;
        for (int n = w.Strands.Count - 1; n >= 0; n--)
        {
            Strand other = w.Strands[n];
            if (other != strand && other.Top == level && other.Status is WarpStatus.Ready or WarpStatus.Meeting
                && strand.Shares(other, level))
                Join(w, strand, other);
        }
        foreach (Strand other in w.Strands)
            if (other != strand && other.Status == WarpStatus.Ready && other.Top > level && strand.Shares(other, level)
                && other.Stack[level].Mask != 0)
            {
                strand.Status = WarpStatus.Meeting;
                return false;
            }
        return true;
    }

    /// <summary>A strand takes over the lanes of another one that is at the same place.</summary>
    public static void Join(Warp w, Strand strand, Strand other)
    {
        for (int level = 0; level <= strand.Top; level++)
            strand.Stack[level].Mask |= other.Stack[level].Mask;
        w.Drop(other);
    }

    static bool EndsKernel(Warp w, int block) => block >= 0 && w.Block.Kernel.Blocks[block].EndsKernel;
}
