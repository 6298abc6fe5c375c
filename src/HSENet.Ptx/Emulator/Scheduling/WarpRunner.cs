// Runs a warp: its strands in turn, each basic block after basic block.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

/// <summary>
/// Lanes that part at a branch run one side after the other (<see cref="Divergence"/>). A branch never trusts <c>.uni</c>.
/// </summary>
static unsafe class WarpRunner
{
    /// <summary>Basic blocks after which another warp gets its turn, so that warps may wait for each other in loops.</summary>
    public const int Slice = 1 << 14;

    /// <summary>The same for lanes that did nothing but wait in their last turn.</summary>
    const int SliceOfSpinning = 1 << 6;

    /// <summary>Runs every strand until a barrier, the end, or the end of the slice.</summary>
    public static void Run(Warp w)
    {
        for (int n = 0; n < w.Strands.Count && w.Block.Budget >= 0; n++)
        {
            Strand strand = w.Strands[n];
            if (strand.Status != WarpStatus.Ready)
                continue;
            int slice = strand.SpunAt >= 0 ? SliceOfSpinning : w.Block.Slice;
            strand.SpunAt = -1;
            Run(w, strand, slice);
            if (strand.Status == WarpStatus.Ready && w.Block.Budget >= 0)
                SpinDetector.Look(w, strand);
            if (n < w.Strands.Count && w.Strands[n] != strand)
                n--; // the strand went into another one
        }
        w.Settle();
    }

    /// <summary>Runs a strand for a number of basic blocks at most.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(Warp w, Strand strand, int slice)
    {
        BlockState block = w.Block;
        CodeBlock[] blocks = block.Kernel.Blocks;
        for (block.Turns = slice; block.Turns > 0; block.Turns--)
        {
            ref Frame frame = ref strand.Stack[strand.Top];
            if (frame.Mask == 0 || frame.Block == frame.Rejoin || frame.Block < 0)
            {
                if (frame.Mask != 0 && frame.Block < 0)
                    Divergence.Return(w, strand, frame.Mask); // behind the last statement of a routine
                if (strand.Top == 0)
                {
                    strand.Status = WarpStatus.Finished;
                    return;
                }
                strand.Top--;
                if (w.Strands.Count > 1 && !Divergence.Meet(w, strand))
                    return;
                continue;
            }
            int index = frame.Block;
            ref CodeBlock code = ref blocks[index];
            uint mask = frame.Mask;
            block.Budget -= code.Statements;
            if (block.Budget < 0)
            {
                Stop(w, strand);
                return;
            }
            block.Executed += code.Statements;
            w.Instructions += code.Statements;
            w.LaneInstructions += (long)code.Statements * BitOperations.PopCount(mask);
            block.Profile?.Block(w, index, mask);
            Execute(w, code.First, code.First + code.Count, mask);
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
                    Divergence.Part(w, strand, code.Rejoin, code.Target, taken, code.Next, mask & ~taken);
                    break;
                default:
                    frame.Block = code.Next;
                    if (taken != 0 && !End(w, strand, index, taken))
                        return;
                    break;
            }
        }
    }

    // By itself, so that what it needs stays in registers of the host.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static void Execute(Warp w, Instruction* i, Instruction* end, uint mask)
    {
        for (; i != end; i++)
            i->Execute(w, i, mask);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Stop(Warp w, Strand strand) => w.Block.StoppedAt = (w, strand);

    // The rarer endings; false when the strand stops.
    static bool End(Warp w, Strand strand, int index, uint mask)
    {
        ref CodeBlock code = ref w.Block.Kernel.Blocks[index];
        switch (code.Ending)
        {
            case Ending.Indexed:
                Divergence.Scatter(w, strand, ref code, mask);
                return true;
            case Ending.Call:
                ParameterAccess.Copy(w, code.Copies!.Arguments, mask);
                strand.Push(w, code.Target, -1, mask, index);
                return true;
            case Ending.Return:
                Divergence.Return(w, strand, mask);
                return true;
            case Ending.Exit:
                Divergence.Leave(w, strand, mask);
                return true;
            case Ending.Trap:
                PtxInstruction trap = w.Block.Kernel.Statements[code.Operands->Statement];
                throw new EmulatorException($"{w.Block.Kernel.Name}: {(trap.Opcode == "call" ? "failed assertion" : "trap")} at line "
                    + $"{trap.Line}, block {w.Block.Position}, thread "
                    + w.Block.BlockSize.Position(w.Index * 32L + BitOperations.TrailingZeroCount(mask)));
            case Ending.WarpBarrier:
                return !WarpBarrier.Arrive(w, strand, code.Operands, mask);
            default:
                return !BarrierUnit.Arrive(w, strand, code.Operands, mask);
        }
    }
}
