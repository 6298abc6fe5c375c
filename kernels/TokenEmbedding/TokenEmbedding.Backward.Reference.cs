// TokenEmbedding.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class TokenEmbedding
{
    /// <summary>
    /// gradTable, gradPosition and gradAdded after the addition, and gradVisual (each empty when not asked for), as doubles. The arguments
    /// must lie in host memory and are not touched.
    /// </summary>
    internal static (double[] GradTable, double[] GradPosition, double[] GradAdded,
        double[] GradVisual) BackwardReference(in TokenEmbeddingBackwardArguments a)
    {
        double[] gradTable = ReferenceMath.Doubles(a.GradTable), gradPosition = ReferenceMath.Doubles(a.GradPosition),
            gradAdded = ReferenceMath.Doubles(a.GradAdded);
        var gradVisual = new double[a.GradVisual.Length];
        for (int t = 0; t < a.Tokens; t++)
            for (int c = 0; c < a.Channels; c++)
            {
                double gradient = a.GradY[t * a.Channels + c];
                int visual = (t - a.VisualStart) * a.Channels + c;
                if (t >= a.VisualStart && visual < gradVisual.Length)
                {
                    gradVisual[visual] = gradient;
                    continue;
                }
                if (gradTable.Length > 0)
                    gradTable[a.Ids[t] * a.Channels + c] += gradient;
                if (gradPosition.Length > 0)
                    gradPosition[(a.FirstPosition + t) * a.Channels + c] += gradient;
                if (gradAdded.Length > 0)
                    gradAdded[c] += gradient;
            }
        return (gradTable, gradPosition, gradAdded, gradVisual);
    }
}
