// Panels: rows of a weight matrix, widened and transposed just before the register tile uses them.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

/// <summary>
/// Weights stay row-major in their own type, as in the file. A few of their rows become a panel [k][column] of f32 in the second
/// level cache, which serves all rows of x: one tile for every storage type, and no second copy of the weights.
/// </summary>
static unsafe class HostPanel
{
    // Columns that are widened at a time: 16 rows of them stay in the first level cache.
    const int BufferColumns = 128;

    /// <summary>Floats of working memory that <see cref="Pack"/> needs.</summary>
    public const int BufferFloats = 16 * BufferColumns;

    // Rows lie on pages of their own, which no prefetch of the hardware passes.
    const int RowsAhead = 16;

    /// <summary>Rows of a panel beyond its depth that <see cref="Pack"/> may write.</summary>
    public const int Slack = 3;

    /// <summary>
    /// Writes the rows [row, row + <c>TVector.Count</c>) of <paramref name="w"/>, columns [column, column + depth), as that many
    /// neighbouring columns of a panel. Rows behind <paramref name="lastRow"/> repeat it.
    /// </summary>
    [MethodImpl(HostMethod.Hot)]
    public static void Pack<TVector, TFormat>(HostMatrix w, nint row, nint lastRow, nint column, nint depth, float* panel, nint panelStride,
        float* buffer)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        nint k = 0;
        if (typeof(TFormat) == typeof(HostF32) && row + TVector.Count - 1 <= lastRow)
        {
            float* from = (float*)w.Values + row * w.Stride + column;
            for (; k <= depth - 4; k += 4)
                Transpose<TVector>(from + k, w.Stride, panel + k * panelStride, panelStride);
        }
        for (; k < depth; k += BufferColumns)
        {
            nint columns = Math.Min(BufferColumns, depth - k);
            for (nint r = 0; r < TVector.Count; r++)
                Widen<TVector, TFormat>(w, Math.Min(row + r, lastRow), column + k, columns, buffer + r * BufferColumns);
            for (nint c = 0; c < columns; c += 4)
                Transpose<TVector>(buffer + c, BufferColumns, panel + (k + c) * panelStride, panelStride);
        }
    }

    /// <summary>
    /// Writes the columns [column, column + <paramref name="width"/>) of <paramref name="w"/>, rows [row, row + depth), as rows of a panel
    /// of <paramref name="panelStride"/> columns, which is how they lie already: only widened. Columns from <paramref name="width"/> on
    /// become 0.
    /// </summary>
    [MethodImpl(HostMethod.Hot)]
    public static void PackAcross<TVector, TFormat>(HostMatrix w, nint row, nint depth, nint column, int width, float* panel,
        int panelStride)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        for (nint k = 0; k < depth; k++, panel += panelStride)
        {
            nint element = (row + k) * w.Stride + column;
            byte* from = w.Values + element * TFormat.Bytes;
            if (Sse.IsSupported)
                for (int line = 0; line < width * TFormat.Bytes; line += 64)
                    Sse.Prefetch1(from + RowsAhead * w.Stride * TFormat.Bytes + line);
            for (int c = 0; c < panelStride; c += TVector.Count)
            {
                // Vectors lie inside a group of 128.
                float scale = TFormat.Scaled && c < width ? w.Scales[(element + c) / Weights.ScaleGroup] : 1f;
                if (c + TVector.Count <= width)
                {
                    var value = TFormat.Load<TVector>(from + c * TFormat.Bytes);
                    TVector.Store(panel + c, TFormat.Scaled ? value * TVector.Create(scale) : value);
                    continue;
                }
                for (int i = c; i < c + TVector.Count; i++)
                    panel[i] = i < width ? TFormat.LoadOne(from + i * TFormat.Bytes) * scale : 0f;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Widen<TVector, TFormat>(HostMatrix w, nint row, nint column, nint count, float* to)
        where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        byte* from = w.Values + (row * w.Stride + column) * TFormat.Bytes;
        float* scales = TFormat.Scaled ? w.Scales + row * (w.Stride / Weights.ScaleGroup) : null;
        nint k = 0;
        for (; k <= count - TVector.Count; k += TVector.Count)
        {
            var value = TFormat.Load<TVector>(from + k * TFormat.Bytes);
            if (TFormat.Scaled)
                value *= TVector.Create(scales[(column + k) / Weights.ScaleGroup]);
            TVector.Store(to + k, value);
        }
        for (; k < count; k++)
            to[k] = TFormat.LoadOne(from + k * TFormat.Bytes) * (TFormat.Scaled ? scales[(column + k) / Weights.ScaleGroup] : 1f);
    }

    /// <summary>Four columns of <c>TVector.Count</c> rows become four rows: lane by lane a transpose of 4 × 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose<TVector>(float* from, nint stride, float* to, nint toStride) where TVector : unmanaged,
        IHostVector<TVector>
    {
        var a = TVector.LoadLanes(from, 4 * stride);
        var b = TVector.LoadLanes(from + stride, 4 * stride);
        var c = TVector.LoadLanes(from + 2 * stride, 4 * stride);
        var d = TVector.LoadLanes(from + 3 * stride, 4 * stride);
        var ab = TVector.InterleaveLower(a, b);
        var cd = TVector.InterleaveLower(c, d);
        TVector.Store(to, TVector.JoinLower(ab, cd));
        TVector.Store(to + toStride, TVector.JoinUpper(ab, cd));
        ab = TVector.InterleaveUpper(a, b);
        cd = TVector.InterleaveUpper(c, d);
        TVector.Store(to + 2 * toStride, TVector.JoinLower(ab, cd));
        TVector.Store(to + 3 * toStride, TVector.JoinUpper(ab, cd));
    }
}
