// SwiGlu.Backward in double precision: the formula's own loops.
namespace HSENet.Kernels;

public static partial class SwiGlu
{
    /// <summary>The gradients of gates and ups as [M, 2N] doubles. The arguments must lie in host memory; GradGateUp is not
    /// touched.</summary>
    internal static double[] BackwardReference(in SwiGluBackwardArguments a)
    {
        var gradients = new double[2 * a.Rows * a.Channels];
        for (int m = 0; m < a.Rows; m++)
            for (int n = 0; n < a.Channels; n++)
            {
                int i = m * 2 * a.Channels + n;
                double gate = a.GateUp[i], up = a.GateUp[i + a.Channels], gradY = a.GradY[m * a.Channels + n];
                gradients[i] = gradY * up * ReferenceMath.Sigmoid(gate) * (1 + gate * ReferenceMath.Sigmoid(-gate));
                gradients[i + a.Channels] = gradY * ReferenceMath.Silu(gate);
            }
        return gradients;
    }
}
