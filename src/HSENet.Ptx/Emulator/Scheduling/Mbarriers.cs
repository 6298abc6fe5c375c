// Barriers that are objects in shared memory: init, arrive, test_wait and the rest of mbarrier.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>What an mbarrier instruction does; kept in <see cref="Instruction.C"/>.</summary>
enum MbarrierKind
{
    Initialise,
    Invalidate,
    Arrive,
    ArriveAndDrop,
    ArriveAndExpect,
    DropAndExpect,
    ExpectBytes,
    CompleteBytes,
    TestState,
    TestParity,
}

/// <summary>
/// The object's 64 bits, which PTX leaves open: pending arrivals (20 bits), arrivals of a phase (20), bytes still to come (21, signed), and
/// the number of the phase (1, the highest). Operands: D the destination, A the address with the immediate, B the count, state or parity.
/// An arrival publishes what its thread knows; who finds a phase complete knows what all its arrivals knew.
/// </summary>
static unsafe class Mbarriers
{
    const int Bytes = 8, CountBits = 20, BytesShift = 40, BytesBits = 21, PhaseShift = 63;
    const ulong Counts = (1 << CountBits) - 1;

    public static void Execute<TSpace, TMode>(Warp w, Instruction* i, uint mask) where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        MbarrierKind kind = (MbarrierKind)i->C;
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, Bytes);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            AccessKind access = kind switch
            {
                MbarrierKind.Initialise or MbarrierKind.Invalidate => AccessKind.Store,
                MbarrierKind.TestState or MbarrierKind.TestParity => AccessKind.Load,
                _ => AccessKind.Atomic,
            };
            byte* p = MemoryCheck.Access<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, Bytes, access);
            ulong offset = (ulong)(p - w.Block.Shared->Data);
            if (p != null && offset >= w.Block.Shared->LoadBytes)
                throw OutsideShared(w, i);
            if (access == AccessKind.Load)
                Test(w, i, l, p, offset);
            else if (p != null)
                Change(w, i, l, kind, (ulong*)p, offset);
        }
    }

    public static EmulatorException OutsideShared(Warp w, Instruction* i) =>
        new($"{w.Block.Kernel.Name}: an mbarrier outside shared memory: {w.Block.Kernel.Statements[i->Statement]}");

    public static bool Arrives(MbarrierKind kind) =>
        kind is MbarrierKind.Arrive or MbarrierKind.ArriveAndDrop or MbarrierKind.ArriveAndExpect or MbarrierKind.DropAndExpect;

    /// <summary>One arrival more is expected in this phase, as cp.async.mbarrier.arrive without noinc has it.</summary>
    public static void ExpectArrival(Warp w, Instruction* i, int lane, ulong* p)
    {
        if ((*p & Counts) == Counts)
            Report(w, i, lane, "more arrivals are expected at an mbarrier than it can count");
        else
            ++*p;
    }

    // An object at fault counts as complete: nobody waits for it forever.
    static void Test(Warp w, Instruction* i, int lane, byte* p, ulong offset)
    {
        bool complete = true;
        if (p != null)
        {
            AsyncArrivals.Complete(w.Block, offset);
            ulong asked = (MbarrierKind)i->C == MbarrierKind.TestParity ? ((uint*)(w.Rows + i->B))[lane] & 1
                : ((ulong*)(w.Rows + i->B))[lane] >> PhaseShift;
            complete = *(ulong*)p >> PhaseShift != asked;
            if (complete)
                w.Block.Races?.Order.SeePhase(w.Index * 32 + lane, offset, i->Order);
        }
        Lanes.Merge(w, i->D, complete ? uint.MaxValue : 0, 1u << lane);
    }

    /// <summary>Changes the object.</summary>
    public static void Change(Warp w, Instruction* i, int lane, MbarrierKind kind, ulong* p, ulong offset)
    {
        w.Block.Changes.Count++;
        ulong before = *p, operand = kind == MbarrierKind.Invalidate ? 0 : ((uint*)(w.Rows + i->B))[lane];
        if (kind is MbarrierKind.Initialise or MbarrierKind.Invalidate)
        {
            if (kind == MbarrierKind.Initialise && operand is 0 or > Counts)
                Report(w, i, lane, $"an mbarrier for {operand} arrivals; it may have 1 to {Counts}");
            *p = operand & Counts | (operand & Counts) << CountBits;
            return;
        }
        ulong pending = before & Counts, count = before >> CountBits & Counts, phase = before >> PhaseShift;
        long bytes = (long)(before << (64 - BytesShift - BytesBits)) >> (64 - BytesBits);
        bool arrives = Arrives(kind), expects = kind is MbarrierKind.ArriveAndExpect or MbarrierKind.DropAndExpect;
        ulong arriving = !arrives ? 0 : expects ? 1 : operand;
        if (arriving > pending)
            Report(w, i, lane, $"{arriving} arrivals at an mbarrier that waits for {pending} more in this phase");
        bytes += expects || kind == MbarrierKind.ExpectBytes ? (long)operand
            : kind == MbarrierKind.CompleteBytes ? -(long)operand : 0;
        pending -= Math.Min(pending, arriving);
        count -= kind is MbarrierKind.ArriveAndDrop or MbarrierKind.DropAndExpect ? Math.Min(count, arriving) : 0;
        if (pending == 0 && bytes == 0)
        {
            (pending, phase) = (count, phase ^ 1);
            w.Block.Races?.Order.CompletePhase(offset);
        }
        *p = pending | count << CountBits | ((ulong)bytes & ((1ul << BytesBits) - 1)) << BytesShift | phase << PhaseShift;
        if (arrives)
            ((ulong*)(w.Rows + i->D))[lane] = before;
    }

    static void Report(Warp w, Instruction* i, int lane, string message) =>
        w.Block.Findings.Add(w, i, lane, FindingKind.Barrier, 0, "", message);
}

/// <summary>mbarrier.pending_count of a state.</summary>
readonly struct PendingCount : IUnary<ulong, uint>
{
    public static uint Of(ulong a) => (uint)a & ((1 << 20) - 1);
}
