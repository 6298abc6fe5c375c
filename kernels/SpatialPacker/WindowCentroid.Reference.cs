// WindowCentroid in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class WindowCentroid
{
    /// <summary>y as [W, D] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in WindowCentroidArguments a)
    {
        int lines = a.GridHeight / a.WindowHeight, columns = a.GridWidth / a.WindowWidth,
            window = a.WindowDepth * a.WindowHeight * a.WindowWidth;
        var y = new double[a.GridDepth / a.WindowDepth * lines * columns * a.Channels];
        for (int d = 0; d < a.GridDepth; d++)
            for (int h = 0; h < a.GridHeight; h++)
                for (int w = 0; w < a.GridWidth; w++)
                {
                    int patch = (d * a.GridHeight + h) * a.GridWidth + w;
                    int of = (d / a.WindowDepth * lines + h / a.WindowHeight) * columns + w / a.WindowWidth;
                    for (int c = 0; c < a.Channels; c++)
                        y[of * a.Channels + c] += ReferenceMath.Activation(a.X, patch * a.Channels + c) / window;
                }
        return y;
    }
}
