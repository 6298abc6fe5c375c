// Many rows: 64 rows of W become a panel, which the register tile multiplies with six rows of x at a time.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HSENet.Kernels;

public static partial class Linear
{
    // Columns of a panel. For a SwiGLU pair the first half is gate, the second half up, for the same outputs.
    const int PanelColumns = 64;

    // Depth × 64 floats are 256 KB, a quarter of a usual second level cache: deep enough that few passes go over the sums.
    const int PanelDepth = 1024;

    // A panel is made once for a block of rows. More rows: less of that work; fewer: more items to share, sums that stay in cache.
    const int MostBlockRows = 1026, UsualBlockRows = 258, FewestBlockRows = 48;

    static void HostPanels<TStrip, TVector, TFormat>(HostDevice device, in LinearArguments a, bool across)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        int outputs = a.Activation == LinearActivation.SwiGlu ? PanelColumns / 2 : PanelColumns;
        int panels = (a.Outputs + outputs - 1) / outputs;
        int blocks = (a.Rows + MostBlockRows - 1) / MostBlockRows;
        while (panels * blocks < 16 * device.Threads && a.Rows > blocks * UsualBlockRows
            || panels * blocks < 3 * device.Threads && a.Rows > blocks * FewestBlockRows)
            blocks++;
        int rows = ((a.Rows + blocks - 1) / blocks + HostTile.Rows - 1) / HostTile.Rows * HostTile.Rows;
        device.For(panels * ((a.Rows + rows - 1) / rows),
            new PanelWork<TStrip, TVector, TFormat>(device, a, outputs, panels, rows, across));
    }

    /// <summary>An item is a block of rows times the outputs of one panel. How rows are divided changes no bit of the result.</summary>
    readonly unsafe struct PanelWork<TStrip, TVector, TFormat>(HostDevice device, LinearArguments a, int outputs, int panels, int blockRows,
        bool across) : IHostWork
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector> where TFormat : struct, IHostFormat
    {
        public void Run(int index, int worker)
        {
            int n = index % panels * outputs, m0 = index / panels * blockRows, rows = Math.Min(blockRows, a.Rows - m0);
            int width = Math.Min(outputs, a.Outputs - n);
            int chunks = (a.Inputs + PanelDepth - 1) / PanelDepth, depth = ((a.Inputs + chunks - 1) / chunks + 15) & ~15;
            float* panel = device.Scratch<float>(worker,
                (depth + HostPanel.Slack + 1 + rows + HostTile.Rows) * (long)PanelColumns + HostPanel.BufferFloats);
            float* buffer = panel + (depth + HostPanel.Slack) * PanelColumns, start = buffer + HostPanel.BufferFloats,
                sums = start + PanelColumns;
            new Span<float>(start, PanelColumns).Clear();
            if (!a.Bias.IsEmpty)
                new Span<float>(a.Bias.Pointer + n, width).CopyTo(new Span<float>(start, width));
            bool direct = a.Activation == LinearActivation.None && a.Residual.IsEmpty && width == PanelColumns;

            for (int k = 0; k < a.Inputs; k += depth)
            {
                int length = Math.Min(depth, a.Inputs - k);
                bool first = k == 0, last = k + length == a.Inputs;
                Pack(n, k, length, panel, buffer);
                for (int r = 0; r < rows; r += HostTile.Rows)
                {
                    int count = Math.Min(HostTile.Rows, rows - r);
                    long m = m0 + r;
                    float* x = a.X.Floats.Pointer + m * a.Inputs + k, y = a.Y.Floats.Pointer + m * a.Outputs + n;
                    float* sum = sums + (nint)r * PanelColumns;
                    float* to = last && direct ? y : sum;
                    if (last && !a.Residual.IsEmpty && Sse.IsSupported)
                        Prefetch(a.Residual.Pointer + m * a.Outputs + n, a.Outputs, count, width);
                    for (int c = 0; c < PanelColumns; c += TStrip.Width)
                        HostTile.Multiply<TStrip>(x, a.Inputs, panel + (nint)c * (length + HostPanel.Slack), TStrip.Width, length,
                            (first ? start : sum) + c, first ? 0 : PanelColumns, to + c, last && direct ? a.Outputs : PanelColumns, count);
                    if (last && !direct)
                        Finish<TVector>(a, sum, m, n, count, width);
                }
            }
        }

        /// <summary>Strips of the panel one behind the other, each [k][<c>TStrip.Width</c>].</summary>
        void Pack(nint n, int k, int length, float* panel, float* buffer)
        {
            var w = HostWeights(a);
            for (int c = 0; c < PanelColumns && across; c += TStrip.Width)
                HostPanel.PackAcross<TVector, TFormat>(new HostMatrix(w.Values, w.Scales, a.Outputs), k, length, n + c,
                    (int)Math.Clamp(a.Outputs - n - c, 0, TStrip.Width), panel + (nint)c * (length + HostPanel.Slack), TStrip.Width);
            for (int c = 0; c < PanelColumns && !across; c += TVector.Count)
            {
                bool up = c >= outputs;
                nint row = up ? a.Outputs + n + c - outputs : n + c, lastRow = up ? 2 * (nint)a.Outputs - 1 : a.Outputs - 1;
                int strip = c / TStrip.Width * TStrip.Width;
                HostPanel.Pack<TVector, TFormat>(w, row, lastRow, k, length, panel + (nint)strip * (length + HostPanel.Slack) + (c - strip),
                    TStrip.Width, buffer);
            }
        }
    }

    /// <summary>The residual of a tile lies in rows far apart, which no prefetch of the hardware follows: it is on its way while the tile
    /// is computed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void Prefetch(float* residual, nint stride, int rows, int width)
    {
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < width; c += 16)
                Sse.Prefetch0(residual + r * stride + c);
    }

    /// <summary>Activation and residual on finished sums, while they are in the first level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Finish<TVector>(in LinearArguments a, float* sums, long m, int n, int rows, int width) where TVector : unmanaged,
        IHostVector<TVector>
    {
        for (int r = 0; r < rows; r++)
        {
            float* sum = sums + r * PanelColumns, y = a.Y.Floats.Pointer + (m + r) * a.Outputs + n;
            float* residual = a.Residual.IsEmpty ? null : a.Residual.Pointer + (m + r) * a.Outputs + n;
            // Sums behind the width are finished too, and left: they repeat the last row of W.
            for (int c = 0; c < width; c += TVector.Count)
            {
                var value = TVector.Load(sum + c);
                if (a.Activation == LinearActivation.Gelu)
                    value = HostMath.Gelu(value);
                if (a.Activation == LinearActivation.SwiGlu)
                    value = TVector.Load(sum + PanelColumns / 2 + c) * HostMath.Silu(value);
                if (c + TVector.Count <= width)
                {
                    TVector.Store(y + c, residual == null ? value : value + TVector.Load(residual + c));
                    continue;
                }
                TVector.Store(sum + c, value);
                for (; c < width; c++)
                    y[c] = residual == null ? sum[c] : sum[c] + residual[c];
            }
        }
    }
}
