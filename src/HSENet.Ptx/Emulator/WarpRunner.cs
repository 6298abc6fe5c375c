// Runs a warp: basic blocks, divergence and reconvergence, calls and returns.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>
/// Lanes that part at a branch run one side after the other, each in a frame of its own on the warp's stack, and meet at the branch's
/// immediate post-dominator. A branch never trusts <c>.uni</c>.
/// </summary>
static unsafe class WarpRunner
{
    /// <summary>Basic blocks after which another warp gets its turn, so that warps may wait for each other in loops.</summary>
    const int Slice = 1 << 14;

    /// <summary>Runs until a barrier, the end, or the end of the slice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(Warp w)
    {
        BlockState block = w.Block;
        CodeBlock[] blocks = block.Kernel.Blocks;
        for (int turn = 0; turn < Slice; turn++)
        {
            ref Frame frame = ref w.Stack[w.Top];
            if (frame.Mask == 0 || frame.Block == frame.Rejoin || frame.Block < 0)
            {
                if (frame.Mask != 0 && frame.Block < 0)
                    Return(w, frame.Mask); // behind the last statement of a routine
                if (w.Top == 0)
                {
                    w.Status = WarpStatus.Finished;
                    return;
                }
                w.Top--;
                continue;
            }
            int index = frame.Block;
            ref CodeBlock code = ref blocks[index];
            uint mask = frame.Mask;
            block.Budget -= code.Statements;
            if (block.Budget < 0)
                return;
            block.Executed += code.Statements;
            w.Instructions += code.Statements;
            w.LaneInstructions += (long)code.Statements * BitOperations.PopCount(mask);
            block.Profile?.Block(w, index, mask);
            for (Instruction* i = code.First, end = i + code.Count; i != end; i++)
                i->Execute(w, i, mask);
            uint taken = mask;
            if (code.Guard >= 0)
            {
                uint guard = *(uint*)(w.Rows + code.Guard);
                taken &= code.GuardNegated ? ~guard : guard;
                block.Profile?.Ending(index, mask, taken);
            }
            switch (code.Ending)
            {
                case Ending.Next:
                    frame.Block = code.Next;
                    break;
                case Ending.Branch when taken == mask:
                    frame.Block = code.Target;
                    break;
                case Ending.Branch when taken == 0:
                    frame.Block = code.Next;
                    break;
                case Ending.Branch:
                    block.Profile?.Divergence(index);
                    Part(w, code.Rejoin, code.Target, taken, code.Next, mask & ~taken);
                    break;
                default:
                    frame.Block = code.Next;
                    if (taken != 0 && !End(w, index, taken))
                        return;
                    break;
            }
        }
    }

    // The rarer endings; false when the warp stops.
    static bool End(Warp w, int index, uint mask)
    {
        ref CodeBlock code = ref w.Block.Kernel.Blocks[index];
        switch (code.Ending)
        {
            case Ending.Indexed:
                Scatter(w, ref code, mask);
                return true;
            case Ending.Call:
                ParameterAccess.Copy(w, code.Copies!.Arguments, mask);
                w.Push() = new Frame { Block = code.Target, Rejoin = -1, Mask = mask, CallBlock = index };
                return true;
            case Ending.Return:
                Return(w, mask);
                return true;
            case Ending.Exit:
                Leave(w, mask);
                return true;
            case Ending.Trap:
                PtxInstruction trap = w.Block.Kernel.Statements[code.Operands->Statement];
                throw new EmulatorException($"{w.Block.Kernel.Name}: {(trap.Opcode == "call" ? "failed assertion" : "trap")} at line "
                    + $"{trap.Line}, block {w.Block.Position}");
            default:
                return !BarrierUnit.Arrive(w, code.Operands, mask);
        }
    }

    // Lanes of the top frame go two ways. Those that are at the meeting point already wait in the frame below or in the top one.
    static void Part(Warp w, int rejoin, int first, uint firstMask, int second, uint secondMask)
    {
        ref Frame frame = ref w.Stack[w.Top];
        if (frame.Rejoin == rejoin && rejoin >= 0)
        {
            // The frame below already waits for all of these lanes at the same place.
            (frame.Block, frame.Mask) = second == rejoin ? (first, firstMask) : (second, secondMask);
            if (first != rejoin && second != rejoin)
                w.Push() = new Frame { Block = first, Rejoin = rejoin, Mask = firstMask, CallBlock = -1 };
            return;
        }
        frame.Block = rejoin;
        if (second != rejoin || rejoin < 0)
            w.Push() = new Frame { Block = second, Rejoin = rejoin, Mask = secondMask, CallBlock = -1 };
        if (first != rejoin || rejoin < 0)
            w.Push() = new Frame { Block = first, Rejoin = rejoin, Mask = firstMask, CallBlock = -1 };
    }

    static void Scatter(Warp w, ref CodeBlock code, uint mask)
    {
        ref Frame frame = ref w.Stack[w.Top];
        uint* index = (uint*)(w.Rows + code.Operands->A);
        uint others = frame.Mask & ~mask;
        uint target = index[BitOperations.TrailingZeroCount(mask)];
        if (target < code.Targets!.Length && Lanes(index, target, mask) == frame.Mask)
        {
            frame.Block = code.Targets[target];
            return;
        }
        frame.Block = code.Rejoin;
        if (others != 0)
            w.Push() = new Frame { Block = code.Next, Rejoin = code.Rejoin, Mask = others, CallBlock = -1 };
        while (mask != 0)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            uint chosen = index[lane], same = Lanes(index, chosen, mask);
            mask &= ~same;
            if (chosen < code.Targets.Length)
                w.Push() = new Frame { Block = code.Targets[chosen], Rejoin = code.Rejoin, Mask = same, CallBlock = -1 };
            else
            {
                w.Block.Findings.Add(w, code.Operands, lane, FindingKind.OutOfBounds, 0, "",
                    $"branch {chosen} of {code.Targets.Length}; the thread ends here");
                Leave(w, same);
            }
        }
    }

    // The lanes of a mask that have a value.
    static uint Lanes(uint* values, uint value, uint mask)
    {
        uint same = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            if (values[l] == value)
                same |= 1u << l;
        }
        return same;
    }

    // Lanes leave the function: they go from all of its frames, and the caller gets their results.
    static void Return(Warp w, uint mask)
    {
        for (int level = w.Top; level >= 0; level--)
        {
            ref Frame frame = ref w.Stack[level];
            frame.Mask &= ~mask;
            if (frame.CallBlock >= 0)
            {
                ParameterAccess.Copy(w, w.Block.Kernel.Blocks[frame.CallBlock].Copies!.Results, mask);
                return;
            }
        }
        w.Live &= ~mask;
    }

    static void Leave(Warp w, uint mask)
    {
        for (int level = w.Top; level >= 0; level--)
            w.Stack[level].Mask &= ~mask;
        w.Live &= ~mask;
    }
}
