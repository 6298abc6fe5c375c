// The register tile of host products: six rows of x times a strip of columns, all sums in registers.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

/// <summary>A strip of neighbouring sums in registers: as many vectors as six rows of them fill the machine's registers.</summary>
/// <remarks>At most four fields, and every member inlined, or the JIT keeps the sums in memory.</remarks>
unsafe interface IHostStrip<TSelf> where TSelf : unmanaged, IHostStrip<TSelf>
{
    /// <summary>Columns of the strip.</summary>
    static abstract int Width { get; }

    static abstract TSelf Load(float* p);

    static abstract void Store(float* p, in TSelf strip);

    /// <summary>this += x · w.</summary>
    void Add(float x, in TSelf w);
}

/// <summary>Four vectors: 24 of the 32 registers of AVX-512 or ARM for the sums.</summary>
unsafe struct HostStrip4<TVector> : IHostStrip<HostStrip4<TVector>> where TVector : unmanaged, IHostVector<TVector>
{
    TVector _a, _b, _c, _d;

    public static int Width => 4 * TVector.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HostStrip4<TVector> Load(float* p) => new()
    {
        _a = TVector.Load(p),
        _b = TVector.Load(p + TVector.Count),
        _c = TVector.Load(p + 2 * TVector.Count),
        _d = TVector.Load(p + 3 * TVector.Count),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* p, in HostStrip4<TVector> strip)
    {
        TVector.Store(p, strip._a);
        TVector.Store(p + TVector.Count, strip._b);
        TVector.Store(p + 2 * TVector.Count, strip._c);
        TVector.Store(p + 3 * TVector.Count, strip._d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float x, in HostStrip4<TVector> w)
    {
        var v = TVector.Create(x);
        _a = TVector.MultiplyAdd(v, w._a, _a);
        _b = TVector.MultiplyAdd(v, w._b, _b);
        _c = TVector.MultiplyAdd(v, w._c, _c);
        _d = TVector.MultiplyAdd(v, w._d, _d);
    }
}

/// <summary>Two vectors: 12 of the 16 registers of AVX2 for the sums.</summary>
unsafe struct HostStrip2<TVector> : IHostStrip<HostStrip2<TVector>> where TVector : unmanaged, IHostVector<TVector>
{
    TVector _a, _b;

    public static int Width => 2 * TVector.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HostStrip2<TVector> Load(float* p) => new() { _a = TVector.Load(p), _b = TVector.Load(p + TVector.Count) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* p, in HostStrip2<TVector> strip)
    {
        TVector.Store(p, strip._a);
        TVector.Store(p + TVector.Count, strip._b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float x, in HostStrip2<TVector> w)
    {
        var v = TVector.Create(x);
        _a = TVector.MultiplyAdd(v, w._a, _a);
        _b = TVector.MultiplyAdd(v, w._b, _b);
    }
}

/// <summary>Products of six rows with a strip.</summary>
static unsafe class HostTile
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 6;

    /// <summary>
    /// y[r, c] = start[r, c] + Σₖ x[r, k] · panel[k, c] for up to six rows and one strip of columns. Rows past the last repeat it:
    /// same loads, same sums, same stores, so there is no remainder code.
    /// </summary>
    // Never inlined: pulled into a larger method, the sums would live in memory, six times slower.
    [MethodImpl(HostMethod.Hot)]
    public static void Multiply<TStrip>(float* x, nint xStride, float* panel, nint panelStride, nint depth,
        float* start, nint startStride, float* y, nint yStride, int rows) where TStrip : unmanaged, IHostStrip<TStrip>
    {
        if (rows <= Rows / 2)
        {
            MultiplyHalf<TStrip>(x, xStride, panel, panelStride, depth, start, startStride, y, yStride, rows);
            return;
        }
        nint last = rows - 1, i1 = 1, i2 = 2, i3 = Math.Min(3, last), i4 = Math.Min(4, last), i5 = Math.Min(5, last);
        float* x1 = x + i1 * xStride, x2 = x + i2 * xStride, x3 = x + i3 * xStride, x4 = x + i4 * xStride, x5 = x + i5 * xStride;
        TStrip y0 = TStrip.Load(start), y1 = TStrip.Load(start + i1 * startStride), y2 = TStrip.Load(start + i2 * startStride),
            y3 = TStrip.Load(start + i3 * startStride), y4 = TStrip.Load(start + i4 * startStride),
                y5 = TStrip.Load(start + i5 * startStride);
        for (nint k = 0; k < depth; k++)
        {
            var w = TStrip.Load(panel);
            y0.Add(x[k], w);
            y1.Add(x1[k], w);
            y2.Add(x2[k], w);
            y3.Add(x3[k], w);
            y4.Add(x4[k], w);
            y5.Add(x5[k], w);
            panel += panelStride;
        }
        TStrip.Store(y, y0);
        TStrip.Store(y + i1 * yStride, y1);
        TStrip.Store(y + i2 * yStride, y2);
        TStrip.Store(y + i3 * yStride, y3);
        TStrip.Store(y + i4 * yStride, y4);
        TStrip.Store(y + i5 * yStride, y5);
    }

    [MethodImpl(HostMethod.Hot)]
    static void MultiplyHalf<TStrip>(float* x, nint xStride, float* panel, nint panelStride, nint depth,
        float* start, nint startStride, float* y, nint yStride, int rows) where TStrip : unmanaged, IHostStrip<TStrip>
    {
        nint last = rows - 1, i1 = Math.Min(1, last), i2 = Math.Min(2, last);
        float* x1 = x + i1 * xStride, x2 = x + i2 * xStride;
        TStrip y0 = TStrip.Load(start), y1 = TStrip.Load(start + i1 * startStride), y2 = TStrip.Load(start + i2 * startStride);
        for (nint k = 0; k < depth; k++)
        {
            var w = TStrip.Load(panel);
            y0.Add(x[k], w);
            y1.Add(x1[k], w);
            y2.Add(x2[k], w);
            panel += panelStride;
        }
        TStrip.Store(y, y0);
        TStrip.Store(y + i1 * yStride, y1);
        TStrip.Store(y + i2 * yStride, y2);
    }
}
