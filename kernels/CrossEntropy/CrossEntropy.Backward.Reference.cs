// CrossEntropy.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class CrossEntropy
{
    /// <summary>gradHead after the addition, as [V, C] doubles. The arguments must lie in host memory and are not touched; the losses are
    /// not read.</summary>
    internal static double[] BackwardReference(in CrossEntropyBackwardArguments a)
    {
        var gradHead = new double[a.Vocabulary * a.Channels];
        var forward = new CrossEntropyArguments
        {
            X = a.X,
            Head = a.Head,
            Tokens = a.Tokens,
            Channels = a.Channels,
            Vocabulary = a.Vocabulary
        };
        for (int t = 0; t < a.Tokens; t++)
        {
            if (a.Labels[t] < 0)
                continue;
            double[] logits = ReferenceLogits(forward, t);
            double largest = logits.Max(), sum = logits.Sum(logit => Math.Exp(logit - largest));
            for (int v = 0; v < a.Vocabulary; v++)
            {
                double gradient = a.Scale * (Math.Exp(logits[v] - largest) / sum - (v == a.Labels[t] ? 1 : 0));
                for (int c = 0; c < a.Channels; c++)
                    gradHead[v * a.Channels + c] += gradient * a.X[t * a.Channels + c];
            }
        }
        for (int i = 0; i < gradHead.Length; i++)
            gradHead[i] += a.GradHead[i];
        return gradHead;
    }
}
