// The race check of one lane's access where the fast way does not settle it: scopes, strong accesses, and who is to be named.
using System.Numerics;

namespace HSENet.Ptx;

unsafe partial class RaceChecker
{
    // Tells the places of bytes from those of words.
    const ulong ByteCells = 1ul << 63;

    // A lane that reads strongly may be waiting; many such reads end the turn, since here they cost the most.
    const int TurnsOfPoll = 4;

    readonly bool _lockstep = block.Kernel.LockstepWarps;

    /// <summary>True after a finding about two writes, until the new value is compared with the old one.</summary>
    public bool WritesRaced { get; set; }

    /// <summary>Checks and records one lane's access.</summary>
    public void Lane(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong offset, ulong address, uint bytes, AccessKind kind)
    {
        RaceStamps* stamps = region->Stamps;
        MemoryOrder order = i->Order;
        bool strong = (order & MemoryOrder.Strong) != 0;
        Times times = new(Order, region);
        int thread = w.Index * 32 + lane;
        uint own = Order.Now | (uint)thread | (!strong ? Stamp.Weak : (order & MemoryOrder.Volatile) != 0 ? Stamp.Volatile
            : (order & MemoryOrder.Device) != 0 ? Stamp.Wide : Stamp.Narrow);
        RaceConflict? found = null;
        if (strong && kind == AccessKind.Load)
            block.Turns -= TurnsOfPoll;
        if (strong && kind != AccessKind.Store)
            Order.Read(thread, region, offset, order); // what it acquires comes before the read itself
        bool small = bytes < 4 || offset % 4 != 0;
        if (small)
            stamps->EnsureBytes();
        for (ulong word = offset / 4; word <= (offset + bytes - 1) / 4; word++)
            Touch(&stamps->Words, word, region->Base + 4 * word, own, kind, times, !small, ref found);
        if (stamps->Bytes.Write != null)
            for (ulong at = offset; at < offset + bytes; at++)
                Touch(&stamps->Bytes, at, (region->Base + at) | ByteCells, own, kind, times, small, ref found);
        if (found is { } conflict)
        {
            block.Findings.Race(w, i, lane, region, address, offset, bytes, kind, conflict);
            WritesRaced = kind == AccessKind.Store && conflict.Wrote && !conflict.ByTicket;
        }
        if ((order & MemoryOrder.NonCoherent) != 0 ? !ReadNonCoherently(stamps, offset, bytes)
            : kind != AccessKind.Load && stamps->NonCoherent != null && WasReadNonCoherently(stamps, offset, bytes))
            block.Findings.NonCoherent(w, i, lane, region, address, offset, bytes, kind != AccessKind.Load);
        if (strong && kind != AccessKind.Load)
            Order.Write(thread, region, offset, order, kind == AccessKind.Atomic);
    }

    /// <summary>A warp executes a fence; the immediate has 1 for the device's scope and wider ones, 2 for <c>.sc</c>.</summary>
    public static void Fence(Warp w, Instruction* i, uint mask) =>
        w.Block.Races!.Order.Fence(w.Index, mask, (i->Immediate & 1) != 0, (i->Immediate & 2) != 0);

    /// <summary>A warp arrives at the cluster's barrier.</summary>
    public static void ArriveAtCluster(Warp w, Instruction* i, uint mask) =>
        w.Block.Races!.Order.ArriveAtCluster(w.Index, mask == w.Live ? uint.MaxValue : mask);

    /// <summary>After a finding about two writes: says so when both write the same value.</summary>
    public void CompareWrites(bool equal)
    {
        WritesRaced = false;
        if (equal)
            block.Findings.AddToLast("; both write the same value");
    }

    // One word or byte.
    void Touch(RaceCells* cells, ulong at, ulong place, uint own, AccessKind kind, Times times, bool record, ref RaceConflict? found)
    {
        int thread = (int)(own & Stamp.Who), warp = thread / 32;
        uint write = cells->Write[at], last = cells->Last[at], lane = 1u << (thread & 31);
        if (!times.Free(write, (uint)thread))
            CompareWrite(write, own, kind != AccessKind.Store, place, times.Shared, ref found);
        if ((own & Stamp.Kind) != Stamp.Weak && (write & Stamp.Kind) != Stamp.Weak)
            CompareWeak(Order.KeptWeak(place, times.Shared), own, times, ref found);
        if (kind != AccessKind.Load)
        {
            if (!times.Free(last, (uint)thread))
                Compare(last, own, ref found);
            if (!ReadersFree(cells, at, times, 1u << warp, lane))
                CompareReaders(Stamp.Clock(cells->First[at]), cells->Warps[at], cells->Lanes[at], thread, times, ref found);
        }
        if (!record)
            return;
        bool weak = (own & Stamp.Kind) == Stamp.Weak;
        if (kind == AccessKind.Load && weak)
            Read(cells, at, times, own, 1u << warp, lane);
        else if (kind == AccessKind.Load)
            cells->Last[at] = own;
        else if (weak)
            (cells->Write[at], cells->First[at], cells->Last[at]) = (own, 0, 0);
        else
        {
            if ((write & Stamp.Kind) == Stamp.Weak && !times.Settled(write))
                Order.KeepWeak(place, write, times.Shared);
            cells->Write[at] = own;
        }
    }

    void Compare(uint stamp, uint own, ref RaceConflict? found)
    {
        long other = Order.Launch.BlockAt(Stamp.Clock(stamp));
        if (!BothStrong(stamp, own, other == block.Number))
            Add(Stamp.Clock(stamp), other, (int)(stamp & Stamp.Who), (int)(own & Stamp.Who), false, ref found);
    }

    // A strong read of a strong write comes behind it, with all that follows.
    void CompareWrite(uint write, uint own, bool reads, ulong place, bool shared, ref RaceConflict? found)
    {
        int thread = (int)(own & Stamp.Who);
        long other = Order.Launch.BlockAt(Stamp.Clock(write));
        if (BothStrong(write, own, other == block.Number))
        {
            if (reads)
                Order.SeeWrite(write, thread, place, shared);
        }
        else if (!Order.IsBehind(write, thread, place, shared))
            Add(Stamp.Clock(write), other, (int)(write & Stamp.Who), thread, true, ref found);
    }

    // A weak write that strong ones have covered since.
    void CompareWeak(uint weak, uint own, Times times, ref RaceConflict? found)
    {
        if (!times.Free(weak, own & Stamp.Who))
            Add(Stamp.Clock(weak), Order.Launch.BlockAt(Stamp.Clock(weak)), (int)(weak & Stamp.Who), (int)(own & Stamp.Who), true,
                ref found);
    }

    // Strong in the memory model, each in a scope that includes the other. Lanes of a warp that use volatile accesses as if they ran in
    // lockstep do so up to sm_60 only.
    bool BothStrong(uint a, uint b, bool sameBlock)
    {
        uint kindA = a & Stamp.Kind, kindB = b & Stamp.Kind;
        if (kindA == Stamp.Weak || kindB == Stamp.Weak)
            return false;
        if (!sameBlock)
            return kindA >= Stamp.Wide && kindB >= Stamp.Wide;
        return _lockstep || kindA != Stamp.Volatile || kindB != Stamp.Volatile || (a & Stamp.Who) / 32 != (b & Stamp.Who) / 32;
    }

    void CompareReaders(uint clock, uint warps, uint lanes, int thread, Times times, ref RaceConflict? found)
    {
        int threads = (int)block.BlockSize.Count;
        foreach (long other in times.Shared ? [block.Number] : Order.Launch.BlocksFrom(clock))
        {
            if (Order.KnowsBlock(clock, other, thread))
                continue;
            for (uint w = warps; w != 0; w &= w - 1)
                for (uint l = lanes; l != 0; l &= l - 1)
                {
                    int reader = BitOperations.TrailingZeroCount(w) * 32 + BitOperations.TrailingZeroCount(l);
                    if (reader < threads && (reader != thread || other != block.Number))
                        Add(clock, other, reader, thread, false, ref found);
                    if (found is { ByTicket: false })
                        return;
                }
        }
    }

    // A race hides what is only a note.
    void Add(uint clock, long otherBlock, int other, int thread, bool wrote, ref RaceConflict? found)
    {
        if (found is { ByTicket: false } || !Order.Unordered(clock, otherBlock, other, thread))
            return;
        bool byTicket = Order.OrderedByTicket(clock, otherBlock, other, thread);
        if (found == null || !byTicket)
            found = new RaceConflict(otherBlock, other, wrote, byTicket);
    }
}
