// SliceGuidedAttention.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class SliceGuidedAttention
{
    /// <summary>
    /// gradQ [P, D], gradK [S, D] and gradV [S, D] as doubles. The arguments must lie in host memory; outputs are not touched.
    /// </summary>
    internal static (double[] GradQ, double[] GradK, double[] GradV) BackwardReference(in SliceGuidedAttentionBackwardArguments a)
    {
        double[] gradQ = new double[a.Patches * a.Channels], gradK = new double[a.Slices * a.Channels],
            gradV = new double[a.Slices * a.Channels];
        for (int p = 0; p < a.Patches; p++)
        {
            double[] gradWeight = new double[a.Slices], factor = new double[a.Slices];
            double mean = 0;
            for (int s = 0; s < a.Slices; s++)
            {
                factor[s] = Dropout.ReferenceFactor(a.DropoutSeed, p * a.Slices + s, a.DropoutRate);
                for (int d = 0; d < a.Channels; d++)
                    gradWeight[s] += factor[s] * a.GradY[p * a.Channels + d] * a.V[s * a.Channels + d];
                mean += a.Map[p * a.Slices + s] * gradWeight[s];
            }
            for (int s = 0; s < a.Slices; s++)
                for (int d = 0; d < a.Channels; d++)
                {
                    int query = p * a.Channels + d, key = s * a.Channels + d;
                    double weight = a.Map[p * a.Slices + s], score = weight * (gradWeight[s] - mean) / Math.Sqrt(a.Channels);
                    gradQ[query] += score * a.K[key];
                    gradK[key] += score * a.Q[query];
                    gradV[key] += weight * factor[s] * a.GradY[query];
                }
        }
        return (gradQ, gradK, gradV);
    }
}
