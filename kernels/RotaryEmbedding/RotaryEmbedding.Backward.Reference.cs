// RotaryEmbedding.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class RotaryEmbedding
{
    /// <summary>The gradients of queries, keys and values as [T, (H + 2G)·D] doubles. The arguments must lie in host memory and are not
    /// touched.</summary>
    internal static double[] BackwardReference(in RotaryEmbeddingBackwardArguments a)
    {
        int heads = a.QueryHeads + 2 * a.KeyHeads, half = a.RotaryDimensions / 2;
        var gradients = new double[a.Tokens * heads * a.HeadSize];
        for (int t = 0; t < a.Tokens; t++)
            for (int h = 0; h < heads; h++)
            {
                int to = (t * heads + h) * a.HeadSize, key = h - a.QueryHeads, position = a.FirstPosition + t;
                bool isValue = key >= a.KeyHeads;
                var source = key < 0 ? a.GradQueryKeyValue : isValue ? a.GradValues : a.GradKeys;
                int from = key < 0 ? to : (position * a.KeyHeads + key % a.KeyHeads) * a.HeadSize;
                for (int d = 0; d < a.HeadSize; d++)
                {
                    int angle = position * half + d % half;
                    gradients[to + d] = isValue || d >= a.RotaryDimensions ? source[from + d]
                        : d < half ? (double)source[from + d] * a.Cosine[angle] + (double)source[from + d + half] * a.Sine[angle]
                        : (double)source[from + d] * a.Cosine[angle] - (double)source[from + d - half] * a.Sine[angle];
                }
            }
        return gradients;
    }
}
