// Lora.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class Lora
{
    /// <summary>
    /// gradA [r, K], gradB [N, r] and gradX [M, K] (empty when not asked for) after the addition, as doubles. The arguments must lie in
    /// host memory and are not touched.
    /// </summary>
    internal static (double[] GradA, double[] GradB, double[] GradX) BackwardReference(in LoraBackwardArguments a)
    {
        double[] gradA = ReferenceMath.Doubles(a.GradA), gradB = ReferenceMath.Doubles(a.GradB), gradX = ReferenceMath.Doubles(a.GradX);
        for (int m = 0; m < a.Rows; m++)
            for (int j = 0; j < a.Rank; j++)
            {
                double inner = 0, gradInner = 0;
                for (int k = 0; k < a.Inputs; k++)
                    inner += a.Scale * ReferenceMath.Weight(a.A, j * a.Inputs + k) * a.X[m * a.Inputs + k];
                for (int n = 0; n < a.Outputs; n++)
                    gradInner += a.Scale * ReferenceMath.Weight(a.B, n * a.Rank + j) * a.GradY[m * a.Outputs + n];

                for (int n = 0; n < a.Outputs; n++)
                    gradB[n * a.Rank + j] += a.GradY[m * a.Outputs + n] * inner;
                for (int k = 0; k < a.Inputs; k++)
                    gradA[j * a.Inputs + k] += gradInner * a.X[m * a.Inputs + k];
                for (int k = 0; k < a.Inputs && gradX.Length > 0; k++)
                    gradX[m * a.Inputs + k] += gradInner * ReferenceMath.Weight(a.A, j * a.Inputs + k);
            }
        return (gradA, gradB, gradX);
    }
}
