// What an atomic makes of the old value and its operand, and the loop over lanes that does it.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Ptx;

readonly struct Exchange<T> : IBinary<T, T, T>
{
    public static T Of(T a, T b) => b;
}

readonly struct WrappingIncrement : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => a >= b ? 0 : a + 1;
}

readonly struct WrappingDecrement : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => a == 0 || a > b ? b : a - 1;
}

/// <summary>In global memory subnormal operands and results become zeros (PTX ISA, atom).</summary>
readonly struct AddFlushedF32 : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => Flush(AddF32.Of(Flush(a), Flush(b)));

    static uint Flush(uint a) => (a & 0x7f800000) == 0 ? a & 0x80000000 : a;
}

readonly struct AddHalves : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => Both(FloatFormat.Half, a, b);

    public static uint Both(FloatFormat format, uint a, uint b) =>
        (uint)FloatArithmetic.Add(format, a & 0xffff, b & 0xffff, default)
            | (uint)FloatArithmetic.Add(format, a >> 16, b >> 16, default) << 16;
}

readonly struct AddBrainHalves : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => AddHalves.Both(FloatFormat.BFloat16, a, b);
}

readonly struct AddHalf : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => (uint)FloatArithmetic.Add(FloatFormat.Half, a & 0xffff, b & 0xffff, default);
}

readonly struct AddBrain : IBinary<uint, uint, uint>
{
    public static uint Of(uint a, uint b) => (uint)FloatArithmetic.Add(FloatFormat.BFloat16, a & 0xffff, b & 0xffff, default);
}

/// <summary>
/// Bodies of atom and red. D receives the old value (a scratch row for red), A is the address, B the operand, C for cas the new value.
/// Lanes of a warp go in order. Blocks of a kernel whose result depends on the order of its atomics run one after the other.
/// </summary>
static unsafe class Atomics
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Update<TOp, TElement, TRow, TSpace, TMode>(Warp w, Instruction* i, uint mask)
        where TOp : IBinary<TRow, TRow, TRow> where TElement : IElement<TRow> where TRow : unmanaged where TSpace : ISpace
            where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        TRow* b = (TRow*)(w.Rows + i->B), d = (TRow*)(w.Rows + i->D);
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, TElement.Bytes);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            byte* p = MemoryCheck.Access<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, TElement.Bytes, AccessKind.Atomic);
            TRow operand = b[l], old = default;
            if (p != null)
            {
                TRow value;
                do
                {
                    old = TElement.Read(p);
                    value = TOp.Of(old, operand);
                }
                while (!Replace<TElement, TRow, TSpace>(p, old, value));
                if (!EqualityComparer<TRow>.Default.Equals(old, value))
                    w.Block.Changes.Count++;
            }
            d[l] = old;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CompareAndSwap<TElement, TRow, TSpace, TMode>(Warp w, Instruction* i, uint mask)
        where TElement : IElement<TRow> where TRow : unmanaged, IEquatable<TRow> where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        TRow* b = (TRow*)(w.Rows + i->B), c = (TRow*)(w.Rows + i->C), d = (TRow*)(w.Rows + i->D);
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, TElement.Bytes);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            ulong address = a[l] + (ulong)i->Immediate;
            // One that fails only reads.
            byte* p = MemoryCheck.Access<TSpace, TMode>(w, i, l, address, TElement.Bytes,
                TMode.Races ? AccessKind.Load : AccessKind.Atomic);
            TRow compare = b[l], value = c[l], old = default;
            if (TMode.Races && p != null && TElement.Read(p).Equals(compare))
                p = MemoryCheck.Access<TSpace, TMode>(w, i, l, address, TElement.Bytes, AccessKind.Atomic);
            if (p != null)
            {
                do
                    old = TElement.Read(p);
                while (old.Equals(compare) && !Replace<TElement, TRow, TSpace>(p, old, value));
                if (old.Equals(compare) && !old.Equals(value))
                    w.Block.Changes.Count++;
            }
            d[l] = old;
        }
    }

    // A block's shared memory is touched by one thread of the host alone.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool Replace<TElement, TRow, TSpace>(byte* p, TRow old, TRow value) where TElement : IElement<TRow> where TRow : unmanaged
        where TSpace : ISpace
    {
        if (TSpace.IsShared)
        {
            TElement.Write(p, value);
            return true;
        }
        if (sizeof(TRow) == 8)
            return Interlocked.CompareExchange(ref *(ulong*)p, Unsafe.BitCast<TRow, ulong>(value),
                Unsafe.BitCast<TRow, ulong>(old)) == Unsafe.BitCast<TRow, ulong>(old);
        uint newBits = Unsafe.BitCast<TRow, uint>(value), oldBits = Unsafe.BitCast<TRow, uint>(old);
        return TElement.Bytes == 4
            ? Interlocked.CompareExchange(ref *(uint*)p, newBits, oldBits) == oldBits
            : Interlocked.CompareExchange(ref *(ushort*)p, (ushort)newBits, (ushort)oldBits) == (ushort)oldBits;
    }
}
