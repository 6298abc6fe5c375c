// Augment in double precision: one transform after the other, each on a whole copy.
namespace HSENet.Kernels;

public static partial class Augment
{
    /// <summary>y as [D, H, W] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in AugmentArguments a)
    {
        int depth = a.Depth, height = a.Height, width = a.Width;
        double[] y = ReferenceMath.Doubles(a.X);
        // A quarter turn puts the last column first, as a row; the number of rows becomes that of the columns.
        for (int turn = 0; turn < a.QuarterTurns; turn++)
        {
            int rows = height, columns = width;
            y = Rearranged(y, depth, columns, rows, (d, h, w) => (d * rows + w) * columns + columns - 1 - h);
            (height, width) = (columns, rows);
        }
        if (a.FlipDepth == 1)
            y = Rearranged(y, depth, height, width, (d, h, w) => ((depth - 1 - d) * height + h) * width + w);
        if (a.FlipHeight == 1)
            y = Rearranged(y, depth, height, width, (d, h, w) => (d * height + height - 1 - h) * width + w);
        if (a.FlipWidth == 1)
            y = Rearranged(y, depth, height, width, (d, h, w) => (d * height + h) * width + width - 1 - w);
        for (int i = 0; i < y.Length; i++)
            y[i] = y[i] * (1 + (double)a.Factor) + a.Offset;
        return y;
    }

    static double[] Rearranged(double[] x, int depth, int height, int width, Func<int, int, int, int> from)
    {
        var y = new double[x.Length];
        int i = 0;
        for (int d = 0; d < depth; d++)
            for (int h = 0; h < height; h++)
                for (int w = 0; w < width; w++)
                    y[i++] = x[from(d, h, w)];
        return y;
    }
}
