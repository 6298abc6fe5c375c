// Computes  gradScore = scale · p · (f · gradY·v − gradY·y),  gradQ = Σ_s gradScore·k,  gradK = Σ_t gradScore·q,  gradV = Σ_t f·p·gradY
// Idea      a block of queries has its probabilities for all keys in the second level cache; then it walks along the keys, and all five
//           products
// run on the register tile. An item owns a part of the queries and has sums of its own for gradK and gradV, which are put together
// Numerics  sums in f32; the parts are added in their order, and depend on sizes alone: threads change no bit
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Attention
{
    // Queries of an item. More: fewer sums of gradK and gradV to put together; fewer: more items to share.
    const int MostPartRows = 1024;

    // Probabilities of a block of queries: 512 KB, half of a usual second level cache.
    const int BlockProbabilities = 128 * 1024, FewestBackwardRows = 48, MostBackwardRows = 192;

    static void HostBackward(HostDevice device, AttentionBackwardArguments a)
    {
        switch (device.VectorBits)
        {
            case 512:
                HostBackward<HostStrip4<Wide512>, Wide512>(device, a);
                break;
            case 256:
                HostBackward<HostStrip2<Wide256>, Wide256>(device, a);
                break;
            default:
                HostBackward<HostStrip4<Wide128>, Wide128>(device, a);
                break;
        }
    }

    static unsafe void HostBackward<TStrip, TVector>(HostDevice device, in AttentionBackwardArguments a)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        int rows = a.Queries * (a.QueryHeads / a.KeyHeads), heads = a.Batch * a.KeyHeads, parts = (rows + MostPartRows - 1) / MostPartRows;
        int partRows = (rows + parts - 1) / parts, padded = (a.HeadSize + TStrip.Width - 1) / TStrip.Width * TStrip.Width;
        float* sums = device.SharedScratch<float>((long)heads * parts * 2 * a.Keys * padded);
        device.For(heads * parts, new BackwardWork<TStrip, TVector>(device, a, parts, partRows, padded, sums));
        device.For(heads * ((a.Keys + BlockKeys - 1) / BlockKeys), new JoinPartsWork<TVector>(a, parts, padded, sums));
    }

    readonly unsafe struct BackwardWork<TStrip, TVector>(HostDevice device, AttentionBackwardArguments a, int parts, int partRows,
        int padded, float* sums) : IHostWork
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        readonly AttentionArguments _forward = a.Forward;

        public void Run(int index, int worker)
        {
            // Late queries first: with a causal mask they are the long ones.
            int heads = a.Batch * a.KeyHeads, head = index % heads, part = parts - 1 - index / heads, b = head / a.KeyHeads,
                g = head % a.KeyHeads;
            int shared = a.QueryHeads / a.KeyHeads, size = a.HeadSize, depth = size + HostPanel.Slack;
            int first = part * partRows, end = Math.Min(first + partRows, a.Queries * shared);
            int keys = Seen(_forward, end - 1), columns = Whole(keys);
            int blockRows = Math.Clamp(BlockProbabilities / columns / FewestBackwardRows * FewestBackwardRows, FewestBackwardRows,
                MostBackwardRows);
            int rowColumns = (blockRows + TVector.Count - 1) / TVector.Count * TVector.Count,
                transposed = (BlockKeys + HostPanel.Slack) * rowColumns;

            float* q = device.Scratch<float>(worker, (long)blockRows * (3 * padded + 1 + columns + BlockKeys) + 2L * transposed
                + (long)columns * (2 * depth + padded) + TStrip.Width + HostPanel.BufferFloats + BlockKeys);
            float* gradY = q + (nint)blockRows * padded, gradQ = gradY + (nint)blockRows * padded;
            float* p = gradQ + (nint)blockRows * padded, gradScores = p + (nint)blockRows * columns,
                dots = gradScores + (nint)blockRows * BlockKeys;
            float* pTransposed = dots + blockRows, gradTransposed = pTransposed + transposed;
            float* keyPanel = gradTransposed + transposed, valuePanel = keyPanel + (nint)columns * depth,
                keyRows = valuePanel + (nint)columns * depth;
            float* zero = keyRows + (nint)columns * padded, buffer = zero + TStrip.Width, factors = buffer + HostPanel.BufferFloats;
            float* gradK = sums + ((nint)head * parts + part) * 2 * a.Keys * padded, gradV = gradK + (nint)a.Keys * padded;
            new Span<float>(zero, TStrip.Width).Clear();
            for (nint s = 0; s < 2 * (nint)a.Keys; s++)
                new Span<float>(gradK + s * padded, padded).Clear();
            float* k = a.K.Pointer + (long)b * a.Keys * a.KeyStride + g * size, v = a.V.Pointer + (long)b * a.Keys * a.KeyStride + g * size;
            PackKeys<TStrip, TVector>(k, a.KeyStride, a.Keys, size, 0, keys, keyPanel, buffer);
            PackKeys<TStrip, TVector>(v, a.KeyStride, a.Keys, size, 0, keys, valuePanel, buffer);
            PackValues<TStrip>(k, a.KeyStride, size, keys, columns, keyRows);

            for (int r = first; r < end; r += blockRows)
            {
                int rows = Math.Min(blockRows, end - r), seen = Seen(_forward, r + rows - 1), whole = Whole(seen);
                for (int i = 0; i < rows; i++)
                    LoadRow(b, g, r + i, q + (nint)i * padded, gradY + (nint)i * padded, dots + i);
                Probabilities(q, r, rows, whole, keyPanel, zero, p, columns);
                new Span<float>(gradQ, rows * padded).Clear();
                for (int s = 0; s < seen; s += BlockKeys)
                {
                    int count = Math.Min(BlockKeys, whole - s), known = Math.Min(count, seen - s);
                    Product<TStrip>(gradY, padded, valuePanel + (nint)s * depth, depth, TStrip.Width, size, zero, 0, gradScores, BlockKeys,
                        rows, count);
                    for (int i = 0; i < rows; i++)
                    {
                        float* own = p + (nint)i * columns + s, gradient = gradScores + (nint)i * BlockKeys;
                        if (a.DropoutRate > 0f)
                        {
                            DropoutMask.Factors(a.DropoutSeed, MapIndex(_forward, b, g, r + i) + s, a.DropoutRate, factors, count);
                            Multiply<TVector>(gradient, factors, count);
                        }
                        GradScores<TVector>(own, gradient, count, dots[i], a.Scale);
                        if (a.DropoutRate > 0f)
                            Multiply<TVector>(own, factors, count); // from here on f · p
                    }
                    for (int i = 0; i < rows; i += TVector.Count)
                    {
                        HostPanel.Pack<TVector, HostF32>(new HostMatrix(p + s, null, columns), i, rows - 1, 0, known, pTransposed + i,
                            rowColumns, buffer);
                        HostPanel.Pack<TVector, HostF32>(new HostMatrix(gradScores, null, BlockKeys), i, rows - 1, 0, known,
                            gradTransposed + i, rowColumns, buffer);
                    }
                    Product<TStrip>(gradScores, BlockKeys, keyRows + (nint)s * TStrip.Width, columns, TStrip.Width, known, gradQ, padded,
                        gradQ, padded, rows, padded);
                    Product<TStrip>(gradTransposed, rowColumns, q, 1, padded, rows, gradK + (nint)s * padded, padded,
                        gradK + (nint)s * padded, padded, known, padded);
                    Product<TStrip>(pTransposed, rowColumns, gradY, 1, padded, rows, gradV + (nint)s * padded, padded,
                        gradV + (nint)s * padded, padded, known, padded);
                }
                for (int i = 0; i < rows; i++)
                    new Span<float>(gradQ + (nint)i * padded, size)
                        .CopyTo(new Span<float>(a.GradQ.Pointer + QueryRow(_forward, b, r + i) * a.QueryStride
                        + QueryHead(_forward, g, r + i) * size, size));
            }
        }

        static int Whole(int keys) => (keys + TStrip.Width - 1) / TStrip.Width * TStrip.Width;

        /// <summary>A query and the gradient of its output, zeros behind the last dimension, and gradY·y.</summary>
        void LoadRow(int b, int g, int row, float* q, float* gradY, float* dot)
        {
            int size = a.HeadSize, head = QueryHead(_forward, g, row);
            long t = QueryRow(_forward, b, row), y = (t * a.QueryHeads + head) * size;
            new Span<float>(q, padded).Clear();
            new Span<float>(gradY, padded).Clear();
            new Span<float>(a.Q.Pointer + t * a.QueryStride + head * size, size).CopyTo(new Span<float>(q, size));
            new Span<float>(a.GradY.Pointer + y, size).CopyTo(new Span<float>(gradY, size));
            *dot = SingleHead.Dot<TVector>(gradY, a.Y.Pointer + y, size);
        }

        /// <summary>Softmax of a block of rows over all keys, zeros where a row does not see.</summary>
        void Probabilities(float* q, int firstRow, int rows, int whole, float* keyPanel, float* zero, float* p, int columns)
        {
            for (int c = 0; c < whole; c += TStrip.Width)
                for (int i = 0; i < rows; i += HostTile.Rows)
                {
                    int count = Math.Min(HostTile.Rows, rows - i);
                    if (c < Seen(_forward, firstRow + i + count - 1))
                        HostTile.Multiply<TStrip>(q + (nint)i * padded, padded, keyPanel + (nint)c * (a.HeadSize + HostPanel.Slack),
                            TStrip.Width, a.HeadSize,
                            zero, 0, p + (nint)i * columns + c, columns, count);
                }
            for (int i = 0; i < rows; i++)
            {
                float largest = float.NegativeInfinity,
                    sum = SoftmaxRow<TVector>(p + (nint)i * columns, Seen(_forward, firstRow + i), whole,
                    a.Scale * ElementaryCoefficients.Log2E, ref largest, out _);
                HostVectors.Scale<TVector>(1f / sum, p + (nint)i * columns, p + (nint)i * columns, whole);
            }
        }
    }

    /// <summary>
    /// y [rows, columns] = start + x · panel, the panel's strips being <paramref name="stripStride"/> floats for each column apart; a strip
    /// and all rows of x pass through the first level cache.
    /// </summary>
    static unsafe void Product<TStrip>(float* x, nint xStride, float* panel, nint stripStride, nint panelStride, int depth,
        float* start, nint startStride, float* y, nint yStride, int rows, int columns) where TStrip : unmanaged, IHostStrip<TStrip>
    {
        for (nint c = 0; c < columns; c += TStrip.Width)
            for (nint r = 0; r < rows; r += HostTile.Rows)
                HostTile.Multiply<TStrip>(x + r * xStride, xStride, panel + c * stripStride, panelStride, depth,
                    startStride == 0 ? start : start + r * startStride + c, startStride, y + r * yStride + c, yStride,
                        (int)Math.Min(HostTile.Rows, rows - r));
    }

    /// <summary>gradient = scale · p · (gradient − dot).</summary>
    [MethodImpl(HostMethod.Hot)]
    static unsafe void GradScores<TVector>(float* p, float* gradient, int count, float dot, float scale) where TVector : unmanaged,
        IHostVector<TVector>
    {
        for (int s = 0; s < count; s += TVector.Count)
            TVector.Store(gradient + s, TVector.Create(scale) * TVector.Load(p + s) * (TVector.Load(gradient + s) - TVector.Create(dot)));
    }

    /// <summary>gradK and gradV of some keys: the sums of all parts of the queries, in their order.</summary>
    readonly unsafe struct JoinPartsWork<TVector>(AttentionBackwardArguments a, int parts, int padded, float* sums) : IHostWork
        where TVector : unmanaged, IHostVector<TVector>
    {
        public void Run(int index, int worker)
        {
            int heads = a.Batch * a.KeyHeads, head = index % heads, b = head / a.KeyHeads, g = head % a.KeyHeads,
                first = index / heads * BlockKeys;
            float* part = sums + (nint)head * parts * 2 * a.Keys * padded;
            for (int s = first; s < Math.Min(a.Keys, first + BlockKeys); s++)
            {
                long to = ((long)b * a.Keys + s) * a.KeyStride + g * a.HeadSize;
                Join(part + (nint)s * padded, a.GradK.Pointer + to);
                Join(part + ((nint)a.Keys + s) * padded, a.GradV.Pointer + to);
            }
        }

        void Join(float* from, float* to)
        {
            new Span<float>(from, a.HeadSize).CopyTo(new Span<float>(to, a.HeadSize));
            for (int i = 1; i < parts; i++)
                HostVectors.AddScaled<TVector>(1f, from + (nint)i * 2 * a.Keys * padded, to, a.HeadSize);
        }
    }
}
