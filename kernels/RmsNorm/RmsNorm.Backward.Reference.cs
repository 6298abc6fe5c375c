// RmsNorm.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class RmsNorm
{
    /// <summary>gradX [N, C], and gradGamma [C] after the addition, as doubles; empty where not asked for. The arguments must lie in host
    /// memory and are not touched.</summary>
    internal static (double[] GradX, double[] GradGamma) BackwardReference(in RmsNormBackwardArguments a)
    {
        double[] gradX = new double[a.Rows * a.Channels], gradGamma = new double[a.GradGamma.Length];
        for (int n = 0; n < a.Rows; n++)
        {
            int start = n * a.Channels;
            double meanSquare = 0, dot = 0;
            for (int c = 0; c < a.Channels; c++)
            {
                meanSquare += (double)a.X[start + c] * a.X[start + c] / a.Channels;
                dot += (double)a.Gamma[c] * a.X[start + c] * a.GradY[start + c];
            }
            double r = 1 / Math.Sqrt(meanSquare + a.Epsilon);
            for (int c = 0; c < gradGamma.Length; c++)
                gradGamma[c] += r * a.X[start + c] * a.GradY[start + c];
            for (int c = 0; c < a.Channels; c++)
                gradX[start + c] = r * a.Gamma[c] * a.GradY[start + c] - a.X[start + c] * r * r * r / a.Channels * dot
                    + (a.Residual.IsEmpty ? 0 : a.Residual[start + c]);
        }
        for (int c = 0; c < gradGamma.Length; c++)
            gradGamma[c] += a.GradGamma[c];
        return (gradX, gradGamma);
    }
}
