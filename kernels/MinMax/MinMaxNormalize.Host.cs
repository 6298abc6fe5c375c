// Computes  x ← (x − min) / max(max − min, 1e-8)
// Idea      a few thousand values per item, a vector at a time
// Numerics  a difference and a quotient, each rounded once to f32
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HSENet.Kernels;

public static partial class MinMaxNormalize
{
    const int HostValuesPerItem = 16384;

    static void HostForward(HostDevice device, MinMaxNormalizeArguments a) =>
        device.For(Parts.Of(a.Count, HostValuesPerItem), new HostWork(a));

    readonly unsafe struct HostWork(MinMaxNormalizeArguments a) : IHostWork
    {
        public void Run(int index, int worker)
        {
            int start = index * HostValuesPerItem;
            Normalize(a.X.Pointer + start, Math.Min(HostValuesPerItem, a.Count - start), a.Range.Pointer[0],
                MathF.Max(a.Range.Pointer[1] - a.Range.Pointer[0], SmallestSpread));
        }
    }

    [MethodImpl(HostMethod.Hot)]
    static unsafe void Normalize(float* x, int count, float smallest, float spread)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            ((Vector.Load(x + i) - new Vector<float>(smallest)) / new Vector<float>(spread)).Store(x + i);
        for (; i < count; i++)
            x[i] = (x[i] - smallest) / spread;
    }
}
