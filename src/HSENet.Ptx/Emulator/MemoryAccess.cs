// Loads and stores of global, shared, local and generic memory.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>An element of memory that a register's row of <typeparamref name="TRow"/> holds.</summary>
unsafe interface IElement<TRow> where TRow : unmanaged
{
    static abstract uint Bytes { get; }
    static abstract TRow Read(byte* memory);
    static abstract void Write(byte* memory, TRow value);
}

readonly unsafe struct Unsigned8 : IElement<uint>
{
    public static uint Bytes => 1;
    public static uint Read(byte* memory) => *memory;
    public static void Write(byte* memory, uint value) => *memory = (byte)value;
}

readonly unsafe struct Signed8 : IElement<uint>
{
    public static uint Bytes => 1;
    public static uint Read(byte* memory) => (uint)*(sbyte*)memory;
    public static void Write(byte* memory, uint value) => *memory = (byte)value;
}

readonly unsafe struct Unsigned16 : IElement<uint>
{
    public static uint Bytes => 2;
    public static uint Read(byte* memory) => *(ushort*)memory;
    public static void Write(byte* memory, uint value) => *(ushort*)memory = (ushort)value;
}

readonly unsafe struct Signed16 : IElement<uint>
{
    public static uint Bytes => 2;
    public static uint Read(byte* memory) => (uint)*(short*)memory;
    public static void Write(byte* memory, uint value) => *(ushort*)memory = (ushort)value;
}

readonly unsafe struct Bits32 : IElement<uint>
{
    public static uint Bytes => 4;
    public static uint Read(byte* memory) => *(uint*)memory;
    public static void Write(byte* memory, uint value) => *(uint*)memory = value;
}

readonly unsafe struct Bits64 : IElement<ulong>
{
    public static uint Bytes => 8;
    public static ulong Read(byte* memory) => *(ulong*)memory;
    public static void Write(byte* memory, ulong value) => *(ulong*)memory = value;
}

/// <summary>Bodies of ld and st. The address is row A plus the immediate; a register of a vector access is in
/// <see cref="Instruction.More"/>.</summary>
static unsafe class MemoryAccess
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Load<TElement, TRow, TSpace, TMode>(Warp w, Instruction* i, uint mask)
        where TElement : IElement<TRow> where TRow : unmanaged where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        TRow* d = (TRow*)(w.Rows + i->D);
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, TElement.Bytes);
        for (int g = 0; g < 32; g += 8)
        {
            uint m = mask >> g & 0xff;
            if (m == 0xff)
            {
                byte* p = MemoryCheck.Group<TSpace, TMode>(w, i, a, g, TElement.Bytes, false, out uint step);
                if (p != null)
                {
                    if (step == 0)
                        Spread(d + g, TElement.Read(p));
                    else if (TElement.Bytes == sizeof(TRow))
                        Unsafe.CopyBlockUnaligned(d + g, p, (uint)sizeof(TRow) * 8);
                    else
                        for (int l = 0; l < 8; l++)
                            d[g + l] = TElement.Read(p + l * TElement.Bytes);
                    continue;
                }
                if (typeof(TElement) == typeof(Bits32) && !TMode.Races && MemoryCheck.TryGather<TSpace, TMode>(w, i, a + g, (uint*)(d + g)))
                    continue;
            }
            for (; m != 0; m &= m - 1)
            {
                int l = g + BitOperations.TrailingZeroCount(m);
                byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, TElement.Bytes, false);
                d[l] = p == null ? default : TElement.Read(p);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<TElement, TRow, TSpace, TMode>(Warp w, Instruction* i, uint mask)
        where TElement : IElement<TRow> where TRow : unmanaged where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        TRow* d = (TRow*)(w.Rows + i->D);
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, TElement.Bytes);
        for (int g = 0; g < 32; g += 8)
        {
            uint m = mask >> g & 0xff;
            if (m == 0xff)
            {
                byte* p = MemoryCheck.Group<TSpace, TMode>(w, i, a, g, TElement.Bytes, true, out _);
                if (p != null)
                {
                    if (TElement.Bytes == sizeof(TRow))
                        Unsafe.CopyBlockUnaligned(p, d + g, (uint)sizeof(TRow) * 8);
                    else
                        for (int l = 0; l < 8; l++)
                            TElement.Write(p + l * TElement.Bytes, d[g + l]);
                    continue;
                }
            }
            for (; m != 0; m &= m - 1)
            {
                int l = g + BitOperations.TrailingZeroCount(m);
                byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, TElement.Bytes, true);
                if (p != null)
                    TElement.Write(p, d[l]);
            }
        }
    }

    /// <summary>Loads <typeparamref name="TCount"/> neighbouring elements per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadVector<TElement, TRow, TCount, TSpace, TMode>(Warp w, Instruction* i, uint mask)
        where TElement : IElement<TRow> where TRow : unmanaged where TCount : ICount where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        uint bytes = TElement.Bytes * TCount.Value;
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, bytes);
        for (int g = 0; g < 32; g += 8)
        {
            uint m = mask >> g & 0xff;
            if (m == 0xff)
            {
                byte* p = MemoryCheck.Group<TSpace, TMode>(w, i, a, g, bytes, false, out uint step);
                if (p != null)
                {
                    for (int e = 0; e < TCount.Value; e++)
                    {
                        TRow* d = (TRow*)(w.Rows + i->More[e]) + g;
                        for (int l = 0; l < 8; l++)
                            d[l] = TElement.Read(p + l * step + e * TElement.Bytes);
                    }
                    continue;
                }
            }
            for (; m != 0; m &= m - 1)
            {
                int l = g + BitOperations.TrailingZeroCount(m);
                byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, bytes, false);
                for (int e = 0; e < TCount.Value; e++)
                    ((TRow*)(w.Rows + i->More[e]))[l] = p == null ? default : TElement.Read(p + e * TElement.Bytes);
            }
        }
    }

    /// <summary>Stores <typeparamref name="TCount"/> neighbouring elements per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreVector<TElement, TRow, TCount, TSpace, TMode>(Warp w, Instruction* i, uint mask)
        where TElement : IElement<TRow> where TRow : unmanaged where TCount : ICount where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        uint bytes = TElement.Bytes * TCount.Value;
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, bytes);
        for (int g = 0; g < 32; g += 8)
        {
            uint m = mask >> g & 0xff;
            byte* first = m == 0xff ? MemoryCheck.Group<TSpace, TMode>(w, i, a, g, bytes, true, out _) : null;
            for (; m != 0; m &= m - 1)
            {
                int l = BitOperations.TrailingZeroCount(m);
                byte* p = first != null ? first + l * bytes
                    : MemoryCheck.Lane<TSpace, TMode>(w, i, g + l, a[g + l] + (ulong)i->Immediate, bytes, true);
                if (p == null)
                    continue;
                for (int e = 0; e < TCount.Value; e++)
                    TElement.Write(p + e * TElement.Bytes, ((TRow*)(w.Rows + i->More[e]))[g + l]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Spread<TRow>(TRow* d, TRow value) where TRow : unmanaged
    {
        if (sizeof(TRow) == 4)
            Vector256.Create(value).Store(d);
        else
            Vector512.Create(value).Store(d);
    }
}

/// <summary>A number of elements as a type argument.</summary>
interface ICount
{
    static abstract uint Value { get; }
}

readonly struct Two : ICount
{
    public static uint Value => 2;
}

readonly struct Four : ICount
{
    public static uint Value => 4;
}
