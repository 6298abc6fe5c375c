// Shapes of instructions as loops over lanes; the meaning of one lane is a functor.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Ptx;

/// <summary>One lane of an instruction with one source; T is uint for registers of up to 32 bits, ulong for 64.</summary>
interface IUnary<TA, TD>
{
    static abstract TD Of(TA a);
}

/// <summary>Two sources.</summary>
interface IBinary<TA, TB, TD>
{
    static abstract TD Of(TA a, TB b);
}

/// <summary>Three sources.</summary>
interface ITernary<TA, TB, TC, TD>
{
    static abstract TD Of(TA a, TB b, TC c);
}

/// <summary>One source; modifiers are in <see cref="Instruction.Immediate"/>, as the rule of the decode table packed them.</summary>
interface IModalUnary<TA, TD>
{
    static abstract TD Of(TA a, long mode);
}

/// <summary>Two sources and packed modifiers.</summary>
interface IModalBinary<TA, TB, TD>
{
    static abstract TD Of(TA a, TB b, long mode);
}

/// <summary>Three sources and packed modifiers.</summary>
interface IModalTernary<TA, TB, TC, TD>
{
    static abstract TD Of(TA a, TB b, TC c, long mode);
}

/// <summary>A comparison of two sources that gives a predicate.</summary>
interface ITest<T>
{
    static abstract bool Of(T a, T b);
}

/// <summary>A comparison with packed modifiers.</summary>
interface IModalTest<T>
{
    static abstract bool Of(T a, T b, long mode);
}

static unsafe class Lanes
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unary<TOp, TA, TD>(Warp w, Instruction* i, uint mask) where TOp : IUnary<TA, TD> where TA : unmanaged
        where TD : unmanaged
    {
        TA* a = (TA*)(w.Rows + i->A);
        TD* d = (TD*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = TOp.Of(a[l]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Binary<TOp, TA, TB, TD>(Warp w, Instruction* i, uint mask)
        where TOp : IBinary<TA, TB, TD> where TA : unmanaged where TB : unmanaged where TD : unmanaged
    {
        TA* a = (TA*)(w.Rows + i->A);
        TB* b = (TB*)(w.Rows + i->B);
        TD* d = (TD*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = TOp.Of(a[l], b[l]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Ternary<TOp, TA, TB, TC, TD>(Warp w, Instruction* i, uint mask)
        where TOp : ITernary<TA, TB, TC, TD> where TA : unmanaged where TB : unmanaged where TC : unmanaged where TD : unmanaged
    {
        TA* a = (TA*)(w.Rows + i->A);
        TB* b = (TB*)(w.Rows + i->B);
        TC* c = (TC*)(w.Rows + i->C);
        TD* d = (TD*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = TOp.Of(a[l], b[l], c[l]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ModalUnary<TOp, TA, TD>(Warp w, Instruction* i, uint mask)
        where TOp : IModalUnary<TA, TD> where TA : unmanaged where TD : unmanaged
    {
        TA* a = (TA*)(w.Rows + i->A);
        TD* d = (TD*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = TOp.Of(a[l], i->Immediate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ModalBinary<TOp, TA, TB, TD>(Warp w, Instruction* i, uint mask)
        where TOp : IModalBinary<TA, TB, TD> where TA : unmanaged where TB : unmanaged where TD : unmanaged
    {
        TA* a = (TA*)(w.Rows + i->A);
        TB* b = (TB*)(w.Rows + i->B);
        TD* d = (TD*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = TOp.Of(a[l], b[l], i->Immediate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ModalTernary<TOp, TA, TB, TC, TD>(Warp w, Instruction* i, uint mask)
        where TOp : IModalTernary<TA, TB, TC, TD> where TA : unmanaged where TB : unmanaged where TC : unmanaged where TD : unmanaged
    {
        TA* a = (TA*)(w.Rows + i->A);
        TB* b = (TB*)(w.Rows + i->B);
        TC* c = (TC*)(w.Rows + i->C);
        TD* d = (TD*)(w.Rows + i->D);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = TOp.Of(a[l], b[l], c[l], i->Immediate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Test<TOp, T>(Warp w, Instruction* i, uint mask) where TOp : ITest<T> where T : unmanaged
    {
        T* a = (T*)(w.Rows + i->A);
        T* b = (T*)(w.Rows + i->B);
        uint result = 0;
        for (int l = 0; l < 32; l++)
            result |= (TOp.Of(a[l], b[l]) ? 1u : 0) << l;
        Merge(w, i->D, result, mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ModalTest<TOp, T>(Warp w, Instruction* i, uint mask) where TOp : IModalTest<T> where T : unmanaged
    {
        T* a = (T*)(w.Rows + i->A);
        T* b = (T*)(w.Rows + i->B);
        uint result = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            result |= (TOp.Of(a[l], b[l], i->Immediate) ? 1u : 0) << l;
        }
        Merge(w, i->D, result, mask);
    }

    /// <summary>d = predicate c ? a : b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Select<T>(Warp w, Instruction* i, uint mask) where T : unmanaged
    {
        T* a = (T*)(w.Rows + i->A);
        T* b = (T*)(w.Rows + i->B);
        T* d = (T*)(w.Rows + i->D);
        uint chosen = *(uint*)(w.Rows + i->C);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int l = BitOperations.TrailingZeroCount(m);
            d[l] = (chosen >> l & 1) != 0 ? a[l] : b[l];
        }
    }

    /// <summary>An operation on predicates; the functor works on all lanes at once.</summary>
    public static void Predicates<TOp>(Warp w, Instruction* i, uint mask) where TOp : IBinary<uint, uint, uint> =>
        Merge(w, i->D, TOp.Of(*(uint*)(w.Rows + i->A), *(uint*)(w.Rows + i->B)), mask);

    /// <summary>The lanes of a mask that have a value.</summary>
    public static uint Equal(uint* values, uint value, uint mask)
    {
        Vector512<uint> wanted = Vector512.Create(value);
        ulong low = Vector512.Equals(Vector512.Load(values), wanted).ExtractMostSignificantBits(),
            high = Vector512.Equals(Vector512.Load(values + 16), wanted).ExtractMostSignificantBits();
        return (uint)(low | high << 16) & mask;
    }

    /// <summary>Writes a predicate for the lanes of a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Merge(Warp w, int predicate, uint value, uint mask)
    {
        uint* d = (uint*)(w.Rows + predicate);
        *d = (*d & ~mask) | (value & mask);
    }
}
