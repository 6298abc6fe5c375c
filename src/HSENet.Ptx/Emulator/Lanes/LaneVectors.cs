// Shapes of the instructions that kernels execute most, sixteen lanes at a time.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Ptx;

/// <summary>A functor that also works on sixteen lanes at once; a test holds both bodies against each other.</summary>
interface IVectorUnary : IUnary<uint, uint>
{
    static abstract Vector512<uint> Of(Vector512<uint> a);
}

/// <summary>Two sources of 32 bits.</summary>
interface IVectorBinary : IBinary<uint, uint, uint>
{
    static abstract Vector512<uint> Of(Vector512<uint> a, Vector512<uint> b);
}

/// <summary>Three sources of 32 bits.</summary>
interface IVectorTernary : ITernary<uint, uint, uint, uint>
{
    static abstract Vector512<uint> Of(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c);
}

/// <summary>A comparison; lanes that pass are all ones.</summary>
interface IVectorTest : ITest<uint>
{
    static abstract Vector512<uint> Of(Vector512<uint> a, Vector512<uint> b);
}

/// <summary>Two sources of 64 bits.</summary>
interface IVectorBinary64 : IBinary<ulong, ulong, ulong>
{
    static abstract Vector512<ulong> Of(Vector512<ulong> a, Vector512<ulong> b);
}

/// <summary>Three sources of 64 bits.</summary>
interface IVectorTernary64 : ITernary<ulong, ulong, ulong, ulong>
{
    static abstract Vector512<ulong> Of(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c);
}

/// <summary>32 bits to 64.</summary>
interface IVectorWiden : IUnary<uint, ulong>
{
    static abstract Vector512<ulong> Of(Vector256<uint> a);
}

static unsafe class LaneVectors
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unary<TOp>(Warp w, Instruction* i, uint mask) where TOp : IVectorUnary
    {
        uint* a = (uint*)(w.Rows + i->A);
        Put((uint*)(w.Rows + i->D), TOp.Of(Vector512.LoadAligned(a)), TOp.Of(Vector512.LoadAligned(a + 16)), mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Binary<TOp>(Warp w, Instruction* i, uint mask) where TOp : IVectorBinary
    {
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B);
        Put((uint*)(w.Rows + i->D), TOp.Of(Vector512.LoadAligned(a), Vector512.LoadAligned(b)),
            TOp.Of(Vector512.LoadAligned(a + 16), Vector512.LoadAligned(b + 16)), mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Ternary<TOp>(Warp w, Instruction* i, uint mask) where TOp : IVectorTernary
    {
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B), c = (uint*)(w.Rows + i->C);
        Put((uint*)(w.Rows + i->D), TOp.Of(Vector512.LoadAligned(a), Vector512.LoadAligned(b), Vector512.LoadAligned(c)),
            TOp.Of(Vector512.LoadAligned(a + 16), Vector512.LoadAligned(b + 16), Vector512.LoadAligned(c + 16)), mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Test<TOp>(Warp w, Instruction* i, uint mask) where TOp : IVectorTest
    {
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B);
        ulong low = TOp.Of(Vector512.LoadAligned(a), Vector512.LoadAligned(b)).ExtractMostSignificantBits();
        ulong high = TOp.Of(Vector512.LoadAligned(a + 16), Vector512.LoadAligned(b + 16)).ExtractMostSignificantBits();
        Lanes.Merge(w, i->D, (uint)(low | high << 16), mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Binary64<TOp>(Warp w, Instruction* i, uint mask) where TOp : IVectorBinary64
    {
        ulong* a = (ulong*)(w.Rows + i->A), b = (ulong*)(w.Rows + i->B), d = (ulong*)(w.Rows + i->D);
        for (int q = 0; q < 32; q += 8)
            Put(d + q, TOp.Of(Vector512.LoadAligned(a + q), Vector512.LoadAligned(b + q)), mask >> q);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Ternary64<TOp>(Warp w, Instruction* i, uint mask) where TOp : IVectorTernary64
    {
        ulong* a = (ulong*)(w.Rows + i->A), b = (ulong*)(w.Rows + i->B), c = (ulong*)(w.Rows + i->C), d = (ulong*)(w.Rows + i->D);
        for (int q = 0; q < 32; q += 8)
            Put(d + q, TOp.Of(Vector512.LoadAligned(a + q), Vector512.LoadAligned(b + q), Vector512.LoadAligned(c + q)), mask >> q);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TOp>(Warp w, Instruction* i, uint mask) where TOp : IVectorWiden
    {
        uint* a = (uint*)(w.Rows + i->A);
        ulong* d = (ulong*)(w.Rows + i->D);
        for (int q = 0; q < 32; q += 8)
            Put(d + q, TOp.Of(Vector256.LoadAligned(a + q)), mask >> q);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Move64(Warp w, Instruction* i, uint mask)
    {
        ulong* a = (ulong*)(w.Rows + i->A), d = (ulong*)(w.Rows + i->D);
        for (int q = 0; q < 32; q += 8)
            Put(d + q, Vector512.LoadAligned(a + q), mask >> q);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyWideSigned(Warp w, Instruction* i, uint mask)
    {
        int* a = (int*)(w.Rows + i->A), b = (int*)(w.Rows + i->B);
        ulong* d = (ulong*)(w.Rows + i->D);
        if (!Avx512F.IsSupported && Avx2.IsSupported)
        {
            for (int q = 0; q < 32; q += 4)
                Put(d + q, Avx2.Multiply(Avx2.ConvertToVector256Int64(a + q).AsInt32(),
                    Avx2.ConvertToVector256Int64(b + q).AsInt32()).AsUInt64(), mask >> q);
            return;
        }
        for (int h = 0; h < 32; h += 16)
        {
            (Vector512<long> a0, Vector512<long> a1) = Vector512.Widen(Vector512.LoadAligned(a + h));
            (Vector512<long> b0, Vector512<long> b1) = Vector512.Widen(Vector512.LoadAligned(b + h));
            Put(d + h, (a0 * b0).AsUInt64(), mask >> h);
            Put(d + h + 8, (a1 * b1).AsUInt64(), mask >> (h + 8));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyWide(Warp w, Instruction* i, uint mask)
    {
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B);
        ulong* d = (ulong*)(w.Rows + i->D);
        if (!Avx512F.IsSupported && Avx2.IsSupported)
        {
            for (int q = 0; q < 32; q += 4)
                Put(d + q, Avx2.Multiply(Avx2.ConvertToVector256Int64(a + q).AsUInt32(),
                    Avx2.ConvertToVector256Int64(b + q).AsUInt32()), mask >> q);
            return;
        }
        for (int h = 0; h < 32; h += 16)
        {
            (Vector512<ulong> a0, Vector512<ulong> a1) = Vector512.Widen(Vector512.LoadAligned(a + h));
            (Vector512<ulong> b0, Vector512<ulong> b1) = Vector512.Widen(Vector512.LoadAligned(b + h));
            Put(d + h, a0 * b0, mask >> h);
            Put(d + h + 8, a1 * b1, mask >> (h + 8));
        }
    }

    /// <summary>d = predicate c ? a : b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Select(Warp w, Instruction* i, uint mask)
    {
        uint* a = (uint*)(w.Rows + i->A), b = (uint*)(w.Rows + i->B);
        uint chosen = *(uint*)(w.Rows + i->C);
        Put((uint*)(w.Rows + i->D),
            Vector512.ConditionalSelect(LaneMask(chosen), Vector512.LoadAligned(a), Vector512.LoadAligned(b)),
            Vector512.ConditionalSelect(LaneMask(chosen >> 16), Vector512.LoadAligned(a + 16), Vector512.LoadAligned(b + 16)), mask);
    }

    /// <summary>All ones in the lanes whose bit is set among the low sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> LaneMask(uint mask)
    {
        Vector512<uint> bits = Vector512.Create(1u, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        return Vector512.Equals(Vector512.Create(mask) & bits, bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(uint* d, Vector512<uint> low, Vector512<uint> high, uint mask)
    {
        if (mask != uint.MaxValue)
        {
            low = Vector512.ConditionalSelect(LaneMask(mask), low, Vector512.LoadAligned(d));
            high = Vector512.ConditionalSelect(LaneMask(mask >> 16), high, Vector512.LoadAligned(d + 16));
        }
        low.StoreAligned(d);
        high.StoreAligned(d + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(ulong* d, Vector256<ulong> value, uint mask)
    {
        if ((mask & 0xf) != 0xf)
        {
            Vector256<ulong> bits = Vector256.Create(1ul, 2, 4, 8);
            value = Vector256.ConditionalSelect(Vector256.Equals(Vector256.Create((ulong)mask) & bits, bits), value,
                Vector256.LoadAligned(d));
        }
        value.StoreAligned(d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(ulong* d, Vector512<ulong> value, uint mask)
    {
        if ((mask & 0xff) != 0xff)
        {
            Vector512<ulong> bits = Vector512.Create(1ul, 2, 4, 8, 16, 32, 64, 128);
            value = Vector512.ConditionalSelect(Vector512.Equals(Vector512.Create((ulong)mask) & bits, bits), value,
                Vector512.LoadAligned(d));
        }
        value.StoreAligned(d);
    }
}
