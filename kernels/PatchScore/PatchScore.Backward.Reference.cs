// PatchScore.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class PatchScore
{
    /// <summary>
    /// gradX [P, D], gradG [P, D], gradWeight [D] and gradBias [1] (empty when not asked for) after the addition, as doubles. The arguments
    /// must lie in host memory and are not touched.
    /// </summary>
    internal static (double[] GradX, double[] GradG, double[] GradWeight,
        double[] GradBias) BackwardReference(in PatchScoreBackwardArguments a)
    {
        double[] gradX = new double[a.Patches * a.Channels], gradG = new double[a.Patches * a.Channels];
        double[] gradWeight = ReferenceMath.Doubles(a.GradWeight), gradBias = ReferenceMath.Doubles(a.GradBias);
        for (int p = 0; p < a.Patches; p++)
        {
            double score = a.Scores[p], gradient = 0;
            for (int i = p * a.Channels; i < (p + 1) * a.Channels; i++)
            {
                gradX[i] = score * a.GradY[i];
                gradient += (double)a.GradY[i] * a.X[i];
            }
            gradient *= score * (1 - score);
            for (int d = 0; d < a.Channels; d++)
            {
                gradG[p * a.Channels + d] = gradient * a.Weight[d];
                if (gradWeight.Length > 0)
                    gradWeight[d] += gradient * a.G[p * a.Channels + d];
            }
            if (gradBias.Length > 0)
                gradBias[0] += gradient;
        }
        return (gradX, gradG, gradWeight, gradBias);
    }
}
