// Computes  y = x · Φ(x)
// Idea      a thread for each element
// Numerics  erf to 1.2e-7, then three roundings
using ILGPU;

namespace HSENet.Kernels;

public static partial class Gelu
{
    static void ForwardV1(GeluArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i < a.Count)
            a.Y[i] = DeviceMath.Gelu(a.X[i]);
    }
}
