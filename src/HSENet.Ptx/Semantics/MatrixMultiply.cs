// mma.sync of shape m16n8: d = a · b + c on the fragments that the 32 lanes of a warp hold
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Ptx;

/// <summary>
/// With g = lane / 4 and t = lane % 4, a register of A holds E consecutive elements of a row (2 of 16 bits, 1 of tf32, 4 of 8 bits):
/// register 0 row g from column E·t, register 1 row g + 8, registers 2 and 3 the same rows 4·E columns further, where k is that long. A
/// register of B holds E elements of column g from row E·t, the second 4·E rows further. C and D hold row g, columns 2t and 2t + 1, then
/// row g + 8. Numerics: products are exact and are added to c one after the other in ascending k, each sum rounded to nearest f32 (a fused
/// multiply-add); with f16 results the last sum is rounded once more. Integers are summed exactly, then added to c. A GPU sums in another
/// order.
/// </summary>
[SkipLocalsInit]
static unsafe class MatrixMultiply
{
    /// <summary>f32 accumulators: four registers of one float each.</summary>
    /// <param name="rows">The warp's registers, rows of 32 words.</param>
    /// <param name="d">Byte offsets of the result's registers; they may be those of any operand.</param>
    /// <param name="a">Those of A: 2 · <paramref name="depth"/>.</param>
    /// <param name="b">Those of B: <paramref name="depth"/>.</param>
    /// <param name="c">Those of C.</param>
    /// <param name="depth">Registers of B: 1 or 2.</param>
    public static void ToSingle<TElement>(byte* rows, int* d, int* a, int* b, int* c, int depth) where TElement : struct, IMatrixElement
    {
        float* sums = stackalloc float[8 * 16 + 16];
        sums = Align(sums);
        for (int h = 0; h < 2; h++)
            Columns(Row(rows, c[h], 0), Row(rows, c[h], 1), Row(rows, c[h + 2], 0), Row(rows, c[h + 2], 1), (uint*)sums + 16 * h, 32);
        Accumulate<TElement, TElement>(rows, a, b, sums, depth);
        for (int n = 0; n < 8; n++)
        {
            Vector512<float> sum = Vector512.Load(sums + 16 * n);
            Vector512.Store(Vector512.ConditionalSelect(Vector512.Equals(sum, sum), sum, Vector512.Create(0x7fffffffu).AsSingle()),
                sums + 16 * n);
        }
        for (int h = 0; h < 2; h++)
            Lanes((uint*)sums + 16 * h, 32, (uint*)(rows + d[h]), (uint*)(rows + d[h + 2]));
    }

    /// <summary>f16 accumulators: two registers of two elements each. Parameters as in <see cref="ToSingle"/>.</summary>
    public static void ToHalf<TElement>(byte* rows, int* d, int* a, int* b, int* c, int depth) where TElement : struct, IMatrixElement
    {
        float* sums = stackalloc float[8 * 16 + 16];
        sums = Align(sums);
        for (int h = 0; h < 2; h++)
            Columns(Part(rows, c[0], 0, h), Part(rows, c[0], 1, h), Part(rows, c[1], 0, h), Part(rows, c[1], 1, h),
                (uint*)sums + 16 * h, 32);
        Accumulate<TElement, TElement>(rows, a, b, sums, depth);
        uint* packed = stackalloc uint[4 * 16];
        for (int t = 0; t < 4; t++)
            Vector512.Store(HalfVectors.FromSingle(Vector512.Load(sums + 32 * t))
                | HalfVectors.FromSingle(Vector512.Load(sums + 32 * t + 16)) << 16, packed + 16 * t);
        Lanes(packed, 16, (uint*)(rows + d[0]), (uint*)(rows + d[1]));
    }

    /// <summary>s32 accumulators of 8-bit products. Without <paramref name="saturate"/> (.satfinite) sums wrap. Other parameters as in
    /// <see cref="ToSingle"/>.</summary>
    public static void ToInteger<TA, TB>(byte* rows, int* d, int* a, int* b, int* c, int depth, bool saturate)
        where TA : struct, IMatrixElement where TB : struct, IMatrixElement
    {
        float* sums = stackalloc float[8 * 16 + 16];
        sums = Align(sums);
        new Span<float>(sums, 8 * 16).Clear();
        Accumulate<TA, TB>(rows, a, b, sums, depth); // at most 32 · 255² < 2^24, so every float sum is exact
        for (int n = 0; n < 8; n++)
            Vector512.Store(Vector512.ConvertToInt32Native(Vector512.Load(sums + 16 * n)), (int*)sums + 16 * n);
        uint* products = stackalloc uint[4 * 32];
        for (int h = 0; h < 2; h++)
            Lanes((uint*)sums + 16 * h, 32, products + 32 * h, products + 32 * (h + 2));
        for (int register = 0; register < 4; register++)
            for (int half = 0; half < 2; half++)
            {
                Vector512<int> x = Vector512.Load(products + 32 * register + 16 * half).AsInt32(),
                    y = Row(rows, c[register], half).AsInt32();
                Vector512<int> sum = x + y;
                if (saturate)
                    sum = Vector512.ConditionalSelect((~(x ^ y) & (x ^ sum)) >> 31, (x >> 31) ^ Vector512.Create(int.MaxValue), sum);
                Vector512.Store(sum.AsUInt32(), products + 32 * register + 16 * half);
            }
        for (int register = 0; register < 4; register++)
            new Span<uint>(products + 32 * register, 32).CopyTo(new Span<uint>(rows + d[register], 32));
    }

    /// <summary>Adds the products to <paramref name="sums"/>: 8 columns of 16 rows.</summary>
    static void Accumulate<TA, TB>(byte* rows, int* a, int* b, float* sums, int depth) where TA : struct, IMatrixElement where TB : struct,
        IMatrixElement
    {
        int elements = TA.PerRegister;
        float* columnsOfA = stackalloc float[32 * 16 + 16];
        columnsOfA = Align(columnsOfA);
        float* partsOfB = stackalloc float[8 * 32 + 16];
        partsOfB = Align(partsOfB);
        for (int register = 0; register < depth; register++)
        {
            Vector512<uint> top0 = Row(rows, a[2 * register], 0), top1 = Row(rows, a[2 * register], 1);
            Vector512<uint> bottom0 = Row(rows, a[2 * register + 1], 0), bottom1 = Row(rows, a[2 * register + 1], 1);
            Vector512<uint> b0 = Row(rows, b[register], 0), b1 = Row(rows, b[register], 1);
            for (int e = 0; e < elements; e++)
            {
                uint* columns = (uint*)columnsOfA + (register * 4 * elements + e) * 16;
                Columns(TA.Element(top0, e).AsUInt32(), TA.Element(top1, e).AsUInt32(),
                    TA.Element(bottom0, e).AsUInt32(), TA.Element(bottom1, e).AsUInt32(), columns, 16 * elements);
                float* part = partsOfB + (register * elements + e) * 32;
                Vector512.Store(TB.Element(b0, e), part);
                Vector512.Store(TB.Element(b1, e), part + 16);
            }
        }

        Vector512<float> s0 = Vector512.Load(sums), s1 = Vector512.Load(sums + 16), s2 = Vector512.Load(sums + 32),
            s3 = Vector512.Load(sums + 48);
        Vector512<float> s4 = Vector512.Load(sums + 64), s5 = Vector512.Load(sums + 80), s6 = Vector512.Load(sums + 96),
            s7 = Vector512.Load(sums + 112);
        for (int register = 0; register < depth; register++)
            for (int t = 0; t < 4; t++)
                for (int e = 0; e < elements; e++)
                {
                    Vector512<float> column = Vector512.Load(columnsOfA);
                    columnsOfA += 16;
                    float* row = partsOfB + (register * elements + e) * 32 + t; // column n of B belongs to lane 4n + t
                    s0 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[0]), s0);
                    s1 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[4]), s1);
                    s2 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[8]), s2);
                    s3 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[12]), s3);
                    s4 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[16]), s4);
                    s5 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[20]), s5);
                    s6 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[24]), s6);
                    s7 = Vector512.FusedMultiplyAdd(column, Vector512.Create(row[28]), s7);
                }
        Vector512.Store(s0, sums);
        Vector512.Store(s1, sums + 16);
        Vector512.Store(s2, sums + 32);
        Vector512.Store(s3, sums + 48);
        Vector512.Store(s4, sums + 64);
        Vector512.Store(s5, sums + 80);
        Vector512.Store(s6, sums + 96);
        Vector512.Store(s7, sums + 112);
    }

    /// <summary>From lanes 4g + t of two registers (rows g, and g + 8) to four columns t of 16 rows, <paramref name="stride"/> words
    /// apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Columns(Vector512<uint> top0, Vector512<uint> top1, Vector512<uint> bottom0, Vector512<uint> bottom1, uint* columns,
        int stride)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<uint> first = Vector512.Create(0u, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29),
                second = first + Vector512.Create(2u);
            Vector512<uint> top01 = Avx512F.PermuteVar16x32x2(top0, first, top1),
                bottom01 = Avx512F.PermuteVar16x32x2(bottom0, first, bottom1);
            Vector512<uint> top23 = Avx512F.PermuteVar16x32x2(top0, second, top1),
                bottom23 = Avx512F.PermuteVar16x32x2(bottom0, second, bottom1);
            Vector512.Store(Vector512.Create(top01.GetLower(), bottom01.GetLower()), columns);
            Vector512.Store(Vector512.Create(top01.GetUpper(), bottom01.GetUpper()), columns + stride);
            Vector512.Store(Vector512.Create(top23.GetLower(), bottom23.GetLower()), columns + 2 * stride);
            Vector512.Store(Vector512.Create(top23.GetUpper(), bottom23.GetUpper()), columns + 3 * stride);
            return;
        }
        uint* lanes = stackalloc uint[64];
        Vector512.Store(top0, lanes);
        Vector512.Store(top1, lanes + 16);
        Vector512.Store(bottom0, lanes + 32);
        Vector512.Store(bottom1, lanes + 48);
        for (int t = 0; t < 4; t++)
            for (int row = 0; row < 16; row++)
                columns[t * stride + row] = lanes[4 * row + t];
    }

    /// <summary>The inverse of <see cref="Columns"/>.</summary>
    static void Lanes(uint* columns, int stride, uint* top, uint* bottom)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<uint> x0 = Vector512.Load(columns), x1 = Vector512.Load(columns + stride);
            Vector512<uint> x2 = Vector512.Load(columns + 2 * stride), x3 = Vector512.Load(columns + 3 * stride);
            Vector512<uint> pairs = Vector512.Create(0u, 16, 0, 16, 1, 17, 1, 17, 2, 18, 2, 18, 3, 19, 3, 19);
            Vector512<ulong> firstPair = Vector512.Create(ulong.MaxValue, 0, ulong.MaxValue, 0, ulong.MaxValue, 0, ulong.MaxValue, 0);
            for (int quarter = 0; quarter < 4; quarter++)
            {
                Vector512<uint> first = Avx512F.PermuteVar16x32x2(x0, pairs, x1), second = Avx512F.PermuteVar16x32x2(x2, pairs, x3);
                Vector512.Store(Vector512.ConditionalSelect(firstPair.AsUInt32(), first, second),
                    (quarter < 2 ? top : bottom) + 16 * (quarter & 1));
                pairs += Vector512.Create(4u);
            }
            return;
        }
        for (int t = 0; t < 4; t++)
            for (int row = 0; row < 16; row++)
                (row < 8 ? top : bottom)[4 * (row & 7) + t] = columns[t * stride + row];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<uint> Row(byte* rows, int offset, int half) => Vector512.Load((uint*)(rows + offset) + 16 * half);

    static Vector512<uint> Part(byte* rows, int offset, int half, int element) =>
        HalfElement.Element(Row(rows, offset, half), element).AsUInt32();

    static float* Align(float* pointer) => (float*)(((nint)pointer + 63) & ~(nint)63);
}
