// Computes  y[i] = x[i]·cos − x[i + R/2]·sin, y[i + R/2] = x[i + R/2]·cos + x[i]·sin of queries (in place) and keys (into the cache);
//           values are copied
// Idea      an item is a few tokens; both halves of a head are two vectors side by side, and the cache is written in the same pass
// Numerics  two products and a sum
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class RotaryEmbedding
{
    const int HostTokensPerItem = 4; // enough work that handing out an item does not show

    static void HostForward(HostDevice device, RotaryEmbeddingArguments a) =>
        device.ForRows(a.Tokens, HostTokensPerItem, new HostWork(a));

    readonly struct HostWork(RotaryEmbeddingArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int t, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            long keyRow = (long)a.KeyHeads * a.HeadSize, queryRow = (long)a.QueryHeads * a.HeadSize;
            int position = a.FirstPosition + t, half = a.RotaryDimensions / 2;
            float* cosine = a.Cosine.Pointer + (long)position * half, sine = a.Sine.Pointer + (long)position * half;
            float* query = a.QueryKeyValue.Floats.Pointer + t * (queryRow + 2 * keyRow), key = query + queryRow, value = key + keyRow;
            float* keyCache = a.KeyCache.Floats.Pointer + position * keyRow, valueCache = a.ValueCache.Floats.Pointer + position * keyRow;
            for (int h = 0; h < a.QueryHeads; h++)
                Head<TVector>(query + (long)h * a.HeadSize, query + (long)h * a.HeadSize, cosine, sine, half, a.HeadSize);
            for (int h = 0; h < a.KeyHeads; h++)
                Head<TVector>(key + (long)h * a.HeadSize, keyCache + (long)h * a.HeadSize, cosine, sine, half, a.HeadSize);
            new ReadOnlySpan<float>(value, (int)keyRow).CopyTo(new Span<float>(valueCache, (int)keyRow));
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Head<TVector>(float* x, float* y, float* cosine, float* sine, int half, int headSize) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= half - TVector.Count; i += TVector.Count)
        {
            TVector low = TVector.Load(x + i), high = TVector.Load(x + half + i), c = TVector.Load(cosine + i), s = TVector.Load(sine + i);
            TVector.Store(y + i, low * c - high * s);
            TVector.Store(y + half + i, TVector.MultiplyAdd(high, c, low * s));
        }
        for (; i < half; i++)
        {
            float low = x[i], high = x[half + i];
            y[i] = low * cosine[i] - high * sine[i];
            y[half + i] = high * cosine[i] + low * sine[i];
        }
        if (x != y)
            new ReadOnlySpan<float>(x + 2 * half, headSize - 2 * half).CopyTo(new Span<float>(y + 2 * half, headSize - 2 * half));
    }
}
