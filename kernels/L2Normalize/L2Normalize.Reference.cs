// L2Normalize in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class L2Normalize
{
    /// <summary>y as [N, C] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in L2NormalizeArguments a)
    {
        var y = new double[a.Rows * a.Channels];
        for (int n = 0; n < a.Rows; n++)
        {
            int start = n * a.Channels;
            double squares = 0;
            for (int c = 0; c < a.Channels; c++)
                squares += (double)a.X[start + c] * a.X[start + c];
            for (int c = 0; c < a.Channels; c++)
                y[start + c] = a.X[start + c] / Math.Max(Math.Sqrt(squares), SmallestLength);
        }
        return y;
    }
}
