// Linear.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class Linear
{
    /// <summary>
    /// gradX [M, K], and gradW [N, K] and gradBias [N] after the addition, as doubles; empty where not asked for. The arguments must lie
    /// in host memory and are not touched.
    /// </summary>
    internal static (double[] GradX, double[] GradW, double[] GradBias) BackwardReference(in LinearBackwardArguments a)
    {
        var gradX = new double[a.GradX.Length];
        for (int i = 0; i < gradX.Length; i++)
        {
            int m = i / a.Inputs, k = i % a.Inputs;
            for (int n = 0; n < a.Outputs; n++)
                gradX[i] += a.GradY[m * a.Outputs + n] * ReferenceMath.Weight(a.W, n * a.Inputs + k);
            gradX[i] += a.Residual.IsEmpty ? 0 : a.Residual[i];
        }
        var gradW = new double[a.GradW.Length];
        for (int i = 0; i < gradW.Length; i++)
        {
            int n = i / a.Inputs, k = i % a.Inputs;
            for (int m = 0; m < a.Rows; m++)
                gradW[i] += (double)a.GradY[m * a.Outputs + n] * a.X[m * a.Inputs + k];
            gradW[i] += a.GradW[i];
        }
        var gradBias = new double[a.GradBias.Length];
        for (int n = 0; n < gradBias.Length; n++)
        {
            for (int m = 0; m < a.Rows; m++)
                gradBias[n] += a.GradY[m * a.Outputs + n];
            gradBias[n] += a.GradBias[n];
        }
        return (gradX, gradW, gradBias);
    }
}
