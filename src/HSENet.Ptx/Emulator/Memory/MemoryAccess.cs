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

/// <summary>Whether an access is a store, as a type argument.</summary>
interface IDirection
{
    static abstract bool Stores { get; }
}

readonly struct Loading : IDirection
{
    public static bool Stores => false;
}

readonly struct Storing : IDirection
{
    public static bool Stores => true;
}

/// <summary>Bodies of ld and st. The address is row A plus the immediate; a register of a vector access is in
/// <see cref="Instruction.More"/>.</summary>
static unsafe class MemoryAccess
{
    /// <summary>Loads or stores one element per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scalar<TDirection, TElement, TRow, TSpace, TMode>(Warp w, Instruction* i, uint mask) where TDirection : IDirection
        where TElement : IElement<TRow> where TRow : unmanaged where TSpace : ISpace where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        TRow* d = (TRow*)(w.Rows + i->D);
        if (TDirection.Stores)
            w.Block.Changes.Count++;
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, TElement.Bytes);
        for (int g = 0; g < 32; g += 8)
        {
            uint m = mask >> g & 0xff;
            if (m == 0xff)
            {
                byte* p = MemoryCheck.Group<TSpace, TMode>(w, i, a, g, TElement.Bytes, TDirection.Stores, out uint step);
                if (p != null)
                {
                    if (!TDirection.Stores && step == 0)
                        Spread(d + g, TElement.Read(p));
                    else if (TElement.Bytes == sizeof(TRow))
                        Unsafe.CopyBlockUnaligned(TDirection.Stores ? p : d + g, TDirection.Stores ? d + g : p, (uint)sizeof(TRow) * 8);
                    else
                        for (int l = 0; l < 8; l++)
                            Move<TDirection, TElement, TRow>(p + l * TElement.Bytes, d + g + l);
                    continue;
                }
                if (!TDirection.Stores && typeof(TElement) == typeof(Bits32) && !TMode.Races
                    && MemoryCheck.TryGather<TSpace, TMode>(w, i, a + g, (uint*)(d + g)))
                    continue;
            }
            for (; m != 0; m &= m - 1)
            {
                int l = g + BitOperations.TrailingZeroCount(m);
                byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, TElement.Bytes, TDirection.Stores);
                if (TMode.Races && TDirection.Stores && p != null && w.Block.Races!.WritesRaced)
                    w.Block.Races.CompareWrites(Holds<TElement, TRow>(p, d[l]));
                if (p != null)
                    Move<TDirection, TElement, TRow>(p, d + l);
                else if (!TDirection.Stores)
                    d[l] = default;
            }
        }
    }

    /// <summary>Loads or stores <typeparamref name="TCount"/> neighbouring elements per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Vector<TDirection, TElement, TRow, TCount, TSpace, TMode>(Warp w, Instruction* i, uint mask)
        where TDirection : IDirection where TElement : IElement<TRow> where TRow : unmanaged where TCount : ICount where TSpace : ISpace
        where TMode : ICheckMode
    {
        ulong* a = (ulong*)(w.Rows + i->A);
        uint bytes = TElement.Bytes * TCount.Value;
        if (TDirection.Stores)
            w.Block.Changes.Count++;
        if (TMode.Profile)
            w.Block.Profile!.Access<TSpace>(i, a, mask, bytes);
        for (int g = 0; g < 32; g += 8)
        {
            uint m = mask >> g & 0xff;
            if (m == 0xff)
            {
                byte* p = MemoryCheck.Group<TSpace, TMode>(w, i, a, g, bytes, TDirection.Stores, out uint step);
                if (p != null)
                {
                    for (int e = 0; e < TCount.Value; e++)
                    {
                        TRow* d = (TRow*)(w.Rows + i->More[e]) + g;
                        for (int l = 0; l < 8; l++)
                            Move<TDirection, TElement, TRow>(p + l * step + e * TElement.Bytes, d + l);
                    }
                    continue;
                }
            }
            for (; m != 0; m &= m - 1)
            {
                int l = g + BitOperations.TrailingZeroCount(m);
                byte* p = MemoryCheck.Lane<TSpace, TMode>(w, i, l, a[l] + (ulong)i->Immediate, bytes, TDirection.Stores);
                if (TMode.Races && TDirection.Stores && p != null && w.Block.Races!.WritesRaced)
                {
                    bool equal = true;
                    for (int e = 0; e < TCount.Value; e++)
                        equal &= Holds<TElement, TRow>(p + e * TElement.Bytes, ((TRow*)(w.Rows + i->More[e]))[l]);
                    w.Block.Races.CompareWrites(equal);
                }
                for (int e = 0; e < TCount.Value; e++)
                {
                    TRow* d = (TRow*)(w.Rows + i->More[e]);
                    if (p != null)
                        Move<TDirection, TElement, TRow>(p + e * TElement.Bytes, d + l);
                    else if (!TDirection.Stores)
                        d[l] = default;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Move<TDirection, TElement, TRow>(byte* memory, TRow* row)
        where TDirection : IDirection where TElement : IElement<TRow> where TRow : unmanaged
    {
        if (TDirection.Stores)
            TElement.Write(memory, *row);
        else
            *row = TElement.Read(memory);
    }

    // Whether memory has a value already.
    static bool Holds<TElement, TRow>(byte* memory, TRow value) where TElement : IElement<TRow> where TRow : unmanaged
    {
        TRow stored = default;
        TElement.Write((byte*)&stored, value);
        return new ReadOnlySpan<byte>(memory, (int)TElement.Bytes).SequenceEqual(new ReadOnlySpan<byte>(&stored, (int)TElement.Bytes));
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
