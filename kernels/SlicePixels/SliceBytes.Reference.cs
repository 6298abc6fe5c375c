// SliceBytes: the formula's own loops, in the type of its input, because a byte depends on the last bit.
namespace HSENet.Kernels;

public static partial class SliceBytes
{
    /// <summary>Images as [slices, rows, columns] after the turn. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in SliceBytesArguments a)
    {
        var y = new double[a.Slices * a.Height * a.Width];
        for (int s = 0; s < a.Slices; s++)
        {
            int range = a.Range.Length == 2 * a.Type.Size() ? 0 : s;
            double smallest = a.Type.ValueAt(a.Range, 2 * range), largest = a.Type.ValueAt(a.Range, 2 * range + 1);
            for (int h = 0; h < a.Height; h++)
                for (int w = 0; w < a.Width; w++)
                {
                    double x = a.Type.ValueAt(a.X, (s * a.Height + h) * a.Width + w);
                    int value = smallest == largest ? 0
                        : a.Type == FloatType.F64 ? (int)((x - smallest) / (largest - smallest) * 255)
                        : (int)(((float)x - (float)smallest) / ((float)largest - (float)smallest) * 255f);
                    var (row, column, columns) = a.Turn switch
                    {
                        QuarterTurn.Clockwise => (w, a.Height - 1 - h, a.Height),
                        QuarterTurn.CounterClockwise => (a.Width - 1 - w, h, a.Height),
                        _ => (h, w, a.Width),
                    };
                    y[s * a.Height * a.Width + row * columns + column] = value;
                }
        }
        return y;
    }
}
