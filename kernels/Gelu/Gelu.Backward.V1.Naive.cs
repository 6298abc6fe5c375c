// Computes  gradX = gradY · (Φ(x) + x·φ(x))
// Idea      a thread for each element
// Numerics  erf to 1.2e-7, the exponential to 2e-7 of itself and half of x² roundings
using ILGPU;

namespace HSENet.Kernels;

public static partial class Gelu
{
    static void BackwardV1(GeluBackwardArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < a.Count)
            a.GradX[i] = a.GradY[i] * DeviceMath.GeluSlope(a.X[i]);
    }
}
