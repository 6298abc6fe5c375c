// Barriers of a block: who waits, when they open, and what bar.red gives.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>What a barrier instruction does besides waiting; kept in <see cref="Instruction.Immediate"/>.</summary>
enum BarrierKind
{
    Sync,
    Arrive,
    PopulationCount,
    And,
    Or,
}

/// <summary>
/// The sixteen barriers of a block. Operands of the instruction: A the barrier's number, B the number of threads or -1 for all,
/// C the predicate and D the destination of a reduction.
/// </summary>
static unsafe class BarrierUnit
{
    public const int Count = 16;

    /// <summary>Brings lanes to a barrier; false when the warp need not wait.</summary>
    public static bool Arrive(Warp w, Instruction* i, uint mask)
    {
        int first = BitOperations.TrailingZeroCount(mask);
        uint number = ((uint*)(w.Rows + i->A))[first];
        if (number >= Count)
            throw new EmulatorException($"{w.Block.Kernel.Name}: there is no barrier {number}: {w.Block.Kernel.Statements[i->Statement]}");
        if (mask != w.Live)
        {
            w.Block.Findings.Add(w, i, first, FindingKind.Barrier, 0, "",
                $"a barrier in divergent code: {BitOperations.PopCount(mask)} of {BitOperations.PopCount(w.Live)} lanes of the warp "
                    + $"reach it");
            return false;
        }
        w.Barrier = (int)number;
        w.BarrierInstruction = i;
        w.BarrierMask = mask;
        if ((BarrierKind)i->Immediate == BarrierKind.Arrive)
        {
            w.Block.ArrivedThreads[number] += 32;
            w.Block.Joined[number].Add(w.Index);
            return false;
        }
        w.Status = WarpStatus.AtBarrier;
        return true;
    }

    /// <summary>Opens a barrier when all that it needs are there, or in any case after a finding.</summary>
    public static bool TryOpen(BlockState block, int barrier, bool force)
    {
        Warp? first = null;
        int arrived = block.ArrivedThreads[barrier], finished = 0, elsewhere = 0, lanesLeft = 0;
        foreach (Warp w in block.Warps)
        {
            bool here = w.Status == WarpStatus.AtBarrier && w.Barrier == barrier;
            if (here)
            {
                first ??= w;
                arrived += 32;
                lanesLeft += BitOperations.PopCount(w.Born & ~w.Live);
            }
            else if (w.Status == WarpStatus.Finished)
                finished++;
            else
                elsewhere++;
        }
        if (first == null)
            return false;
        Instruction* i = first.BarrierInstruction;
        int lane = BitOperations.TrailingZeroCount(first.BarrierMask);
        bool all = i->B < 0;
        int needed = all ? 32 * block.Warps.Length : (int)((uint*)(first.Rows + i->B))[lane];
        if (all && elsewhere == 0 && finished + lanesLeft > 0)
            block.Findings.Add(first, i, lane, FindingKind.Barrier, 0, "",
                $"not all threads of the block reach the barrier: {finished} of {block.Warps.Length} warps and {lanesLeft} other threads "
                    + $"have ended");
        else if (force)
            block.Findings.Add(first, i, lane, FindingKind.Barrier, 0, "",
                $"barrier {barrier} waits for {needed} threads and only {arrived} can reach it");
        else if (arrived < needed)
            return false;
        block.ArrivedThreads[barrier] = 0;
        Order(block, barrier);
        Reduce(block, barrier);
        foreach (Warp w in block.Warps)
            if (w.Status == WarpStatus.AtBarrier && w.Barrier == barrier)
                w.Status = WarpStatus.Ready;
        return true;
    }

    static void Order(BlockState block, int barrier)
    {
        if (block.Races is not { } races)
            return;
        int[] met = [.. block.Warps.Where(w => w.Barrier == barrier && w.Status == WarpStatus.AtBarrier
            || block.Joined[barrier].Contains(w.Index)).Select(w => w.Index)];
        if (met.Length == block.Warps.Length)
            races.Order.OpenForAll();
        else
            races.Order.OpenFor(met);
        block.Joined[barrier].Clear();
    }

    static void Reduce(BlockState block, int barrier)
    {
        int count = 0, threads = 0;
        foreach (Warp w in block.Warps)
            if (w.Status == WarpStatus.AtBarrier && w.Barrier == barrier && w.BarrierInstruction->C >= 0)
            {
                count += BitOperations.PopCount(*(uint*)(w.Rows + w.BarrierInstruction->C) & w.BarrierMask);
                threads += BitOperations.PopCount(w.BarrierMask);
            }
        foreach (Warp w in block.Warps)
        {
            if (w.Status != WarpStatus.AtBarrier || w.Barrier != barrier)
                continue;
            Instruction* i = w.BarrierInstruction;
            switch ((BarrierKind)i->Immediate)
            {
                case BarrierKind.PopulationCount:
                    for (uint m = w.BarrierMask; m != 0; m &= m - 1)
                        ((int*)(w.Rows + i->D))[BitOperations.TrailingZeroCount(m)] = count;
                    break;
                case BarrierKind.And:
                    Lanes.Merge(w, i->D, count == threads ? uint.MaxValue : 0, w.BarrierMask);
                    break;
                case BarrierKind.Or:
                    Lanes.Merge(w, i->D, count > 0 ? uint.MaxValue : 0, w.BarrierMask);
                    break;
            }
        }
    }
}
