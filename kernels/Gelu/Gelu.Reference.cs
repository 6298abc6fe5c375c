// Gelu in double precision.
namespace HSENet.Kernels;

public static partial class Gelu
{
    /// <summary>y as [n] doubles. The arguments must lie in host memory; Y is not touched.</summary>
    internal static double[] Reference(in GeluArguments a)
    {
        var y = new double[a.Count];
        for (int i = 0; i < y.Length; i++)
            y[i] = ReferenceMath.Gelu(a.X[i]);
        return y;
    }
}
