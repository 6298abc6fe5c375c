// LayerNorm.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class LayerNorm
{
    /// <summary>
    /// gradX [N, C], and gradGamma and gradBeta [C] after the addition, as doubles; empty where not asked for. The arguments must lie in
    /// host memory and are not touched.
    /// </summary>
    internal static (double[] GradX, double[] GradGamma, double[] GradBeta) BackwardReference(in LayerNormBackwardArguments a)
    {
        var gradX = new double[a.Rows * a.Channels];
        double[] gradGamma = new double[a.GradGamma.Length], gradBeta = new double[a.GradBeta.Length], x = new double[a.Channels];
        for (int n = 0; n < a.Rows; n++)
        {
            int start = n * a.Channels;
            double mean = 0, variance = 0, meanGradient = 0, meanProduct = 0;
            for (int c = 0; c < a.Channels; c++)
                mean += (double)a.X[start + c] / a.Channels;
            for (int c = 0; c < a.Channels; c++)
                variance += (a.X[start + c] - mean) * (a.X[start + c] - mean) / a.Channels;
            double r = 1 / Math.Sqrt(variance + a.Epsilon);
            for (int c = 0; c < a.Channels; c++)
            {
                x[c] = (a.X[start + c] - mean) * r;
                double gradient = (double)a.Gamma[c] * a.GradY[start + c];
                meanGradient += gradient / a.Channels;
                meanProduct += gradient * x[c] / a.Channels;
            }
            for (int c = 0; c < a.Channels; c++)
            {
                gradX[start + c] = r * ((double)a.Gamma[c] * a.GradY[start + c] - meanGradient - x[c] * meanProduct)
                    + (a.Residual.IsEmpty ? 0 : a.Residual[start + c]);
                if (gradGamma.Length > 0)
                    gradGamma[c] += a.GradY[start + c] * x[c];
                if (gradBeta.Length > 0)
                    gradBeta[c] += a.GradY[start + c];
            }
        }
        for (int c = 0; c < gradGamma.Length; c++)
            gradGamma[c] += a.GradGamma[c];
        for (int c = 0; c < gradBeta.Length; c++)
            gradBeta[c] += a.GradBeta[c];
        return (gradX, gradGamma, gradBeta);
    }
}
