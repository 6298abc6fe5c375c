// cp.async.mbarrier.arrive: an arrival at an mbarrier that is made once the copies before it have arrived.
using System.Numerics;

namespace HSENet.Ptx;

/// <summary>An arrival that is still to come.</summary>
/// <param name="Warp">The warp and lane that made the copies.</param>
/// <param name="Lane">See there.</param>
/// <param name="Instruction">The instruction's address.</param>
/// <param name="Offset">Of the mbarrier in shared memory.</param>
/// <param name="Copy">The last of the copies.</param>
readonly record struct AsyncArrival(Warp Warp, int Lane, nint Instruction, ulong Offset, long Copy);

/// <summary>As data arrives when it is waited for and not before, these arrivals are made when somebody tests the mbarrier.</summary>
static unsafe class AsyncArrivals
{
    const int Bytes = 8;

    public static Execute Form(bool shared, CheckLevel level) => level switch
    {
        CheckLevel.Bounds => Form<BoundsOnly>(shared),
        CheckLevel.Access => Form<AccessChecks>(shared),
        CheckLevel.Races => Form<RaceChecks>(shared),
        CheckLevel.Profile => Form<ProfiledChecks>(shared),
        _ => Form<AllChecks>(shared),
    };

    static Execute Form<TMode>(bool shared) where TMode : ICheckMode => shared ? &Issue<SharedSpace, TMode> : &Issue<GenericSpace, TMode>;

    // Operands as those of mbarrier.arrive; More[0] is 1 for .noinc.
    static void Issue<TSpace, TMode>(Warp w, Instruction* i, uint mask) where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            byte* p = MemoryCheck.Access<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, Bytes, AccessKind.Atomic);
            ulong offset = (ulong)(p - w.Block.Shared->Data);
            if (p == null)
                continue;
            if (offset >= w.Block.Shared->LoadBytes)
                throw Mbarriers.OutsideShared(w, i);
            if (i->More[0] == 0)
                Mbarriers.ExpectArrival(w, i, l, (ulong*)p);
            w.Block.Changes.Count++;
            w.Block.Arrivals.Add(new AsyncArrival(w, l, (nint)i, offset, w.Copies?.Last ?? 0));
        }
    }

    /// <summary>Somebody tests the mbarrier at an offset.</summary>
    public static void Complete(BlockState block, ulong offset)
    {
        for (int n = 0; n < block.Arrivals.Count; n++)
        {
            AsyncArrival arrival = block.Arrivals[n];
            if (arrival.Offset != offset)
                continue;
            block.Arrivals.RemoveAt(n--);
            Instruction* i = (Instruction*)arrival.Instruction;
            arrival.Warp.Copies?.ArriveUpTo(arrival.Warp, arrival.Lane, arrival.Copy);
            if (block.Shared->Stamps != null)
                block.Races!.Lane(arrival.Warp, i, arrival.Lane, block.Shared, offset, offset, Bytes, AccessKind.Atomic);
            Mbarriers.Change(arrival.Warp, i, arrival.Lane, MbarrierKind.Arrive, (ulong*)(block.Shared->Data + offset), offset);
        }
    }
}
