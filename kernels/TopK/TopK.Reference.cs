// TopK by sorting: the definition itself.
namespace HSENet.Kernels;

public static partial class TopK
{
    /// <summary>Scores [R, K] and columns [R, K]. The arguments must lie in host memory; Values and Indices are not touched.</summary>
    internal static (double[] Values, int[] Indices) Reference(TopKArguments a)
    {
        var (values, indices) = (new double[a.Rows * a.Top], new int[a.Rows * a.Top]);
        Array.Fill(indices, -1);
        for (int row = 0; row < a.Rows; row++)
        {
            int start = row * a.Columns, at = row * a.Top;
            foreach (int column in Enumerable.Range(0, a.Columns)
                .Where(i => (a.Wanted.IsEmpty || a.Wanted[i] != 0) && !float.IsNaN(a.Scores[start + i]))
                .OrderByDescending(i => a.Scores[start + i]).ThenBy(i => i).Take(a.Top))
                (values[at], indices[at++]) = (a.Scores[start + column], column);
        }
        return (values, indices);
    }
}
