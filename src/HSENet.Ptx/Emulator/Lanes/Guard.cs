// Small bodies that need no functor: guards, clocks, parts of wider registers.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

static unsafe class Guard
{
    /// <summary>Executes an instruction for those lanes whose predicate allows it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Execute(Warp w, Instruction* i, uint mask)
    {
        uint guard = *(uint*)(w.Rows + i->Guard);
        mask &= i->GuardNegated ? ~guard : guard;
        if (mask != 0)
            i->Guarded(w, i, mask);
    }

    /// <summary>The same for the first step of an instruction, whose lanes are counted.</summary>
    public static void Count(Warp w, Instruction* i, uint mask)
    {
        uint guard = *(uint*)(w.Rows + i->Guard);
        w.Block.Profile!.Guarded(i->Statement, mask & (i->GuardNegated ? ~guard : guard));
        Execute(w, i, mask);
    }
}

/// <summary>The clock counts the warp's own instructions, so it is the same in every run.</summary>
static unsafe class Clock
{
    public static void Read32(Warp w, Instruction* i, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
            ((uint*)(w.Rows + i->D))[BitOperations.TrailingZeroCount(m)] = (uint)(w.Instructions >> (int)i->Immediate);
    }

    public static void Read64(Warp w, Instruction* i, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
            ((long*)(w.Rows + i->D))[BitOperations.TrailingZeroCount(m)] = w.Instructions;
    }
}

/// <summary>Parts of a register: B bits at the immediate.</summary>
static unsafe class Vectors
{
    /// <summary>Puts the low bits of A into D.</summary>
    public static void Insert<T>(Warp w, Instruction* i, uint mask) where T : unmanaged, IBinaryInteger<T>
    {
        T field = (T.One << i->B) - T.One;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            ref T d = ref ((T*)(w.Rows + i->D))[l];
            d = (d & ~(field << (int)i->Immediate)) | ((T.CreateTruncating(((uint*)(w.Rows + i->A))[l]) & field) << (int)i->Immediate);
        }
    }

    /// <summary>Takes bits of A.</summary>
    public static void Extract<T>(Warp w, Instruction* i, uint mask) where T : unmanaged, IBinaryInteger<T>
    {
        T field = (T.One << i->B) - T.One;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            ((uint*)(w.Rows + i->D))[l] = uint.CreateTruncating((((T*)(w.Rows + i->A))[l] >>> (int)i->Immediate) & field);
        }
    }
}
