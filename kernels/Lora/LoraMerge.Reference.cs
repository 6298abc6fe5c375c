// LoraMerge in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class LoraMerge
{
    /// <summary>The merged weight as [N, K] doubles. The arguments must lie in host memory; Merged is not touched.</summary>
    internal static double[] Reference(in LoraMergeArguments a)
    {
        var merged = new double[a.Outputs * a.Inputs];
        for (int n = 0; n < a.Outputs; n++)
            for (int k = 0; k < a.Inputs; k++)
            {
                double sum = 0;
                for (int j = 0; j < a.Rank; j++)
                    sum += ReferenceMath.Weight(a.B, n * a.Rank + j) * ReferenceMath.Weight(a.A, j * a.Inputs + k);
                merged[n * a.Inputs + k] = ReferenceMath.Weight(a.W, n * a.Inputs + k) + a.Scale * sum;
            }
        return merged;
    }
}
