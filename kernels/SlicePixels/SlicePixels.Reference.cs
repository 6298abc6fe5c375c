// SlicePixels in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class SlicePixels
{
    /// <summary>y as [slices, 3, size, size] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in SlicePixelsArguments a)
    {
        var y = new double[a.Slices * 3 * a.Size * a.Size];
        double[] means = [a.MeanRed, a.MeanGreen, a.MeanBlue], deviations = [a.DeviationRed, a.DeviationGreen, a.DeviationBlue];
        int k = 0;
        for (int s = 0; s < a.Slices; s++)
            for (int c = 0; c < 3; c++)
                for (int i = 0; i < a.Size; i++)
                    for (int j = 0; j < a.Size; j++)
                        y[k++] = (a.X[(s * a.Height + a.Top + i) * a.Width + a.Left + j] / 255.0 - means[c]) / deviations[c];
        return y;
    }
}
