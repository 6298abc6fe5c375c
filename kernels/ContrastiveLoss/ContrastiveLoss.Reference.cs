// ContrastiveLoss in double precision: the formula's own loops.
namespace HSENet.Kernels;

/// <summary>What <see cref="ContrastiveLoss.Reference"/> computes; gradients of the scaled total loss, whether asked for or not.</summary>
internal sealed record ContrastiveLossReference(double[] Logits, double Contrastive, double Relation, double[] GradLogits,
    double[] GradImages, double[] GradTexts, double GradLogitScale);

public static partial class ContrastiveLoss
{
    /// <summary>Everything as doubles. The arguments must lie in host memory; outputs are not touched.</summary>
    internal static ContrastiveLossReference Reference(in ContrastiveLossArguments a)
    {
        int n = a.Rows, channels = a.Channels;
        double scale = a.LogitScale[0], contrastive = 0, relation = 0, gradScale = 0;
        double[] cosines = new double[n * n], logits = new double[n * n], gradLogits = new double[n * n],
            gradImages = new double[n * channels], gradTexts = new double[n * channels];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
            {
                for (int c = 0; c < channels; c++)
                    cosines[i * n + j] += (double)a.Images[i * channels + c] * a.Texts[j * channels + c];
                logits[i * n + j] = scale * cosines[i * n + j];
            }
        for (int i = 0; i < n; i++)
        {
            double row = ReferenceLogSumExp(logits, i * n, 1, n), column = ReferenceLogSumExp(logits, i, n, n);
            contrastive += (row + column - 2 * logits[i * n + i]) / (2 * n);
            for (int j = 0; j < n; j++)
            {
                gradLogits[i * n + j] += a.Scale * (Math.Exp(logits[i * n + j] - row) - (i == j ? 1 : 0)) / (2 * n);
                gradLogits[j * n + i] += a.Scale * (Math.Exp(logits[j * n + i] - column) - (i == j ? 1 : 0)) / (2 * n);
            }
        }
        for (int i = 0; i < a.FrozenLogits.Length; i++)
        {
            relation += (a.FrozenLogits[i] - logits[i]) * (a.FrozenLogits[i] - logits[i]) / (n * n);
            gradLogits[i] += a.Scale * a.RelationWeight * 2.0 * (logits[i] - a.FrozenLogits[i]) / (n * n);
        }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
            {
                gradScale += gradLogits[i * n + j] * cosines[i * n + j];
                for (int c = 0; c < channels; c++)
                {
                    gradImages[i * channels + c] += scale * gradLogits[i * n + j] * a.Texts[j * channels + c];
                    gradTexts[j * channels + c] += scale * gradLogits[i * n + j] * a.Images[i * channels + c];
                }
            }
        return new(logits, contrastive, relation, gradLogits, gradImages, gradTexts, gradScale);
    }

    internal static double ReferenceLogSumExp(double[] values, int start, int stride, int count)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int i = 0; i < count; i++)
            largest = Math.Max(largest, values[start + i * stride]);
        for (int i = 0; i < count; i++)
            sum += Math.Exp(values[start + i * stride] - largest);
        return largest + Math.Log(sum);
    }
}
