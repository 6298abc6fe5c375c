// Linear in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class Linear
{
    /// <summary>y as [M, N] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in LinearArguments a)
    {
        var y = new double[a.Rows * a.Outputs];
        for (int m = 0; m < a.Rows; m++)
            for (int n = 0; n < a.Outputs; n++)
            {
                double sum = Dot(a, m, n) + (a.Bias.IsEmpty ? 0 : a.Bias[n]);
                double value = a.Activation switch
                {
                    LinearActivation.Gelu => ReferenceMath.Gelu(sum),
                    LinearActivation.SwiGlu => Dot(a, m, a.Outputs + n) * ReferenceMath.Silu(sum),
                    _ => sum,
                };
                int i = m * a.Outputs + n;
                y[i] = value + (a.Residual.IsEmpty ? 0 : a.Residual[i]);
            }
        return y;
    }

    static double Dot(in LinearArguments a, int m, int n)
    {
        double sum = 0;
        for (int k = 0; k < a.Inputs; k++)
            sum += ReferenceMath.Activation(a.X, m * a.Inputs + k) * ReferenceMath.Weight(a.W, n * a.Inputs + k);
        return sum;
    }
}
