// Computes  gradX[i] = g[i]·cos + g[i + R/2]·sin, gradX[i + R/2] = g[i + R/2]·cos − g[i]·sin of queries (in place) and keys; values are
//           copied
// Idea      an item is a few tokens; both halves of a head are two vectors side by side
// Numerics  two products and a sum
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class RotaryEmbedding
{
    static void HostBackward(HostDevice device, RotaryEmbeddingBackwardArguments a) =>
        device.ForRows(a.Tokens, HostTokensPerItem, new HostBackwardWork(a));

    readonly struct HostBackwardWork(RotaryEmbeddingBackwardArguments a) : IHostRowWork
    {
        public unsafe void Run<TVector>(int t, int worker) where TVector : unmanaged, IHostVector<TVector>
        {
            int half = a.RotaryDimensions / 2;
            int queryRow = a.QueryHeads * a.HeadSize, keyRow = a.KeyHeads * a.HeadSize;
            long position = a.FirstPosition + t;
            float* cosine = a.Cosine.Pointer + position * half, sine = a.Sine.Pointer + position * half;
            float* query = a.GradQueryKeyValue.Pointer + (long)t * (queryRow + 2 * keyRow), key = query + queryRow;
            float* gradKey = a.GradKeys.Pointer + position * keyRow;
            for (int h = 0; h < a.QueryHeads; h++)
                TurnBackHead<TVector>(query + h * a.HeadSize, query + h * a.HeadSize, cosine, sine, half);
            new Span<float>(gradKey, keyRow).CopyTo(new Span<float>(key, keyRow));
            for (int g = 0; g < a.KeyHeads; g++)
                TurnBackHead<TVector>(gradKey + g * a.HeadSize, key + g * a.HeadSize, cosine, sine, half);
            new Span<float>(a.GradValues.Pointer + position * keyRow, keyRow).CopyTo(new Span<float>(key + keyRow, keyRow));
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void TurnBackHead<TVector>(float* from, float* to, float* cosine, float* sine, int half) where TVector : unmanaged,
        IHostVector<TVector>
    {
        int i = 0;
        for (; i <= half - TVector.Count; i += TVector.Count)
        {
            TVector low = TVector.Load(from + i), high = TVector.Load(from + half + i), cos = TVector.Load(cosine + i),
                sin = TVector.Load(sine + i);
            TVector.Store(to + i, TVector.MultiplyAdd(low, cos, high * sin));
            TVector.Store(to + half + i, high * cos - low * sin);
        }
        for (; i < half; i++)
        {
            float low = from[i], high = from[half + i];
            to[i] = low * cosine[i] + high * sine[i];
            to[half + i] = high * cosine[i] - low * sine[i];
        }
    }
}
