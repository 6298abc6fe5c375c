// Attention in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class Attention
{
    /// <summary>y as [B·T, H·D] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in AttentionArguments a)
    {
        var y = new double[a.Batch * a.Queries * a.QueryHeads * a.HeadSize];
        for (int b = 0; b < a.Batch; b++)
            for (int h = 0; h < a.QueryHeads; h++)
                for (int t = 0; t < a.Queries; t++)
                {
                    double[] p = ReferenceScores(a, b, h, t);
                    double largest = p.Max(), sum = 0;
                    for (int s = 0; s < p.Length; s++)
                        sum += p[s] = Math.Exp(p[s] - largest);
                    int start = ((b * a.Queries + t) * a.QueryHeads + h) * a.HeadSize, head = h / (a.QueryHeads / a.KeyHeads);
                    for (int s = 0; s < p.Length; s++)
                        for (int d = 0; d < a.HeadSize; d++)
                            y[start + d] += p[s] / sum * ReferenceFactor(a, b, h, t, s)
                                * ReferenceMath.Activation(a.V, (b * a.Keys + s) * a.KeyStride + head * a.HeadSize + d);
                }
        return y;
    }

    /// <summary>ln Σ_s e^score as [B, H, T] doubles.</summary>
    internal static double[] ReferenceLogSums(in AttentionArguments a)
    {
        var logSums = new double[a.Batch * a.QueryHeads * a.Queries];
        for (int i = 0; i < logSums.Length; i++)
        {
            double[] scores = ReferenceScores(a, i / a.Queries / a.QueryHeads, i / a.Queries % a.QueryHeads, i % a.Queries);
            double largest = scores.Max();
            logSums[i] = largest + Math.Log(scores.Sum(score => Math.Exp(score - largest)));
        }
        return logSums;
    }

    /// <summary>scale · q·k of one query with every key that it sees.</summary>
    internal static double[] ReferenceScores(in AttentionArguments a, int b, int h, int t)
    {
        int head = h / (a.QueryHeads / a.KeyHeads);
        var scores = new double[a.Causal == 1 ? a.Keys - a.Queries + t + 1 : a.Keys];
        for (int s = 0; s < scores.Length; s++)
        {
            for (int d = 0; d < a.HeadSize; d++)
                scores[s] += ReferenceMath.Activation(a.Q, (b * a.Queries + t) * a.QueryStride + h * a.HeadSize + d)
                    * ReferenceMath.Activation(a.K, (b * a.Keys + s) * a.KeyStride + head * a.HeadSize + d);
            scores[s] *= a.Scale;
        }
        return scores;
    }

    /// <summary>Dropout's factor of a probability.</summary>
    internal static double ReferenceFactor(in AttentionArguments a, int b, int h, int t, int s) =>
        a.DropoutRate == 0 ? 1 : Dropout.ReferenceFactor(a.DropoutSeed, ((b * a.QueryHeads + h) * a.Queries + t) * a.Keys + s,
            a.DropoutRate);
}
