// MinMax in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class MinMax
{
    /// <summary>Ranges as [N, 2] doubles. The arguments must lie in host memory; Range is not touched.</summary>
    internal static double[] Reference(in MinMaxArguments a)
    {
        var range = new double[a.Rows * 2];
        for (int n = 0; n < a.Rows; n++)
        {
            double smallest = double.PositiveInfinity, largest = double.NegativeInfinity;
            for (int c = 0; c < a.Columns; c++)
            {
                smallest = Math.Min(smallest, a.Type.ValueAt(a.X, n * a.Columns + c));
                largest = Math.Max(largest, a.Type.ValueAt(a.X, n * a.Columns + c));
            }
            (range[2 * n], range[2 * n + 1]) = (smallest, largest);
        }
        return range;
    }
}
