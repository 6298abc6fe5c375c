// Dot products of rows of a weight matrix with a few rows of x: for products that are bound by reading the weights.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

static unsafe class HostDot
{
    // A prepared x is kept on the stack.
    const int LongSplit = 4096, LongFixed = 16384;

    // Four rows at a time are four streams of memory, which share what they load of x. Each is asked for so far ahead: the hardware's own
    // prefetch is too close behind a memory that is fast, and ends at every page. The rows of a stream follow each other, so that it is
    // one run of memory however short they are.
    public const int AheadBytes = 1024;

    /// <summary>Floats that <see cref="TryPrepare"/> writes: none where x is read as it is.</summary>
    public static int Prepared<TVector, TFormat>(int rows, int length)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat =>
        rows == 1 && length <= (TFormat.Bytes == 2 ? LongSplit : TakesFixedPoint<TVector, TFormat>() ? LongFixed : 0) ? length : 0;

    /// <summary>
    /// Writes one row of x as rows of bf16 or int8 are multiplied fastest: split, or in fixed point. False where x is read as it is: it
    /// has more rows, is too long, or has values that fixed point does not hold.
    /// </summary>
    public static bool TryPrepare<TVector, TFormat>(float* x, float* prepared, int rows, int length)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        if (Prepared<TVector, TFormat>(rows, length) == 0)
            return false;
        if (TakesFixedPoint<TVector, TFormat>())
            return HostFixedPoint.TryPrepare(x, prepared, length);
        Split<TVector>(x, prepared, length);
        return true;
    }

    static bool TakesFixedPoint<TVector, TFormat>() where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat =>
        TFormat.Scaled && TVector.Count >= Vector256<float>.Count && HostFixedPoint.IsSupported;

    /// <summary>
    /// Writes x for rows of bf16: of each 2 · <c>TVector.Count</c> neighbours first the even ones, then the odd ones; what is left as it
    /// is. A register of bf16 then becomes two of f32 by a shift and a mask, which wait for nothing but the load.
    /// </summary>
    static void Split<TVector>(float* x, float* split, nint length) where TVector : unmanaged, IHostVector<TVector>
    {
        nint k = 0;
        for (; k <= length - 2 * TVector.Count; k += 2 * TVector.Count)
            for (int i = 0; i < TVector.Count; i++)
                (split[k + i], split[k + TVector.Count + i]) = (x[k + 2 * i], x[k + 2 * i + 1]);
        for (; k < length; k++)
            split[k] = x[k];
    }

    /// <summary>
    /// sums[m, i] = Σₖ x[m, k] · w[row + i · apart, k] for <paramref name="rows"/> rows of x and <paramref name="count"/> ≤ 4 rows of w.
    /// The other sums of a row of four repeat the last one. A <paramref name="prepared"/> x is what <see cref="TryPrepare"/> wrote.
    /// </summary>
    public static void Multiply<TVector, TFormat>(HostMatrix w, nint row, nint apart, int count, float* x, bool prepared, nint xStride, int rows,
        nint length, float* sums)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        if (rows == 1 && TFormat.Bytes == 4)
        {
            FourRows<TVector>((float*)w.Values + row * w.Stride, apart * w.Stride, count - 1, x, length, sums);
            return;
        }
        if (prepared && TFormat.Bytes == 2)
        {
            FourSplitRows<TVector>((ushort*)w.Values + row * w.Stride, apart * w.Stride, count - 1, x, length, sums);
            return;
        }
        if (prepared && TakesFixedPoint<TVector, TFormat>())
        {
            HostFixedPoint.FourRows(w, row, apart, count - 1, x, length, sums);
            return;
        }
        if (rows == 1)
        {
            Rows<TVector, TFormat, One>(w, row, apart, count - 1, x, 0, length, sums);
            return;
        }
        int m = 0;
        for (; rows - m is 3 or > 4; m += 3)
            Rows<TVector, TFormat, Three>(w, row, apart, count - 1, x + m * xStride, xStride, length, sums + m * 4);
        for (; m < rows; m += 2)
            Rows<TVector, TFormat, Two>(w, row, apart, count - 1, x + m * xStride, xStride, length, sums + m * 4);
    }

    /// <summary>sums[i] = Σₖ x[k] · w[row + i, k] for <paramref name="count"/> ≤ 4 rows of f32 that lie in the cache, and an x that may
    /// not.</summary>
    public static void MultiplyOne<TVector>(HostMatrix w, nint row, int count, float* x, nint length, float* sums)
        where TVector : unmanaged, IHostVector<TVector> =>
        Rows<TVector, HostF32, One>(w, row, 1, count - 1, x, 0, length, sums);

    /// <summary>Four rows of f32 with one of x, a cache line of each at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void FourRows<TVector>(float* w, nint stride, int last, float* x, nint length, float* sums)
        where TVector : unmanaged, IHostVector<TVector>
    {
        float* w1 = w + Math.Min(1, last) * stride, w2 = w + Math.Min(2, last) * stride, w3 = w + Math.Min(3, last) * stride;
        Four<TVector> total = default;
        nint k = 0;
        for (; k <= length - 16; k += 16)
        {
            Prefetch((byte*)(w + k) + AheadBytes, stride * sizeof(float));
            for (nint at = k; at < k + 16; at += TVector.Count)
                total.Add(TVector.Load(x + at), Four<TVector>.Load(w + at, w1 + at, w2 + at, w3 + at));
        }
        for (; k <= length - TVector.Count; k += TVector.Count)
            total.Add(TVector.Load(x + k), Four<TVector>.Load(w + k, w1 + k, w2 + k, w3 + k));
        Wide128 sum = total.Sums;
        for (; k < length; k++)
            sum = Wide128.MultiplyAdd(Wide128.Create(x[k]), Wide128.Create(w[k], w1[k], w2[k], w3[k]), sum);
        Wide128.Store(sums, sum);
    }

    /// <summary>The same for bf16, and x split.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void FourSplitRows<TVector>(ushort* w, nint stride, int last, float* x, nint length, float* sums)
        where TVector : unmanaged, IHostVector<TVector>
    {
        ushort* w1 = w + Math.Min(1, last) * stride, w2 = w + Math.Min(2, last) * stride, w3 = w + Math.Min(3, last) * stride;
        Four<TVector> even = default, odd = default;
        nint k = 0, step = 2 * TVector.Count;
        for (; k <= length - step; k += step)
        {
            Prefetch((byte*)(w + k) + AheadBytes, stride * sizeof(ushort));
            even.Add(TVector.Load(x + k), Four<TVector>.LoadEven(w + k, w1 + k, w2 + k, w3 + k));
            odd.Add(TVector.Load(x + k + TVector.Count), Four<TVector>.LoadOdd(w + k, w1 + k, w2 + k, w3 + k));
        }
        Wide128 sum = (even + odd).Sums;
        for (; k < length; k++)
            sum = Wide128.MultiplyAdd(Wide128.Create(x[k]), Wide128.Create(One(w + k), One(w1 + k), One(w2 + k), One(w3 + k)), sum);
        Wide128.Store(sums, sum);

        static float One(ushort* at) => HostBF16.LoadOne((byte*)at);
    }

    interface IRows
    {
        static abstract bool Second { get; }

        static abstract bool Third { get; }
    }

    readonly struct One : IRows
    {
        public static bool Second => false;

        public static bool Third => false;
    }

    readonly struct Two : IRows
    {
        public static bool Second => true;

        public static bool Third => false;
    }

    readonly struct Three : IRows
    {
        public static bool Second => true;

        public static bool Third => true;
    }

    // A line of each of four rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(byte* line, nint rowBytes)
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(line);
        Sse.Prefetch0(line + rowBytes);
        Sse.Prefetch0(line + 2 * rowBytes);
        Sse.Prefetch0(line + 3 * rowBytes);
    }

    /// <summary>Four rows of w with one, two or three of x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void Rows<TVector, TFormat, TRows>(HostMatrix w, nint row, nint apart, nint last, float* x, nint xStride, nint length, float* sums)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat where TRows : struct, IRows
    {
        nint rowBytes = w.Stride * TFormat.Bytes, i1 = Math.Min(1, last) * apart, i2 = Math.Min(2, last) * apart,
            i3 = Math.Min(3, last) * apart;
        byte* w0 = w.Values + row * rowBytes, w1 = w0 + i1 * rowBytes, w2 = w0 + i2 * rowBytes, w3 = w0 + i3 * rowBytes;
        nint groups = TFormat.Scaled ? w.Stride / Weights.ScaleGroup : 0;
        float* s0 = w.Scales + row * groups, s1 = s0 + i1 * groups, s2 = s0 + i2 * groups, s3 = s0 + i3 * groups;
        float* x1 = x + xStride, x2 = TRows.Third ? x1 + xStride : x1;
        nint end = length / TVector.Count * TVector.Count, k = 0;
        Four<TVector> y0 = default, y1 = default, y2 = default;
        while (k < end)
        {
            Four<TVector> g0 = default, g1 = default, g2 = default;
            for (nint stop = TFormat.Scaled ? k + Weights.ScaleGroup : end; k < stop; k += TVector.Count)
            {
                nint at = k * TFormat.Bytes;
                if (!TRows.Second && at % 64 == 0)
                    Prefetch(w0 + at + AheadBytes, apart * rowBytes);
                var v = new Four<TVector>(TFormat.Load<TVector>(w0 + at), TFormat.Load<TVector>(w1 + at), TFormat.Load<TVector>(w2 + at),
                    TFormat.Load<TVector>(w3 + at));
                g0.Add(TVector.Load(x + k), v);
                if (TRows.Second)
                    g1.Add(TVector.Load(x1 + k), v);
                if (TRows.Third)
                    g2.Add(TVector.Load(x2 + k), v);
            }
            if (!TFormat.Scaled)
            {
                (y0, y1, y2) = (g0, g1, g2);
                break;
            }
            nint group = (k - 1) / Weights.ScaleGroup;
            var scales = new Four<TVector>(TVector.Create(s0[group]), TVector.Create(s1[group]), TVector.Create(s2[group]),
                TVector.Create(s3[group]));
            y0.Add(g0, scales);
            if (TRows.Second)
                y1.Add(g1, scales);
            if (TRows.Third)
                y2.Add(g2, scales);
        }
        Wide128 sum0 = y0.Sums, sum1 = y1.Sums, sum2 = y2.Sums;
        // Only formats without scales have rows whose length is no multiple of the vector's.
        for (; k < length; k++)
        {
            nint at = k * TFormat.Bytes;
            var v = Wide128.Create(TFormat.LoadOne(w0 + at), TFormat.LoadOne(w1 + at), TFormat.LoadOne(w2 + at), TFormat.LoadOne(w3 + at));
            sum0 = Wide128.MultiplyAdd(Wide128.Create(x[k]), v, sum0);
            sum1 = Wide128.MultiplyAdd(Wide128.Create(x1[k]), v, sum1);
            sum2 = Wide128.MultiplyAdd(Wide128.Create(x2[k]), v, sum2);
        }
        Wide128.Store(sums, sum0);
        if (TRows.Second)
            Wide128.Store(sums + 4, sum1);
        if (TRows.Third)
            Wide128.Store(sums + 8, sum2);
    }

    /// <summary>Four vectors in registers.</summary>
    struct Four<TVector>(TVector a, TVector b, TVector c, TVector d) where TVector : unmanaged, IHostVector<TVector>
    {
        const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

        TVector _a = a, _b = b, _c = c, _d = d;

        [MethodImpl(Inline)]
        public static Four<TVector> Load(float* a, float* b, float* c, float* d) =>
            new(TVector.Load(a), TVector.Load(b), TVector.Load(c), TVector.Load(d));

        [MethodImpl(Inline)]
        public static Four<TVector> LoadEven(ushort* a, ushort* b, ushort* c, ushort* d) =>
            new(TVector.LoadEven(a), TVector.LoadEven(b), TVector.LoadEven(c), TVector.LoadEven(d));

        [MethodImpl(Inline)]
        public static Four<TVector> LoadOdd(ushort* a, ushort* b, ushort* c, ushort* d) =>
            new(TVector.LoadOdd(a), TVector.LoadOdd(b), TVector.LoadOdd(c), TVector.LoadOdd(d));

        [MethodImpl(Inline)]
        public void Add(TVector x, in Four<TVector> w)
        {
            _a = TVector.MultiplyAdd(x, w._a, _a);
            _b = TVector.MultiplyAdd(x, w._b, _b);
            _c = TVector.MultiplyAdd(x, w._c, _c);
            _d = TVector.MultiplyAdd(x, w._d, _d);
        }

        [MethodImpl(Inline)]
        public void Add(in Four<TVector> x, in Four<TVector> w)
        {
            _a = TVector.MultiplyAdd(x._a, w._a, _a);
            _b = TVector.MultiplyAdd(x._b, w._b, _b);
            _c = TVector.MultiplyAdd(x._c, w._c, _c);
            _d = TVector.MultiplyAdd(x._d, w._d, _d);
        }

        [MethodImpl(Inline)]
        public static Four<TVector> operator +(in Four<TVector> x, in Four<TVector> y) =>
            new(x._a + y._a, x._b + y._b, x._c + y._c, x._d + y._d);

        public readonly TVector Total
        {
            [MethodImpl(Inline)]
            get => _a + _b + (_c + _d);
        }

        /// <summary>The sum of each vector.</summary>
        public readonly Wide128 Sums
        {
            [MethodImpl(Inline)]
            get
            {
                // In each group of four places first: pairs of a and b in turns, then all four vectors.
                var ab = TVector.InterleaveLower(_a, _b) + TVector.InterleaveUpper(_a, _b);
                var cd = TVector.InterleaveLower(_c, _d) + TVector.InterleaveUpper(_c, _d);
                return TVector.AddLanes(TVector.JoinLower(ab, cd) + TVector.JoinUpper(ab, cd));
            }
        }
    }
}
