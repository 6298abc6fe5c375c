// Computes  y[t] = Σ_s p[s] · v[s] / Σ_s p[s],  p[s] = e^(scale·q[t]·k[s] − max)
// Idea      an item is a few queries of one head; the scores of one query stay in the worker's scratch memory
// Numerics  dot products in 16 lanes in f32, then across lanes; the maximum is subtracted before the exponential
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HSENet.Kernels;

public static partial class Attention
{
    const int HostQueriesPerItem = 16; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, AttentionArguments a)
    {
        int blocks = (a.Queries + HostQueriesPerItem - 1) / HostQueriesPerItem;
        device.For(a.Batch * a.QueryHeads * blocks, new HostWork(device, a, blocks));
    }

    readonly struct HostWork(HostDevice device, AttentionArguments a, int blocks) : IHostWork
    {
        public unsafe void Run(int index, int worker)
        {
            int b = index / (a.QueryHeads * blocks), h = index / blocks % a.QueryHeads, first = index % blocks * HostQueriesPerItem;
            float* scores = device.Scratch<float>(worker, a.Keys + 16L);
            long key = (long)b * a.Keys * a.KeyStride + h / (a.QueryHeads / a.KeyHeads) * a.HeadSize;
            for (int t = first; t < Math.Min(a.Queries, first + HostQueriesPerItem); t++)
            {
                long row = (long)b * a.Queries + t;
                Query(a.Q.Pointer + row * a.QueryStride + h * a.HeadSize, a.K.Pointer + key, a.V.Pointer + key, a.KeyStride,
                    a.Causal == 1 ? a.Keys - a.Queries + t + 1 : a.Keys, a.HeadSize, a.Scale, scores, a.Y.Pointer + (row * a.QueryHeads + h) * a.HeadSize);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static unsafe void Query(float* q, float* k, float* v, nint stride, int keys, int size, float scale, float* scores, float* y)
    {
        float largest = float.NegativeInfinity;
        for (nint s = 0; s < keys; s++)
        {
            var sums = Vector512<float>.Zero;
            nint d = 0;
            for (; d <= size - 16; d += 16)
                sums = Vector512.FusedMultiplyAdd(Vector512.Load(q + d), Vector512.Load(k + s * stride + d), sums);
            float sum = Vector512.Sum(sums);
            for (; d < size; d++)
                sum += q[d] * k[s * stride + d];
            scores[s] = sum * scale;
            largest = MathF.Max(largest, scores[s]);
        }

        for (nint s = keys; s % 16 != 0; s++)
            scores[s] = float.NegativeInfinity; // its exponential adds 0
        var total = Vector512<float>.Zero;
        for (nint s = 0; s < keys; s += 16)
        {
            var p = HostMath.Exp(Wide512.Load(scores + s) - Wide512.Create(largest)).Value;
            p.Store(scores + s);
            total += p;
        }

        new Span<float>(y, size).Clear();
        for (nint s = 0; s < keys; s++)
        {
            nint d = 0;
            for (; d <= size - 16; d += 16)
                Vector512.FusedMultiplyAdd(Vector512.Create(scores[s]), Vector512.Load(v + s * stride + d), Vector512.Load(y + d)).Store(y + d);
            for (; d < size; d++)
                y[d] += scores[s] * v[s * stride + d];
        }
        float inverse = 1f / Vector512.Sum(total);
        for (nint d = 0; d < size; d++)
            y[d] *= inverse;
    }
}
