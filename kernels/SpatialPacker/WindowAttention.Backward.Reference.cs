// WindowAttention.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class WindowAttention
{
    /// <summary>
    /// gradQ [W, D], gradK [P, D] and gradV [P, D] as doubles. The arguments must lie in host memory; outputs are not touched.
    /// </summary>
    internal static (double[] GradQ, double[] GradK, double[] GradV) BackwardReference(in WindowAttentionBackwardArguments a)
    {
        int window = a.WindowDepth * a.WindowHeight * a.WindowWidth, patches = a.GridDepth * a.GridHeight * a.GridWidth,
            channels = a.Channels;
        double[] gradQ = new double[patches / window * channels], gradK = new double[patches * channels],
            gradV = new double[patches * channels];
        for (int w = 0; w < patches / window; w++)
        {
            double[] gradWeight = new double[window], factor = new double[window];
            double mean = 0;
            for (int i = 0; i < window; i++)
            {
                factor[i] = Dropout.ReferenceFactor(a.DropoutSeed, w * window + i, a.DropoutRate);
                for (int c = 0; c < channels; c++)
                    gradWeight[i] += factor[i] * a.GradY[w * channels + c] * a.V[a.Grid.Patch(w, i) * channels + c];
                mean += a.Map[w * window + i] * gradWeight[i];
            }
            for (int i = 0; i < window; i++)
                for (int c = 0; c < channels; c++)
                {
                    int query = w * channels + c, key = a.Grid.Patch(w, i) * channels + c;
                    double weight = a.Map[w * window + i], score = weight * (gradWeight[i] - mean) / Math.Sqrt(channels);
                    gradQ[query] += score * a.K[key];
                    gradK[key] = score * a.Q[query];
                    gradV[key] = weight * factor[i] * a.GradY[query];
                }
        }
        return (gradQ, gradK, gradV);
    }
}
