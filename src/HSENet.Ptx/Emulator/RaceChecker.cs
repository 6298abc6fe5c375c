// Looks for races: two threads at the same bytes, one of them writing, with nothing that orders them.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>What an access does, for the race check.</summary>
enum AccessKind
{
    Load,
    Store,

    /// <summary>Reads and writes at once, ordered with all other atomics of the word.</summary>
    Atomic,
}

/// <summary>
/// Keeps for each word the last writer and the last reader (see <see cref="Stamp"/>). Accesses of fewer than four bytes are kept by byte,
/// so that neighbours in a word do not disturb each other. An access that is not ordered after the writer (or, if it writes, after the
/// readers) is a race. Two atomics never are.
/// </summary>
sealed unsafe class RaceChecker(BlockState block, int warps)
{
    public RaceOrder Order { get; } = new(warps);

    /// <summary>
    /// Checks and records eight lanes whose addresses follow each other or are the same; false, with nothing recorded, when they need to
    /// be looked at one by one.
    /// </summary>
    public bool Group(Warp w, Instruction* i, MemoryRegion* region, ulong offset, int first, uint bytes, bool store, bool same)
    {
        RaceStamps* stamps = region->Stamps;
        if (i->Strong || (bytes < 4 && stamps->ByteWrite == null))
            return false;
        bool shared = region->Index == BlockState.SharedIndex;
        // Stamps of one lane's access: words, or bytes when it is smaller.
        uint words = bytes < 4 ? bytes : bytes / 4;
        uint* write = bytes < 4 ? stamps->ByteWrite + offset : stamps->Write + offset / 4,
            read = bytes < 4 ? stamps->ByteRead + offset : stamps->Read + offset / 4;
        uint start = shared ? Order.BlockStartStamp : Order.LaunchStartStamp;
        if (!OthersSettled(stamps, offset, same ? bytes : bytes * 8, bytes < 4, store, start))
            return false;
        uint now = Order.Now;
        uint thread = (uint)(w.Index * 32 + first);
        if (same)
        {
            uint many = now | (Stamp.ManyLanes + (uint)w.Index);
            for (uint at = 0; at < words; at++)
                if (!Settled(write[at], start))
                    return false;
            for (uint at = 0; at < words; at++)
                read[at] = Merge(read[at], many, (uint)w.Index, start);
            return true;
        }
        for (uint at = 0; at < words * 8; at += 8)
        {
            Vector256<uint> own = Vector256.Create(now) | Threads(thread, at, words);
            if (!Settled(Vector256.Load(write + at), own, start) || (store && !Settled(Vector256.Load(read + at), own, start)))
                return false;
        }
        for (uint at = 0; at < words * 8; at += 8)
        {
            Vector256<uint> own = Vector256.Create(now) | Threads(thread, at, words);
            if (store)
                own.Store(write + at);
            else
                Merge(Vector256.Load(read + at), own, (uint)w.Index, start).Store(read + at);
        }
        return true;
    }

    // The stamps of the other size at the same bytes: words where bytes are accessed, bytes where words are.
    bool OthersSettled(RaceStamps* stamps, ulong offset, uint span, bool ofWords, bool store, uint start)
    {
        if (ofWords)
        {
            for (ulong word = offset / 4; word <= (offset + span - 1) / 4; word++)
                if (!Settled(stamps->Write[word], start) || (store && !Settled(stamps->Read[word], start)))
                    return false;
            return true;
        }
        Vector256<uint> nobody = Vector256.Create(Stamp.Who);
        for (ulong at = offset; stamps->ByteWrite != null && at < offset + span; at += 8)
            if (!Settled(Vector256.Load(stamps->ByteWrite + at), nobody, start)
                || (store && !Settled(Vector256.Load(stamps->ByteRead + at), nobody, start)))
                return false;
        return true;
    }

    /// <summary>The same for one lane, when nothing but this thread was here since the last barrier; false, with nothing recorded,
    /// otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Quick(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong offset, uint bytes, bool store)
    {
        RaceStamps* stamps = region->Stamps;
        RaceOrder order = Order;
        uint start = region->Index == BlockState.SharedIndex ? order.BlockStartStamp : order.LaunchStartStamp;
        uint thread = (uint)(w.Index * 32 + lane), own = order.Now | thread;
        uint words = bytes < 4 ? 1 : bytes / 4;
        uint* write = stamps->Write + offset / 4, read = stamps->Read + offset / 4;
        if (i->Strong || (bytes < 4 && stamps->ByteWrite == null))
            return false;
        for (uint at = 0; at < words; at++)
            if (!Free(order, write[at], thread, start) || (store && !Free(order, read[at], thread, start)))
                return false;
        if (stamps->ByteWrite != null)
            return QuickBytes(w, stamps, offset, bytes, store, thread, start);
        for (uint at = 0; at < words; at++)
            if (store)
                write[at] = own;
            else if (read[at] != own)
                read[at] = Free(order, read[at], thread, start) ? own : Merge(read[at], own, (uint)w.Index, start);
        return true;
    }

    /// <summary>Checks and records one lane's access.</summary>
    public void Lane(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong offset, ulong address, uint bytes, AccessKind kind)
    {
        RaceStamps* stamps = region->Stamps;
        bool shared = region->Index == BlockState.SharedIndex, atomic = kind == AccessKind.Atomic || i->Strong;
        int thread = w.Index * 32 + lane;
        if (atomic && kind != AccessKind.Store)
            Order.Learn(w.Index, WordOf(region, offset));
        uint own = Order.Now | (uint)thread | (atomic ? Stamp.Atomic : 0);
        uint found = 0;
        if (bytes < 4)
        {
            stamps->EnsureBytes();
            Touch(ref stamps->Write[offset / 4], ref stamps->Read[offset / 4], own, kind, shared, false, ref found);
            for (ulong at = offset; at < offset + bytes; at++)
                Touch(ref stamps->ByteWrite[at], ref stamps->ByteRead[at], own, kind, shared, true, ref found);
        }
        else
        {
            for (ulong word = offset / 4; word < (offset + bytes) / 4; word++)
                Touch(ref stamps->Write[word], ref stamps->Read[word], own, kind, shared, true, ref found);
            if (stamps->ByteWrite != null)
                for (ulong at = offset; at < offset + bytes; at++)
                    Touch(ref stamps->ByteWrite[at], ref stamps->ByteRead[at], own, kind, shared, false, ref found);
        }
        if (found != 0)
            block.Findings.Race(w, i, lane, region, address, offset, bytes, kind, found, Order);
        if (atomic && kind != AccessKind.Load)
            Order.Publish(w.Index, WordOf(region, offset));
    }

    /// <summary>A warp executes a fence.</summary>
    public static void Fence(Warp w, Instruction* i, uint mask) => w.Block.Races!.Order.Fence(w.Index);

    // One word or byte: the stamp of an access that is not ordered before this one goes to found.
    void Touch(ref uint write, ref uint read, uint own, AccessKind kind, bool shared, bool record, ref uint found)
    {
        int thread = (int)(own & Stamp.Who);
        bool atomic = (own & Stamp.Atomic) != 0;
        if (!(atomic && (write & Stamp.Atomic) != 0) && Order.Unordered(write, thread, shared))
            found = write;
        if (kind != AccessKind.Load && Order.Unordered(read, thread, shared))
            found = read;
        if (!record)
            return;
        if (kind != AccessKind.Load)
            write = own;
        else if (!atomic)
            read = Order.Unordered(read, thread, shared)
                ? Merge(read, own, (uint)thread / 32, shared ? Order.BlockStartStamp : Order.LaunchStartStamp) : own;
    }

    // The second half of Quick where single bytes have stamps of their own; words were found free.
    bool QuickBytes(Warp w, RaceStamps* stamps, ulong offset, uint bytes, bool store, uint thread, uint start)
    {
        uint own = Order.Now | thread;
        uint* write = stamps->ByteWrite + offset, read = stamps->ByteRead + offset;
        for (uint at = 0; at < bytes; at++)
            if (!Free(Order, write[at], thread, start) || (store && !Free(Order, read[at], thread, start)))
                return false;
        uint units = bytes;
        if (bytes >= 4)
        {
            write = stamps->Write + offset / 4;
            read = stamps->Read + offset / 4;
            units = bytes / 4;
        }
        for (uint at = 0; at < units; at++)
            if (store)
                write[at] = own;
            else
                read[at] = Free(Order, read[at], thread, start) ? own : Merge(read[at], own, (uint)w.Index, start);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Free(RaceOrder order, uint stamp, uint thread, uint start) => stamp < start
        || (stamp >= order.BlockStartStamp
            && ((stamp & Stamp.Who) == thread || (stamp < order.EpochStamp && (stamp & Stamp.Who) != Stamp.ManyBlocks)));

    static ulong WordOf(MemoryRegion* region, ulong offset) =>
        (region->Base + offset) & ~3ul | (region->Index == BlockState.SharedIndex ? 1ul << 63 : 0);

    // An access that cannot be in conflict with any lane: of another launch, or before the last barrier.
    bool Settled(uint stamp, uint start) => Free(Order, stamp, Stamp.Who, start);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector256<uint> SettledLanes(Vector256<uint> stamps, Vector256<uint> own, uint start)
    {
        Vector256<uint> blockStart = Vector256.Create(Order.BlockStartStamp);
        Vector256<uint> ofBlock = Vector256.GreaterThanOrEqual(stamps, blockStart);
        Vector256<uint> before = Vector256.LessThan(stamps, Vector256.Create(Order.EpochStamp))
            | Vector256.Equals((stamps ^ own) & Vector256.Create(Stamp.Who), Vector256<uint>.Zero);
        Vector256<uint> many = Vector256.Equals(stamps & Vector256.Create(Stamp.Who), Vector256.Create(Stamp.ManyBlocks));
        return Vector256.LessThan(stamps, Vector256.Create(start)) | (ofBlock & before & ~many);
    }

    bool Settled(Vector256<uint> stamps, Vector256<uint> own, uint start) =>
        Vector256.EqualsAll(SettledLanes(stamps, own, start), Vector256<uint>.AllBitsSet);

    // The reader to remember when there was one already.
    uint Merge(uint read, uint own, uint warp, uint start)
    {
        uint who = read & Stamp.Who, now = own & ~Stamp.Who;
        if (read >= start && who == Stamp.ManyBlocks)
            return read;
        if (Settled(read, start))
            return own;
        if (read < Order.BlockStartStamp)
            return now | Stamp.ManyBlocks;
        return who / 32 == warp || who == Stamp.ManyLanes + warp ? now | (Stamp.ManyLanes + warp) : now | Stamp.ManyWarps;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector256<uint> Merge(Vector256<uint> read, Vector256<uint> own, uint warp, uint start)
    {
        Vector256<uint> settled = SettledLanes(read, own, start);
        if (Vector256.EqualsAll(settled, Vector256<uint>.AllBitsSet))
            return own;
        Vector256<uint> who = read & Vector256.Create(Stamp.Who), now = own & Vector256.Create(~Stamp.Who);
        Vector256<uint> sameWarp = Vector256.Equals(who >> 5, Vector256.Create(warp))
            | Vector256.Equals(who, Vector256.Create(Stamp.ManyLanes + warp));
        Vector256<uint> merged = now | Vector256.ConditionalSelect(sameWarp, Vector256.Create(Stamp.ManyLanes + warp),
            Vector256.Create(Stamp.ManyWarps));
        Vector256<uint> foreign = Vector256.LessThan(read, Vector256.Create(Order.BlockStartStamp));
        merged = Vector256.ConditionalSelect(foreign, now | Vector256.Create(Stamp.ManyBlocks), merged);
        Vector256<uint> sticky = Vector256.Equals(who, Vector256.Create(Stamp.ManyBlocks)) & Vector256.GreaterThanOrEqual(read,
            Vector256.Create(start));
        return Vector256.ConditionalSelect(settled, own, Vector256.ConditionalSelect(sticky, read, merged));
    }

    // Threads of eight words from a word of a group, when a lane has one, two or four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Threads(uint thread, uint word, uint wordsPerLane) => wordsPerLane switch
    {
        1 => Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7) + Vector256.Create(thread),
        2 => Vector256.Create(0u, 0, 1, 1, 2, 2, 3, 3) + Vector256.Create(thread + word / 2),
        _ => Vector256.Create(0u, 0, 0, 0, 1, 1, 1, 1) + Vector256.Create(thread + word / 4),
    };
}
