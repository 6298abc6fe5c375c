// Computes  y[t] = visual[t − VisualStart] where visual tokens stand, otherwise table[id[t]] (+ added) (+ position[FirstPosition + t])
// Idea      a thread copies one element; neighbouring threads read neighbouring channels
// Numerics  at most two sums in f32
using ILGPU;

namespace HSENet.Kernels;

public static partial class TokenEmbedding
{
    static void ForwardV1<TFormat>(TokenEmbeddingArguments a) where TFormat : struct, IWeightFormat
    {
        int t = Grid.IdxX;
        int c = Grid.IdxY * Group.DimX + Group.IdxX;
        if (c >= a.Channels)
            return;
        int i = t * a.Channels + c;
        int visual = (t - a.VisualStart) * a.Channels + c;
        if (t >= a.VisualStart && visual < a.Visual.Length)
        {
            a.Y[i] = a.Visual[visual];
            return;
        }
        float value = TFormat.Load(a.Table, a.Ids[t] * a.Channels + c);
        if (a.Added.Length != 0)
            value += a.Added[c];
        if (a.Position.Values.Length != 0)
            value += AnyWeights.Load(a.Position, (a.FirstPosition + t) * a.Channels + c);
        a.Y[i] = value;
    }
}
