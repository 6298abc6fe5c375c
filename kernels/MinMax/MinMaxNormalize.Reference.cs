// MinMaxNormalize in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class MinMaxNormalize
{
    /// <summary>x as [Count] doubles. The arguments must lie in host memory; X is not touched.</summary>
    internal static double[] Reference(in MinMaxNormalizeArguments a)
    {
        var x = new double[a.Count];
        double smallest = a.Range[0], spread = Math.Max((double)a.Range[1] - a.Range[0], 1e-8);
        for (int i = 0; i < a.Count; i++)
            x[i] = (a.X[i] - smallest) / spread;
        return x;
    }
}
