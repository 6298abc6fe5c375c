// Gelu.Backward in double precision.
namespace HSENet.Kernels;

public static partial class Gelu
{
    /// <summary>gradX as [n] doubles. The arguments must lie in host memory; GradX is not touched.</summary>
    internal static double[] BackwardReference(in GeluBackwardArguments a)
    {
        var gradX = new double[a.Count];
        for (int i = 0; i < gradX.Length; i++)
            gradX[i] = a.GradY[i] * ReferenceMath.GeluSlope(a.X[i]);
        return gradX;
    }
}
