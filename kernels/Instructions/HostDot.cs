// Dot products of four rows of a weight matrix with a few rows of x: for products that are bound by reading the weights.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

static unsafe class HostDot
{
    // The hardware's prefetch ends at each 4 KB page, which narrow types reach sooner than it can follow.
    const int BytesAhead = 8192;

    /// <summary>
    /// sums[m, i] = Σₖ x[m, k] · w[row + i, k] for <paramref name="rows"/> rows of x and <paramref name="count"/> ≤ 4 rows of w.
    /// The other sums of a row of four repeat the last one.
    /// </summary>
    public static void Multiply<TVector, TFormat>(HostMatrix w, nint row, int count, float* x, nint xStride, int rows, nint length, float* sums)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        for (int m = 0; m < rows; m += 2)
        {
            if (m + 1 < rows)
                Rows<TVector, TFormat, Two>(w, row, count - 1, x + m * xStride, x + (m + 1) * xStride, length, sums + m * 4);
            else
                Rows<TVector, TFormat, One>(w, row, count - 1, x + m * xStride, x + m * xStride, length, sums + m * 4);
        }
    }

    interface IRows
    {
        static abstract bool Second { get; }
    }

    readonly struct One : IRows
    {
        public static bool Second => false;
    }

    readonly struct Two : IRows
    {
        public static bool Second => true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void Rows<TVector, TFormat, TRows>(HostMatrix w, nint row, nint last, float* x, float* second, nint length, float* sums)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat where TRows : struct, IRows
    {
        nint rowBytes = w.Stride * TFormat.Bytes, i1 = Math.Min(1, last), i2 = Math.Min(2, last), i3 = Math.Min(3, last);
        byte* w0 = w.Values + row * rowBytes, w1 = w0 + i1 * rowBytes, w2 = w0 + i2 * rowBytes, w3 = w0 + i3 * rowBytes;
        nint groups = TFormat.Scaled ? w.Stride / Weights.ScaleGroup : 0;
        float* s0 = w.Scales + row * groups, s1 = s0 + i1 * groups, s2 = s0 + i2 * groups, s3 = s0 + i3 * groups;
        nint end = length / TVector.Count * TVector.Count, k = 0;
        TVector y0 = default, y1 = default, y2 = default, y3 = default, z0 = default, z1 = default, z2 = default, z3 = default;
        while (k < end)
        {
            TVector a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
            nint group = Math.Min(end, k + Weights.ScaleGroup);
            if (TFormat.Bytes < 4 && Sse.IsSupported)
            {
                for (nint ahead = k * TFormat.Bytes + BytesAhead, stop = ahead + Weights.ScaleGroup * TFormat.Bytes; ahead < stop; ahead += 64)
                {
                    Sse.Prefetch0(w0 + ahead);
                    Sse.Prefetch0(w1 + ahead);
                    Sse.Prefetch0(w2 + ahead);
                    Sse.Prefetch0(w3 + ahead);
                }
            }
            for (; k < group; k += TVector.Count)
            {
                nint at = k * TFormat.Bytes;
                TVector v = TVector.Load(x + k), v0 = TFormat.Load<TVector>(w0 + at), v1 = TFormat.Load<TVector>(w1 + at),
                    v2 = TFormat.Load<TVector>(w2 + at), v3 = TFormat.Load<TVector>(w3 + at);
                a0 = TVector.MultiplyAdd(v, v0, a0);
                a1 = TVector.MultiplyAdd(v, v1, a1);
                a2 = TVector.MultiplyAdd(v, v2, a2);
                a3 = TVector.MultiplyAdd(v, v3, a3);
                if (TRows.Second)
                {
                    v = TVector.Load(second + k);
                    b0 = TVector.MultiplyAdd(v, v0, b0);
                    b1 = TVector.MultiplyAdd(v, v1, b1);
                    b2 = TVector.MultiplyAdd(v, v2, b2);
                    b3 = TVector.MultiplyAdd(v, v3, b3);
                }
            }
            if (TFormat.Scaled)
            {
                nint scale = (k - 1) / Weights.ScaleGroup;
                TVector f0 = TVector.Create(s0[scale]), f1 = TVector.Create(s1[scale]), f2 = TVector.Create(s2[scale]), f3 = TVector.Create(s3[scale]);
                y0 = TVector.MultiplyAdd(a0, f0, y0);
                y1 = TVector.MultiplyAdd(a1, f1, y1);
                y2 = TVector.MultiplyAdd(a2, f2, y2);
                y3 = TVector.MultiplyAdd(a3, f3, y3);
                if (TRows.Second)
                {
                    z0 = TVector.MultiplyAdd(b0, f0, z0);
                    z1 = TVector.MultiplyAdd(b1, f1, z1);
                    z2 = TVector.MultiplyAdd(b2, f2, z2);
                    z3 = TVector.MultiplyAdd(b3, f3, z3);
                }
                continue;
            }
            y0 += a0;
            y1 += a1;
            y2 += a2;
            y3 += a3;
            if (TRows.Second)
            {
                z0 += b0;
                z1 += b1;
                z2 += b2;
                z3 += b3;
            }
        }
        Wide128 first = Sums(y0, y1, y2, y3), next = Sums(z0, z1, z2, z3);
        for (; k < length; k++)
        {
            // Only formats without scales have rows whose length is no multiple of the vector's.
            var v = new Wide128(Vector128.Create(TFormat.LoadOne(w0 + k * TFormat.Bytes), TFormat.LoadOne(w1 + k * TFormat.Bytes),
                TFormat.LoadOne(w2 + k * TFormat.Bytes), TFormat.LoadOne(w3 + k * TFormat.Bytes)));
            first = Wide128.MultiplyAdd(Wide128.Create(x[k]), v, first);
            next = Wide128.MultiplyAdd(Wide128.Create(second[k]), v, next);
        }
        Wide128.Store(sums, first);
        if (TRows.Second)
            Wide128.Store(sums + 4, next);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Wide128 Sums<TVector>(TVector a, TVector b, TVector c, TVector d) where TVector : unmanaged, IHostVector<TVector> =>
        new(Vector128.Create(TVector.Sum(a), TVector.Sum(b), TVector.Sum(c), TVector.Sum(d)));
}
