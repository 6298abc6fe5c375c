// Computes  y[m,n] = up[m,n] · silu(gate[m,n])
// Idea      a thread for each output; neighbouring threads read neighbouring channels
// Numerics  e^x with a relative error of 2e-7, then a sum, a division and a product
using ILGPU;

namespace HSENet.Kernels;

public static partial class SwiGlu
{
    static void ForwardV1(SwiGluArguments a)
    {
        int m = Grid.IdxX;
        int n = Grid.IdxY * Group.DimX + Group.IdxX;
        if (n >= a.Channels)
            return;
        int gate = m * 2 * a.Channels + n;
        float up = AnyActivations.Load(a.GateUp, gate + a.Channels);
        AnyActivations.Store(a.Y, m * a.Channels + n, up * DeviceMath.Silu(AnyActivations.Load(a.GateUp, gate)));
    }
}
