// RotaryEmbedding in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class RotaryEmbedding
{
    /// <summary>
    /// The three buffers after the operation, as doubles: queries, keys and values of each token [T, (H + 2G)·D], key cache and value
    /// cache. The arguments must lie in host memory and are not touched.
    /// </summary>
    internal static (double[] QueryKeyValue, double[] KeyCache, double[] ValueCache) Reference(in RotaryEmbeddingArguments a)
    {
        double[] all = ReferenceMath.Doubles(a.QueryKeyValue), keys = ReferenceMath.Doubles(a.KeyCache),
            values = ReferenceMath.Doubles(a.ValueCache);
        int heads = a.QueryHeads + 2 * a.KeyHeads;
        for (int t = 0; t < a.Tokens; t++)
        {
            int position = a.FirstPosition + t;
            for (int h = 0; h < heads; h++)
                for (int d = 0; d < a.HeadSize; d++)
                {
                    int from = (t * heads + h) * a.HeadSize + d;
                    if (h < a.QueryHeads)
                        all[from] = Rotated(a, from, d, position);
                    else if (h < a.QueryHeads + a.KeyHeads)
                        keys[(position * a.KeyHeads + h - a.QueryHeads) * a.HeadSize + d] = Rotated(a, from, d, position);
                    else
                        values[(position * a.KeyHeads + h - a.QueryHeads - a.KeyHeads) * a.HeadSize + d] =
                            ReferenceMath.Activation(a.QueryKeyValue, from);
                }
        }
        return (all, keys, values);
    }

    static double Rotated(in RotaryEmbeddingArguments a, int index, int dimension, int position)
    {
        int half = a.RotaryDimensions / 2;
        if (dimension >= a.RotaryDimensions)
            return ReferenceMath.Activation(a.QueryKeyValue, index);
        int row = position * half + dimension % half;
        double cosine = a.Cosine[row], sine = a.Sine[row];
        return dimension < half
            ? ReferenceMath.Activation(a.QueryKeyValue, index) * cosine - ReferenceMath.Activation(a.QueryKeyValue, index + half) * sine
            : ReferenceMath.Activation(a.QueryKeyValue, index) * cosine + ReferenceMath.Activation(a.QueryKeyValue, index - half) * sine;
    }
}
