// SquaredNorm in double precision: the formula's own loop.
namespace HSENet.Kernels;

public static partial class SquaredNorm
{
    /// <summary>The sums as doubles. The arguments must lie in host memory; Sums is not touched.</summary>
    internal static double[] Reference(in SquaredNormArguments a)
    {
        var sums = new double[(a.Count + 4095) / 4096];
        for (int i = 0; i < a.Count; i++)
            sums[i / 4096] += (double)a.X[i] * a.X[i];
        return sums;
    }
}
