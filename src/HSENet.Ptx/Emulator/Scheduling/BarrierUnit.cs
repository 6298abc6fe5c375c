// Barriers of a block: who waits, when they open, and what bar.red gives.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>What a barrier instruction does besides waiting; kept in <see cref="Instruction.Immediate"/> with
/// <see cref="BarrierUnit.Aligned"/>.</summary>
enum BarrierKind
{
    Sync,
    Arrive,
    PopulationCount,
    And,
    Or,

    /// <summary>barrier.cluster.wait.</summary>
    Cluster,
}

/// <summary>
/// The sixteen barriers of a block. Operands of the instruction: A the barrier's number, B the number of threads or -1 for all that have
/// not left, C the predicate and D the destination of a reduction. A warp whose living lanes are all there counts as 32 threads.
/// </summary>
static unsafe class BarrierUnit
{
    public const int Count = 16;

    /// <summary>All living lanes of a warp have to be at the same instruction.</summary>
    public const long Aligned = 1 << 8;

    const long Kinds = Aligned - 1;

    /// <summary>Brings lanes to a barrier; false when the strand need not stop.</summary>
    public static bool Arrive(Warp w, Strand strand, Instruction* i, uint mask)
    {
        BlockState block = w.Block;
        int first = BitOperations.TrailingZeroCount(mask);
        uint number = ((uint*)(w.Rows + i->A))[first];
        if (number >= Count)
            throw new EmulatorException($"{block.Kernel.Name}: there is no barrier {number}: {block.Kernel.Statements[i->Statement]}");
        bool aligned = (i->Immediate & Aligned) != 0, reported = false;
        if (mask != w.Live)
        {
            Divergence.EndLeavers(w);
            reported = aligned && mask != w.Live && Divergence.OthersStay(w, strand, mask);
            if (reported)
                ReportParted(w, i, first, mask);
        }
        CheckCount(w, i, first, (int)number);
        if ((BarrierKind)(i->Immediate & Kinds) == BarrierKind.Arrive)
        {
            block.ArrivedThreads[number] += mask == w.Live ? 32 : BitOperations.PopCount(mask);
            block.Races?.Order.Arrive((int)number, w.Index, mask);
            TryOpen(block, (int)number, force: false);
            return false;
        }
        strand = Divergence.Split(w, strand, mask);
        strand.Barrier = (int)number;
        strand.BarrierInstruction = i;
        strand.Reported = reported;
        strand.Status = WarpStatus.AtBarrier;
        block.BarriersInUse |= 1u << (int)number;
        for (int n = 0; n < w.Strands.Count && w.Strands.Count > 1; n++)
            if (w.Strands[n] is { Status: WarpStatus.AtBarrier } other && other != strand && other.BarrierInstruction == i
                && other.Barrier == number && other.Top == strand.Top && strand.Shares(other, strand.Top))
            {
                Divergence.Join(w, strand, other);
                break;
            }
        if (i->B >= 0)
            TryOpen(block, (int)number, force: false);
        return true;
    }

    /// <summary>Opens a barrier when all that it needs are there, or in any case after a finding.</summary>
    public static bool TryOpen(BlockState block, int barrier, bool force)
    {
        Warp? first = null;
        Strand? firstStrand = null;
        int arrived = block.ArrivedThreads[barrier];
        bool elsewhere = false;
        foreach (Warp w in block.Warps)
        {
            uint here = 0;
            for (int n = 0; n < w.Strands.Count; n++)
                if (w.Strands[n] is { Status: WarpStatus.AtBarrier } strand && strand.Barrier == barrier)
                {
                    (first, firstStrand) = first == null ? (w, strand) : (first, firstStrand);
                    here |= strand.Lanes;
                }
            elsewhere |= here != w.Live;
            arrived += here == 0 ? 0 : here == w.Live ? 32 : BitOperations.PopCount(here);
        }
        if (first == null || firstStrand == null)
            return false;
        Instruction* i = firstStrand.BarrierInstruction;
        int lane = BitOperations.TrailingZeroCount(firstStrand.Lanes);
        bool all = i->B < 0;
        int needed = all ? 0 : Needed(first, i, lane);
        if (all ? elsewhere : arrived < needed)
        {
            if (!force)
                return false;
            needed = all ? block.Warps.Sum(w => BitOperations.PopCount(w.Live)) : needed;
            block.Findings.Add(first, i, lane, FindingKind.Barrier, 0, "",
                $"barrier {barrier} waits for {needed} threads and only "
                    + $"{Math.Min(arrived, 32 * block.Warps.Length)} can reach it");
        }
        block.ArrivedThreads[barrier] = 0;
        block.BarrierCounts[barrier] = -1;
        block.BarriersInUse &= ~(1u << barrier);
        Open(block, barrier);
        return true;
    }

    static void Open(BlockState block, int barrier)
    {
        List<(Warp Warp, Strand Strand)> met = block.Met;
        met.Clear();
        bool everybody = true;
        foreach (Warp w in block.Warps)
        {
            uint here = 0;
            for (int n = 0; n < w.Strands.Count; n++)
                if (w.Strands[n] is { Status: WarpStatus.AtBarrier } strand && strand.Barrier == barrier)
                {
                    met.Add((w, strand));
                    here |= strand.Lanes;
                    Instruction* i = strand.BarrierInstruction;
                    if ((i->Immediate & Aligned) != 0 && strand.Lanes != w.Live && !strand.Reported)
                        ReportParted(w, i, BitOperations.TrailingZeroCount(strand.Lanes), strand.Lanes);
                }
            everybody &= here == w.Live;
        }
        if ((BarrierKind)(met[0].Strand.BarrierInstruction->Immediate & Kinds) == BarrierKind.Cluster)
            block.Races?.Order.OpenCluster(met);
        else
            block.Races?.Order.Open(barrier, met, everybody);
        if (met[0].Strand.BarrierInstruction->C >= 0)
            Reduce(met);
        foreach ((Warp w, Strand strand) in met)
            strand.Status = w.Status = WarpStatus.Ready;
    }

    static void ReportParted(Warp w, Instruction* i, int lane, uint mask) => w.Block.Findings.Add(w, i, lane, FindingKind.Barrier, 0, "",
        $"a barrier in divergent code: {BitOperations.PopCount(mask)} of {BitOperations.PopCount(w.Live)} lanes of the warp reach it");

    // The number of threads: a multiple of 32, and the same for all that come before the barrier opens.
    static void CheckCount(Warp w, Instruction* i, int lane, int barrier)
    {
        if (i->B < 0)
            return;
        int needed = ((int*)(w.Rows + i->B))[lane];
        ref int expected = ref w.Block.BarrierCounts[barrier];
        if (needed <= 0 || needed % 32 != 0)
            w.Block.Findings.Add(w, i, lane, FindingKind.Barrier, 0, "",
                $"barrier {barrier} is given {needed} threads, which is no multiple of 32");
        else if (expected >= 0 && expected != needed)
            w.Block.Findings.Add(w, i, lane, FindingKind.Barrier, 0, "",
                $"barrier {barrier} is given {needed} threads here, and {expected} by others that it waits for");
        expected = needed;
    }

    static int Needed(Warp w, Instruction* i, int lane) => (int)(((((uint*)(w.Rows + i->B))[lane] + 31) & ~31u) & int.MaxValue);

    static void Reduce(List<(Warp Warp, Strand Strand)> met)
    {
        int count = 0, threads = 0;
        foreach ((Warp w, Strand strand) in met)
            if (strand.BarrierInstruction->C >= 0)
            {
                count += BitOperations.PopCount(*(uint*)(w.Rows + strand.BarrierInstruction->C) & strand.Lanes);
                threads += BitOperations.PopCount(strand.Lanes);
            }
        foreach ((Warp w, Strand strand) in met)
        {
            Instruction* i = strand.BarrierInstruction;
            switch ((BarrierKind)(i->Immediate & Kinds))
            {
                case BarrierKind.PopulationCount:
                    for (uint m = strand.Lanes; m != 0; m &= m - 1)
                        ((int*)(w.Rows + i->D))[BitOperations.TrailingZeroCount(m)] = count;
                    break;
                case BarrierKind.And:
                    Lanes.Merge(w, i->D, count == threads ? uint.MaxValue : 0, strand.Lanes);
                    break;
                case BarrierKind.Or:
                    Lanes.Merge(w, i->D, count > 0 ? uint.MaxValue : 0, strand.Lanes);
                    break;
            }
        }
    }
}
