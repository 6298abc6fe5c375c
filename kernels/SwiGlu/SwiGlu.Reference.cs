// SwiGlu in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class SwiGlu
{
    /// <summary>y as [M, N] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in SwiGluArguments a)
    {
        var y = new double[a.Rows * a.Channels];
        for (int m = 0; m < a.Rows; m++)
            for (int n = 0; n < a.Channels; n++)
            {
                double gate = ReferenceMath.Activation(a.GateUp, m * 2 * a.Channels + n);
                double up = ReferenceMath.Activation(a.GateUp, (m * 2 + 1) * a.Channels + n);
                y[m * a.Channels + n] = up * ReferenceMath.Silu(gate);
            }
        return y;
    }
}
