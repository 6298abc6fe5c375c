// CrossEntropy in double precision: the formula's own loops, one token's logits at a time.
namespace HSENet.Kernels;

public static partial class CrossEntropy
{
    /// <summary>Losses [T] and, where asked for, gradX [T, C] as doubles. The arguments must lie in host memory; outputs are not
    /// touched.</summary>
    internal static (double[] Losses, double[] GradX) Reference(in CrossEntropyArguments a)
    {
        double[] losses = new double[a.Tokens], gradX = new double[a.GradX.Length];
        for (int t = 0; t < a.Tokens; t++)
        {
            if (a.Labels[t] < 0)
                continue;
            double[] logits = ReferenceLogits(a, t);
            double largest = logits.Max(), sum = 0;
            foreach (double logit in logits)
                sum += Math.Exp(logit - largest);
            losses[t] = largest + Math.Log(sum) - logits[a.Labels[t]];
            if (gradX.Length == 0)
                continue;
            for (int v = 0; v < a.Vocabulary; v++)
            {
                double gradient = a.Scale * (Math.Exp(logits[v] - largest) / sum - (v == a.Labels[t] ? 1 : 0));
                for (int c = 0; c < a.Channels; c++)
                    gradX[t * a.Channels + c] += gradient * ReferenceMath.Weight(a.Head, v * a.Channels + c);
            }
        }
        return (losses, gradX);
    }

    internal static double[] ReferenceLogits(in CrossEntropyArguments a, int t)
    {
        var logits = new double[a.Vocabulary];
        for (int v = 0; v < a.Vocabulary; v++)
            for (int c = 0; c < a.Channels; c++)
                logits[v] += a.X[t * a.Channels + c] * ReferenceMath.Weight(a.Head, v * a.Channels + c);
        return logits;
    }
}
