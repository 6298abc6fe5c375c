// TokenEmbedding in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class TokenEmbedding
{
    /// <summary>y as [T, C] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in TokenEmbeddingArguments a)
    {
        var y = new double[a.Tokens * a.Channels];
        long visualCount = a.Visual.Length / a.Channels;
        for (int t = 0; t < a.Tokens; t++)
            for (int c = 0; c < a.Channels; c++)
            {
                int i = t * a.Channels + c;
                if (t >= a.VisualStart && t < a.VisualStart + visualCount)
                {
                    y[i] = a.Visual[(t - a.VisualStart) * a.Channels + c];
                    continue;
                }
                y[i] = ReferenceMath.Weight(a.Table, a.Ids[t] * a.Channels + c);
                if (!a.Added.IsEmpty)
                    y[i] += a.Added[c];
                if (!a.Position.IsEmpty)
                    y[i] += ReferenceMath.Weight(a.Position, (a.FirstPosition + t) * a.Channels + c);
            }
        return y;
    }
}
