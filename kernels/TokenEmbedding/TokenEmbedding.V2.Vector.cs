// Computes  y[t] = visual[t − VisualStart] where visual tokens stand, otherwise table[id[t]] (+ added) (+ position[FirstPosition + t])
// Idea      as V1, four neighbouring channels a thread: visual tokens and y move 16 bytes at a time, and a token's row is found once for
//           four channels
// Numerics  as V1
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class TokenEmbedding
{
    static Rung<TokenEmbeddingArguments> Vector(Action<TokenEmbeddingArguments> kernel, WeightType type) =>
        Rung.Gpu("V2.Vector", kernel).WithThreads(128, static a => a.Tokens, static a => a.Channels / 4) with
        {
            Weights = type,
            Accepts = a => a.Table.Type == type && a.Channels % 4 == 0 && (a.Table.Values.Address | a.Visual.Address
                | a.Position.Values.Address | a.Added.Address | a.Y.Address) % 16 == 0,
        };

    static void ForwardV2<TVectors>(TokenEmbeddingArguments a) where TVectors : struct, IWeightVectors
    {
        int t = Grid.IdxX, c = 4 * (Grid.IdxY * Group.DimX + Group.IdxX);
        if (c >= a.Channels)
            return;
        int i = t * a.Channels + c, visual = (t - a.VisualStart) * a.Channels + c;
        if (t >= a.VisualStart && visual < a.Visual.Length)
        {
            WeightVectors.Store(a.Y, i, WeightVectors.Inputs(a.Visual, visual));
            return;
        }
        Float4 value = TVectors.Quad(a.Table, a.Ids[t] * a.Channels + c);
        if (a.Added.Length != 0)
            value = Linear.Add(value, WeightVectors.Inputs(a.Added, c));
        if (a.Position.Values.Length != 0)
            value = Linear.Add(value, Quad(a.Position, (a.FirstPosition + t) * a.Channels + c));
        WeightVectors.Store(a.Y, i, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Quad(Weights weights, int index) => weights.Type == WeightType.F32 ? F32Vectors.Quad(weights, index)
        : weights.Type == WeightType.BF16 ? BF16Vectors.Quad(weights, index) : Int8Vectors.Quad(weights, index);
}
