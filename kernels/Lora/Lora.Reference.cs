// Lora in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class Lora
{
    /// <summary>Y after the addition as [M, N] doubles. The arguments must lie in host memory and are not touched.</summary>
    internal static double[] Reference(in LoraArguments a)
    {
        var y = new double[a.Rows * a.Outputs];
        var inner = new double[a.Rank];
        for (int m = 0; m < a.Rows; m++)
        {
            for (int j = 0; j < a.Rank; j++)
            {
                inner[j] = 0;
                for (int k = 0; k < a.Inputs; k++)
                    inner[j] += ReferenceMath.Weight(a.A, j * a.Inputs + k) * ReferenceMath.Activation(a.X, m * a.Inputs + k);
            }
            for (int n = 0; n < a.Outputs; n++)
            {
                double sum = 0;
                for (int j = 0; j < a.Rank; j++)
                    sum += ReferenceMath.Weight(a.B, n * a.Rank + j) * inner[j];
                y[m * a.Outputs + n] = ReferenceMath.Activation(a.Y, m * a.Outputs + n) + a.Scale * sum;
            }
        }
        return y;
    }
}
