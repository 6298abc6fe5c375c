// LayerNorm in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class LayerNorm
{
    /// <summary>y as [N, C] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in LayerNormArguments a)
    {
        var y = new double[a.Rows * a.Channels];
        for (int n = 0; n < a.Rows; n++)
        {
            int start = n * a.Channels;
            double mean = 0;
            for (int c = 0; c < a.Channels; c++)
                mean += a.X[start + c];
            mean /= a.Channels;

            double variance = 0;
            for (int c = 0; c < a.Channels; c++)
                variance += (a.X[start + c] - mean) * (a.X[start + c] - mean);
            variance /= a.Channels;

            double inverseDeviation = 1 / Math.Sqrt(variance + a.Epsilon);
            for (int c = 0; c < a.Channels; c++)
                y[start + c] = (a.X[start + c] - mean) * inverseDeviation * a.Gamma[c] + a.Beta[c];
        }
        return y;
    }
}
