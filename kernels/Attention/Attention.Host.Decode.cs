// One query: an item reads a range of the cache once, rows as they lie, for all heads; then the ranges are put together.
namespace HSENet.Kernels;

public static partial class Attention
{
    // Short ranges give all threads work early; long ones need fewer partial results. Chosen by S alone, so bits do not depend on threads.
    const int ShortRange = 64, LongRange = 256, LongFrom = 2048;

    // V is read a few rows at a time, all heads of them, while the sums of a head are in registers.
    const int ValueRows = 4;

    static unsafe void HostDecode<TStrip, TVector>(HostDevice device, in AttentionArguments a)
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        int range = a.Keys < LongFrom ? ShortRange : LongRange, ranges = (a.Keys + range - 1) / range;
        int padded = (a.HeadSize + TStrip.Width - 1) / TStrip.Width * TStrip.Width;
        // Of each range and head: the sums, the largest score and the sum of the weights.
        float* partial = device.SharedScratch<float>((long)a.Batch * ranges * a.QueryHeads * (padded + 2));
        device.For(a.Batch * ranges, new RangeWork<TStrip, TVector>(device, a, range, ranges, padded, partial));
        device.For(a.Batch * a.KeyHeads, new JoinWork<TVector>(a, ranges, padded, partial));
    }

    readonly unsafe struct RangeWork<TStrip, TVector>(HostDevice device, AttentionArguments a, int range, int ranges, int padded,
        float* partial) : IHostWork
        where TStrip : unmanaged, IHostStrip<TStrip> where TVector : unmanaged, IHostVector<TVector>
    {
        public void Run(int index, int worker)
        {
            int b = index / ranges, s0 = index % ranges * range, count = Math.Min(range, a.Keys - s0), shared = a.QueryHeads / a.KeyHeads;
            float* scores = device.Scratch<float>(worker, (long)a.QueryHeads * range + 4 + (long)ValueRows * TStrip.Width),
                dots = scores + (nint)a.QueryHeads * range;
            float* strip = dots + 4;
            float* sums = partial + (nint)index * a.QueryHeads * (padded + 2), largest = sums + (nint)a.QueryHeads * padded,
                totals = largest + a.QueryHeads;
            new Span<float>(sums, a.QueryHeads * padded).Clear();
            long first = ((long)b * a.Keys + s0) * a.KeyStride;

            // Row after row of the cache, so that its memory is one stream; queries and sums stay in the first level cache.
            var queries = new HostMatrix(a.Q.Floats.Pointer + (long)b * a.QueryStride, null, a.HeadSize);
            for (int s = 0; s < count; s++)
                for (int g = 0; g < a.KeyHeads; g++)
                    for (int h = g * shared; h < (g + 1) * shared; h += 4)
                    {
                        int heads = Math.Min(4, (g + 1) * shared - h);
                        HostDot.MultiplyOne<TVector>(queries, h, heads, a.K.Floats.Pointer + first + (nint)s * a.KeyStride + g * a.HeadSize,
                            a.HeadSize, dots);
                        for (int i = 0; i < heads; i++)
                            scores[((nint)h + i) * range + s] = dots[i];
                    }
            for (int h = 0; h < a.QueryHeads; h++)
            {
                largest[h] = float.NegativeInfinity;
                totals[h] = SoftmaxRow<TVector>(scores + (nint)h * range, count, count, a.Scale * ElementaryCoefficients.Log2E,
                    ref largest[h], out _);
            }
            for (int s = 0; s < count; s += ValueRows)
                for (int g = 0; g < a.KeyHeads; g++)
                    for (int c = 0; c < a.HeadSize; c += TStrip.Width)
                    {
                        int rows = Math.Min(ValueRows, count - s);
                        float* v = a.V.Floats.Pointer + first + (nint)s * a.KeyStride + g * a.HeadSize + c;
                        bool whole = c + TStrip.Width <= a.HeadSize;
                        if (!whole)
                            CopyStrip<TStrip>(v, a.KeyStride, rows, a.HeadSize - c, strip);
                        for (int h = 0; h < shared; h += HostTile.Rows)
                        {
                            float* sum = sums + ((nint)g * shared + h) * padded + c;
                            HostTile.Multiply<TStrip>(scores + ((nint)g * shared + h) * range + s, range, whole ? v : strip,
                                whole ? a.KeyStride : TStrip.Width, rows,
                                sum, padded, sum, padded, Math.Min(HostTile.Rows, shared - h));
                        }
                    }
        }
    }

    /// <summary>y of the heads of one key head from the partial results of all ranges, in their order.</summary>
    readonly unsafe struct JoinWork<TVector>(AttentionArguments a, int ranges, int padded, float* partial) : IHostWork where TVector
        : unmanaged, IHostVector<TVector>
    {
        public void Run(int index, int worker)
        {
            int b = index / a.KeyHeads, shared = a.QueryHeads / a.KeyHeads;
            nint rangeFloats = (nint)a.QueryHeads * (padded + 2);
            float* first = partial + b * ranges * rangeFloats;
            for (int h = index % a.KeyHeads * shared; h < (index % a.KeyHeads + 1) * shared; h++)
            {
                float* y = a.Y.Floats.Pointer + ((nint)b * a.QueryHeads + h) * a.HeadSize;
                float* largest = first + (nint)a.QueryHeads * padded + h;
                float top = float.NegativeInfinity, total = 0f;
                for (int i = 0; i < ranges; i++)
                    top = MathF.Max(top, largest[i * rangeFloats]);
                new Span<float>(y, a.HeadSize).Clear();
                for (int i = 0; i < ranges; i++)
                {
                    float factor = MathF.Exp((largest[i * rangeFloats] - top) * MathF.Log(2f));
                    total += factor * largest[i * rangeFloats + a.QueryHeads];
                    HostVectors.AddScaled<TVector>(factor, first + i * rangeFloats + (nint)h * padded, y, a.HeadSize);
                }
                HostVectors.Scale<TVector>(1f / total, y, y, a.HeadSize);
                if (!a.LogSumExp.IsEmpty)
                    a.LogSumExp.Pointer[(long)b * a.QueryHeads + h] = LogSum(top, total);
            }
        }
    }
}
