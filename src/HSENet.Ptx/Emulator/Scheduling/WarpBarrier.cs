// bar.warp.sync: lanes that are named wait for each other, wherever in the program they come to one.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>The barriers of a warp. Operand A of the instruction is the row of masks.</summary>
static unsafe class WarpBarrier
{
    /// <summary>What <see cref="Strand.Barrier"/> is for strands that wait here.</summary>
    public const int Number = -1;

    /// <summary>Brings lanes to a barrier of their warp; false when the strand need not stop.</summary>
    public static bool Arrive(Warp w, Strand strand, Instruction* i, uint mask)
    {
        uint* named = (uint*)(w.Rows + i->A);
        bool stops = false;
        for (uint rest = mask; rest != 0;)
        {
            uint members = named[BitOperations.TrailingZeroCount(rest)], here = Lanes.Equal(named, members, rest),
                outside = here & ~members;
            rest &= ~here;
            if (outside != 0)
                Report(w, i, BitOperations.TrailingZeroCount(outside),
                    $"lane {BitOperations.TrailingZeroCount(outside)} is here but not in its mask 0x{members:x8}");
            if ((members & w.Live & ~here) != 0)
                Divergence.EndLeavers(w);
            if ((members & w.Live & ~here) == 0)
                w.Block.Races?.Order.SyncLanes(w, here);
            else if (w.Block.Kernel.LockstepWarps)
                ReportMissing(w, i, members, here);
            else
                stops |= Wait(w, strand, i, members, here);
        }
        return stops;
    }

    /// <summary>Lanes may have left: opens what is complete.</summary>
    public static void Look(Warp w)
    {
        for (int n = 0; n < w.Strands.Count && w.Strands.Count > 1; n++)
            if (IsWaiting(w.Strands[n]) && TryOpen(w, w.Strands[n].Named, force: false))
                n = -1; // strands may have joined
    }

    /// <summary>Nothing else can go on in the block: lanes that are named never come.</summary>
    public static bool Force(Warp w)
    {
        foreach (Strand strand in w.Strands)
            if (IsWaiting(strand))
                return TryOpen(w, strand.Named, force: true);
        return false;
    }

    static bool IsWaiting(Strand strand) => strand is { Status: WarpStatus.AtBarrier, Barrier: Number };

    static bool Wait(Warp w, Strand strand, Instruction* i, uint members, uint here)
    {
        Strand own = Divergence.Split(w, strand, here);
        (own.Status, own.Barrier, own.Named) = (WarpStatus.AtBarrier, Number, members);
        own.BarrierInstruction = i;
        TryOpen(w, members, force: false);
        return strand.Status != WarpStatus.Ready;
    }

    // The strands that name these lanes go on when all of the lanes that live are there.
    static bool TryOpen(Warp w, uint members, bool force)
    {
        uint here = 0;
        Strand? first = null;
        foreach (Strand strand in w.Strands)
            if (IsWaiting(strand) && strand.Named == members)
            {
                first ??= strand;
                here |= strand.Lanes;
            }
        if (first == null || (!force && (members & w.Live & ~here) != 0))
            return false;
        if (force)
            ReportMissing(w, first.BarrierInstruction, members, here);
        else
            w.Block.Races?.Order.SyncLanes(w, here);
        for (int n = 0; n < w.Strands.Count; n++)
            if (IsWaiting(w.Strands[n]) && w.Strands[n].Named == members)
            {
                Strand strand = w.Strands[n];
                strand.Status = w.Status = WarpStatus.Ready;
                for (int other = w.Strands.Count - 1; other > n; other--)
                    if (IsWaiting(w.Strands[other]) && w.Strands[other].BarrierInstruction == strand.BarrierInstruction
                        && w.Strands[other].Top == strand.Top && strand.Shares(w.Strands[other], strand.Top))
                        Divergence.Join(w, strand, w.Strands[other]);
            }
        return true;
    }

    static void ReportMissing(Warp w, Instruction* i, uint members, uint here)
    {
        int missing = BitOperations.TrailingZeroCount(members & w.Live & ~here);
        Report(w, i, missing, $"lane {missing} is named in the mask 0x{members:x8} but never comes: only 0x{here:x8} do");
    }

    static void Report(Warp w, Instruction* i, int lane, string message) =>
        w.Block.Findings.Add(w, i, lane, FindingKind.Barrier, 0, "", message);
}
