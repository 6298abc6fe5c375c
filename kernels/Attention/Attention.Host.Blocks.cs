// Many queries: a block of queries walks along the keys; six queries at a time, both products run on the register tile.
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class Attention
{
    // Keys whose K and V panels (256 × D floats each) stay in the second level cache while all queries of a block pass over them.
    const int BlockKeys = 256;

    // The panels are made once for a block of queries. More queries: less of that work; fewer: more items to share.
    const int MostBlockRows = 342, UsualBlockRows = 96, FewestBlockRows = 24;

    static void HostBlocks<TStrip, TVector>(HostDevice device, in AttentionArguments a)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        // The queries of all heads that share a key head are rows of one product.
        int rows = a.Queries * (a.QueryHeads / a.KeyHeads), heads = a.Batch * a.KeyHeads;
        int blocks = (rows + MostBlockRows - 1) / MostBlockRows;
        while (heads * blocks < 8 * device.Threads && rows > blocks * UsualBlockRows
            || heads * blocks < 2 * device.Threads && rows > blocks * FewestBlockRows)
            blocks++;
        int blockRows = ((rows + blocks - 1) / blocks + HostTile.Rows - 1) / HostTile.Rows * HostTile.Rows;
        blocks = (rows + blockRows - 1) / blockRows;
        device.For(heads * blocks, new BlockWork<TStrip, TVector>(device, a, blocks, blockRows));
    }

    readonly unsafe struct BlockWork<TStrip, TVector>(HostDevice device, AttentionArguments a, int blocks, int blockRows) : IHostWork
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        public void Run(int index, int worker)
        {
            // Late queries first: with a causal mask they are the long ones.
            int heads = a.Batch * a.KeyHeads, b = index % heads / a.KeyHeads, g = index % heads % a.KeyHeads,
                shared = a.QueryHeads / a.KeyHeads;
            int r0 = (blocks - 1 - index / heads) * blockRows, rows = Math.Min(blockRows, a.Queries * shared - r0);
            int size = a.HeadSize, padded = (size + TStrip.Width - 1) / TStrip.Width * TStrip.Width;
            int keys = Seen(a, r0 + rows - 1), blockKeys = Math.Min(BlockKeys, (keys + TStrip.Width - 1) / TStrip.Width * TStrip.Width);

            float* q = device.Scratch<float>(worker,
                (long)blockRows * (size + padded + 2) + (long)blockKeys * (size + HostPanel.Slack + padded + HostTile.Rows)
                + TStrip.Width + HostPanel.BufferFloats + BlockKeys);
            float* sums = q + (nint)blockRows * size, largest = sums + (nint)blockRows * padded, totals = largest + blockRows;
            float* keyPanel = totals + blockRows, valuePanel = keyPanel + (nint)blockKeys * (size + HostPanel.Slack),
                scores = valuePanel + (nint)blockKeys * padded;
            float* zero = scores + (nint)blockKeys * HostTile.Rows, buffer = zero + TStrip.Width, factors = buffer + HostPanel.BufferFloats;
            new Span<float>(zero, TStrip.Width).Clear();
            new Span<float>(sums, rows * padded).Clear();
            new Span<float>(totals, rows).Clear();
            new Span<float>(largest, rows).Fill(float.NegativeInfinity);
            for (int r = 0; r < rows; r++)
                new Span<float>(a.Q.Floats.Pointer + QueryRow(a, b, r0 + r) * a.QueryStride + QueryHead(a, g, r0 + r) * size, size)
                    .CopyTo(new Span<float>(q + (nint)r * size, size));

            float* k = a.K.Floats.Pointer + (long)b * a.Keys * a.KeyStride + g * size;
            float* v = a.V.Floats.Pointer + (long)b * a.Keys * a.KeyStride + g * size;
            float factor = a.Scale * ElementaryCoefficients.Log2E;
            for (int s0 = 0; s0 < keys; s0 += blockKeys)
            {
                int count = Math.Min(blockKeys, keys - s0);
                PackKeys<TStrip, TVector>(k, a.KeyStride, a.Keys, size, s0, count, keyPanel, buffer);
                PackValues<TStrip>(v + (nint)s0 * a.KeyStride, a.KeyStride, size, count, blockKeys, valuePanel);
                for (int r = 0; r < rows; r += HostTile.Rows)
                {
                    int tileRows = Math.Min(HostTile.Rows, rows - r), seen = Math.Min(count, Seen(a, r0 + r + tileRows - 1) - s0);
                    if (seen <= 0)
                        continue;
                    for (int c = 0; c < seen; c += TStrip.Width)
                        HostTile.Multiply<TStrip>(q + (nint)r * size, size, keyPanel + (nint)c * (size + HostPanel.Slack),
                            TStrip.Width, size,
                            zero, 0, scores + c, blockKeys, tileRows);
                    for (int i = 0; i < tileRows; i++)
                    {
                        int own = Math.Clamp(Seen(a, r0 + r + i) - s0, 0, seen);
                        float sum = SoftmaxRow<TVector>(scores + (nint)i * blockKeys, own, seen, factor, ref largest[r + i],
                            out float shrink);
                        totals[r + i] = totals[r + i] * shrink + sum;
                        if (a.DropoutRate > 0f)
                        {
                            DropoutMask.Factors(a.DropoutSeed, MapIndex(a, b, g, r0 + r + i) + s0, a.DropoutRate, factors, own);
                            Multiply<TVector>(scores + (nint)i * blockKeys, factors, own);
                        }
                        if (shrink != 1f)
                            HostVectors.Scale<TVector>(shrink, sums + (nint)(r + i) * padded, sums + (nint)(r + i) * padded, padded);
                    }
                    for (int c = 0; c < padded; c += TStrip.Width)
                    {
                        float* sum = sums + (nint)r * padded + c;
                        HostTile.Multiply<TStrip>(scores, blockKeys, valuePanel + (nint)c * blockKeys, TStrip.Width, seen, sum, padded, sum,
                            padded, tileRows);
                    }
                }
            }
            for (int r = 0; r < rows; r++)
            {
                HostVectors.Scale<TVector>(1f / totals[r], sums + (nint)r * padded,
                    a.Y.Floats.Pointer + (QueryRow(a, b, r0 + r) * a.QueryHeads + QueryHead(a, g, r0 + r)) * size, size);
                if (!a.LogSumExp.IsEmpty)
                    a.LogSumExp.Pointer[QueryIndex(a, b, g, r0 + r)] = LogSum(largest[r], totals[r]);
            }
        }
    }

    /// <summary>Rows of keys from <paramref name="first"/> on as strips one behind the other, each [dimension][<c>TStrip.Width</c> keys].
    /// Rows behind the last key repeat it.</summary>
    static unsafe void PackKeys<TStrip, TVector>(float* k, int stride, int keys, int size, int first, int count, float* panel,
        float* buffer)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        var matrix = new HostMatrix(k, null, stride);
        for (int c = 0; c < (count + TStrip.Width - 1) / TStrip.Width * TStrip.Width; c += TVector.Count)
        {
            int strip = c / TStrip.Width * TStrip.Width;
            HostPanel.Pack<TVector, HostF32>(matrix, Math.Min(first + c, keys - 1), keys - 1, 0, size,
                panel + (nint)strip * (size + HostPanel.Slack) + (c - strip), TStrip.Width, buffer);
        }
    }

    /// <summary>Strips <paramref name="stripRows"/> rows apart, each [key][<c>TStrip.Width</c> dimensions], zeros behind the last
    /// dimension.</summary>
    static unsafe void PackValues<TStrip>(float* v, int stride, int size, int count, int stripRows, float* panel) where TStrip : unmanaged,
        IHostStrip<TStrip>
    {
        for (int c = 0; c < size; c += TStrip.Width)
            CopyStrip<TStrip>(v + c, stride, count, Math.Min(TStrip.Width, size - c), panel + (nint)c * stripRows);
    }

    /// <summary>Rows of <paramref name="width"/> floats as rows of a whole strip, filled up with zeros.</summary>
    [MethodImpl(HostMethod.Hot)]
    static unsafe void CopyStrip<TStrip>(float* from, nint stride, nint rows, int width, float* to) where TStrip : unmanaged,
        IHostStrip<TStrip>
    {
        for (nint r = 0; r < rows; r++, from += stride, to += TStrip.Width)
        {
            if (width == TStrip.Width)
            {
                TStrip.Store(to, TStrip.Load(from));
                continue;
            }
            for (int c = 0; c < TStrip.Width; c++)
                to[c] = c < width ? from[c] : 0f;
        }
    }
}
