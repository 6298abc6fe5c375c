// PatchScore in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class PatchScore
{
    /// <summary>Scaled patches as [P, D] and scores as [P] doubles. The arguments must lie in host memory; X and Scores are not
    /// touched.</summary>
    internal static (double[] X, double[] Scores) Reference(in PatchScoreArguments a)
    {
        var x = new double[a.Patches * a.Channels];
        var scores = new double[a.Patches];
        for (int p = 0; p < a.Patches; p++)
        {
            double sum = a.Bias[0];
            for (int d = 0; d < a.Channels; d++)
                sum += (double)a.G[p * a.Channels + d] * a.Weight[d];
            scores[p] = ReferenceMath.Sigmoid(sum);
            for (int d = 0; d < a.Channels; d++)
                x[p * a.Channels + d] = a.X[p * a.Channels + d] * scores[p];
        }
        return (x, scores);
    }
}
