// RmsNorm in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class RmsNorm
{
    /// <summary>y as [N, C] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in RmsNormArguments a)
    {
        var y = new double[a.Rows * a.Channels];
        for (int n = 0; n < a.Rows; n++)
        {
            int start = n * a.Channels;
            double meanSquare = 0;
            for (int c = 0; c < a.Channels; c++)
                meanSquare += (double)a.X[start + c] * a.X[start + c];
            meanSquare /= a.Channels;

            for (int c = 0; c < a.Channels; c++)
                y[start + c] = a.X[start + c] / Math.Sqrt(meanSquare + a.Epsilon) * a.Gamma[c];
        }
        return y;
    }
}
