// L2Normalize.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class L2Normalize
{
    /// <summary>gradX as [N, C] doubles. The arguments must lie in host memory; GradX is not touched.</summary>
    internal static double[] BackwardReference(in L2NormalizeBackwardArguments a)
    {
        var gradX = new double[a.Rows * a.Channels];
        for (int n = 0; n < a.Rows; n++)
        {
            int start = n * a.Channels;
            double squares = 0, dot = 0;
            for (int c = 0; c < a.Channels; c++)
            {
                squares += (double)a.X[start + c] * a.X[start + c];
                dot += (double)a.X[start + c] * a.GradY[start + c];
            }
            double length = Math.Sqrt(squares);
            for (int c = 0; c < a.Channels; c++)
                gradX[start + c] = length < SmallestLength
                    ? a.GradY[start + c] / SmallestLength
                    : a.GradY[start + c] / length - a.X[start + c] * dot / (length * length * length);
        }
        return gradX;
    }
}
