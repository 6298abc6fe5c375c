// WindowCentroid.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    /// <summary>gradX as [P, D] doubles after the addition. The arguments must lie in host memory; GradX is not touched.</summary>
    internal static double[] BackwardReference(in WindowCentroidBackwardArguments a)
    {
        int lines = a.GridHeight / a.WindowHeight, columns = a.GridWidth / a.WindowWidth,
            window = a.WindowDepth * a.WindowHeight * a.WindowWidth;
        var gradX = new double[a.GridDepth * a.GridHeight * a.GridWidth * a.Channels];
        int i = 0;
        for (int d = 0; d < a.GridDepth; d++)
            for (int h = 0; h < a.GridHeight; h++)
                for (int w = 0; w < a.GridWidth; w++)
                {
                    int of = (d / a.WindowDepth * lines + h / a.WindowHeight) * columns + w / a.WindowWidth;
                    for (int c = 0; c < a.Channels; c++, i++)
                        gradX[i] = a.GradX[i] + (double)a.GradY[of * a.Channels + c] / window;
                }
        return gradX;
    }
}
