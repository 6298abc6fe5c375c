// Looks for races: two threads at the same bytes, one of them writing, with nothing that orders them. Here what is fast.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>
/// Keeps for each word the last writer and the readers since then (see <see cref="RaceCells"/>). Accesses of fewer than four bytes are kept
/// by byte, so that neighbours in a word do not disturb each other. An access that is not ordered after the writer (or, if it writes, after
/// the readers) is a race, unless both are strong and their scopes include each other. Of several readers the last is known exactly; the
/// others count as ordered when the writer has met them at all since the first of them read.
/// </summary>
sealed unsafe partial class RaceChecker(BlockState block, int warps)
{
    public RaceOrder Order { get; } = new(block, warps);

    /// <summary>
    /// Checks and records eight lanes whose addresses follow each other or are the same; false, with nothing recorded, when they need to
    /// be looked at one by one.
    /// </summary>
    public bool Group(Warp w, Instruction* i, MemoryRegion* region, ulong offset, int first, uint bytes, bool store, bool same)
    {
        RaceStamps* stamps = region->Stamps;
        bool small = bytes < 4;
        if ((i->Order & MemoryOrder.Strong) != 0 || (small && stamps->Bytes.Write == null))
            return false;
        Times times = new(Order, region);
        uint span = same ? bytes : bytes * 8;
        if ((stamps->Bytes.Write != null && !OthersSettled(stamps, offset, span, small, store, times))
            || ((i->Order & MemoryOrder.NonCoherent) != 0 && !ReadNonCoherently(stamps, offset, span))
            || (store && stamps->NonCoherent != null && WasReadNonCoherently(stamps, offset, span)))
            return false;
        RaceCells* cells = small ? &stamps->Bytes : &stamps->Words;
        ulong at = small ? offset : offset / 4;
        uint words = small ? bytes : bytes / 4; // stamps of one lane's access
        uint thread = (uint)(w.Index * 32 + first), warp = 1u << w.Index;
        if (same)
        {
            for (uint n = 0; n < words; n++)
                if (!times.Settled(cells->Write[at + n]))
                    return false;
            for (uint n = 0; n < words; n++)
                Read(cells, at + n, times, Order.Now | thread, warp, 0xffu << first);
            return true;
        }
        for (uint n = 0; n < words * 8; n += 8)
        {
            Vector256<uint> own = Vector256.Create(Order.Now) | Threads(thread, n, words);
            if (!times.AllFree(Vector256.Load(cells->Write + at + n), own)
                || (store && !ReadersFree(cells, at + n, times, own, warp, Lanes(first, n, words))))
                return false;
        }
        for (uint n = 0; n < words * 8; n += 8)
        {
            Vector256<uint> own = Vector256.Create(Order.Now) | Threads(thread, n, words);
            if (store)
            {
                own.Store(cells->Write + at + n);
                Vector256<uint>.Zero.Store(cells->First + at + n);
            }
            else
                Read(cells, at + n, times, own, Vector256.Create(warp), Lanes(first, n, words));
        }
        return true;
    }

    /// <summary>The same for one lane, when nothing but this thread was here since the last barrier; false, with nothing recorded,
    /// otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Quick(Warp w, Instruction* i, int lane, MemoryRegion* region, ulong offset, uint bytes, bool store)
    {
        RaceStamps* stamps = region->Stamps;
        bool small = bytes < 4;
        if ((i->Order & MemoryOrder.Strong) != 0 || (small && stamps->Bytes.Write == null))
            return false;
        Times times = new(Order, region);
        if ((stamps->Bytes.Write != null && !OthersSettled(stamps, offset, bytes, small, store, times))
            || ((i->Order & MemoryOrder.NonCoherent) != 0 && !ReadNonCoherently(stamps, offset, bytes))
            || (store && stamps->NonCoherent != null && WasReadNonCoherently(stamps, offset, bytes)))
            return false;
        RaceCells* cells = small ? &stamps->Bytes : &stamps->Words;
        ulong at = small ? offset : offset / 4;
        uint words = small ? bytes : bytes / 4;
        uint thread = (uint)(w.Index * 32 + lane), own = Order.Now | thread, warp = 1u << w.Index;
        for (ulong n = at; n < at + words; n++)
            if (!times.Free(cells->Write[n], thread)
                || (store && !(ReadersFree(cells, n, times, warp, 1u << lane) && times.Free(cells->Last[n], thread))))
                return false;
        for (ulong n = at; n < at + words; n++)
            if (store)
                (cells->Write[n], cells->First[n]) = (own, 0);
            else
                Read(cells, n, times, own, warp, 1u << lane);
        return true;
    }

    /// <summary>The times before which accesses to a region are ordered before everything that now happens.</summary>
    readonly ref struct Times
    {
        readonly uint _start, _from, _epoch;

        public Times(RaceOrder order, MemoryRegion* region)
        {
            bool shared = Shared = region->Index == BlockState.SharedIndex;
            _start = shared ? order.BlockStart : order.LaunchStart;
            _from = shared ? order.BlockStart : order.TurnStart;
            _epoch = order.EpochStart;
        }

        public bool Shared { get; }

        /// <summary>An access of another launch, or of this block before its last barrier.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Settled(uint stamp) => stamp < _start || (stamp >= _from && stamp < _epoch);

        /// <summary>The same, or one of this thread.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Free(uint stamp, uint thread) =>
            stamp < _start || (stamp >= _from && (stamp < _epoch || (stamp & Stamp.Who) == thread));

        /// <summary>An access of this turn of the block.</summary>
        public bool OfTurn(uint stamp) => stamp >= _from;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<uint> Settled(Vector256<uint> stamps) => Vector256.LessThan(stamps, Vector256.Create(_start))
            | (Vector256.GreaterThanOrEqual(stamps, Vector256.Create(_from)) & Vector256.LessThan(stamps, Vector256.Create(_epoch)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool AllSettled(Vector256<uint> stamps) => Vector256.EqualsAll(Settled(stamps), Vector256<uint>.AllBitsSet);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool AllFree(Vector256<uint> stamps, Vector256<uint> own)
        {
            Vector256<uint> mine = Vector256.Equals((stamps ^ own) & Vector256.Create(Stamp.Who), Vector256<uint>.Zero);
            return Vector256.EqualsAll(Vector256.LessThan(stamps, Vector256.Create(_start))
                | (Vector256.GreaterThanOrEqual(stamps, Vector256.Create(_from))
                    & (Vector256.LessThan(stamps, Vector256.Create(_epoch)) | mine)), Vector256<uint>.AllBitsSet);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<uint> OfTurn(Vector256<uint> stamps) => Vector256.GreaterThanOrEqual(stamps, Vector256.Create(_from));
    }

    // The readers of a word are settled, or there was none but this thread.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool ReadersFree(RaceCells* cells, ulong at, Times times, uint warp, uint lane) => times.Settled(cells->First[at])
        || (times.OfTurn(cells->First[at]) && cells->Warps[at] == warp && cells->Lanes[at] == lane);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool ReadersFree(RaceCells* cells, ulong at, Times times, Vector256<uint> own, uint warp, Vector256<uint> lanes)
    {
        if (!times.AllFree(Vector256.Load(cells->Last + at), own))
            return false;
        Vector256<uint> first = Vector256.Load(cells->First + at), settled = times.Settled(first);
        if (Vector256.EqualsAll(settled, Vector256<uint>.AllBitsSet))
            return true;
        Vector256<uint> mine = times.OfTurn(first) & Vector256.Equals(Vector256.Load(cells->Warps + at), Vector256.Create(warp))
            & Vector256.Equals(Vector256.Load(cells->Lanes + at), lanes);
        return Vector256.EqualsAll(settled | mine, Vector256<uint>.AllBitsSet);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Read(RaceCells* cells, ulong at, Times times, uint own, uint warp, uint lanes)
    {
        cells->Last[at] = own;
        if (times.Settled(cells->First[at]))
            (cells->First[at], cells->Warps[at], cells->Lanes[at]) = (own, warp, lanes);
        else
        {
            cells->Warps[at] |= warp;
            cells->Lanes[at] |= lanes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Read(RaceCells* cells, ulong at, Times times, Vector256<uint> own, Vector256<uint> warp, Vector256<uint> lanes)
    {
        own.Store(cells->Last + at);
        Vector256<uint> first = Vector256.Load(cells->First + at), settled = times.Settled(first);
        Vector256.ConditionalSelect(settled, own, first).Store(cells->First + at);
        (Vector256.AndNot(Vector256.Load(cells->Warps + at), settled) | warp).Store(cells->Warps + at);
        (Vector256.AndNot(Vector256.Load(cells->Lanes + at), settled) | lanes).Store(cells->Lanes + at);
    }

    // The stamps of the other size at the same bytes: words where bytes are accessed, bytes where words are.
    static bool OthersSettled(RaceStamps* stamps, ulong offset, uint span, bool small, bool store, Times times)
    {
        RaceCells* cells = small ? &stamps->Words : &stamps->Bytes;
        if (small)
        {
            for (ulong word = offset / 4; word <= (offset + span - 1) / 4; word++)
                if (!times.Settled(cells->Write[word])
                    || (store && !(times.Settled(cells->First[word]) && times.Settled(cells->Last[word]))))
                    return false;
            return true;
        }
        for (ulong at = offset; at < offset + span; at += 8)
            if (!times.AllSettled(Vector256.Load(cells->Write + at)) || (store
                && !(times.AllSettled(Vector256.Load(cells->First + at)) && times.AllSettled(Vector256.Load(cells->Last + at)))))
                return false;
        return true;
    }

    // Marks words as read through the non-coherent path; false when the launch has written one of them.
    bool ReadNonCoherently(RaceStamps* stamps, ulong offset, uint span)
    {
        stamps->EnsureNonCoherent();
        for (ulong word = offset / 4; word <= (offset + span - 1) / 4; word++)
        {
            if (stamps->Words.Write[word] >= Order.LaunchStart)
                return false;
            stamps->NonCoherent[word] = Order.Now;
        }
        for (ulong at = offset; stamps->Bytes.Write != null && at < offset + span; at++)
            if (stamps->Bytes.Write[at] >= Order.LaunchStart)
                return false;
        return true;
    }

    bool WasReadNonCoherently(RaceStamps* stamps, ulong offset, uint span)
    {
        for (ulong word = offset / 4; word <= (offset + span - 1) / 4; word++)
            if (stamps->NonCoherent[word] >= Order.LaunchStart)
                return true;
        return false;
    }

    // Threads, and bits of lanes, of eight words from a word of a group, when a lane has one, two or four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Threads(uint thread, uint word, uint wordsPerLane) => wordsPerLane switch
    {
        1 => Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7) + Vector256.Create(thread),
        2 => Vector256.Create(0u, 0, 1, 1, 2, 2, 3, 3) + Vector256.Create(thread + word / 2),
        _ => Vector256.Create(0u, 0, 0, 0, 1, 1, 1, 1) + Vector256.Create(thread + word / 4),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<uint> Lanes(int first, uint word, uint wordsPerLane) => wordsPerLane switch
    {
        1 => Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128) << first,
        2 => Vector256.Create(1u, 1, 2, 2, 4, 4, 8, 8) << (first + (int)word / 2),
        _ => Vector256.Create(1u, 1, 1, 1, 2, 2, 2, 2) << (first + (int)word / 4),
    };
}
