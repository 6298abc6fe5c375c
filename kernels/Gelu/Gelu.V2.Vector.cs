// Computes  y = x · Φ(x)
// Idea      as V1, four neighbours in a load and a store, and two times four a thread: more bytes under way
// Numerics  as V1
using System.Runtime.CompilerServices;
using ILGPU;

namespace HSENet.Kernels;

public static partial class Gelu
{
    static void ForwardV2(GeluArguments a)
    {
        int i = 4 * (2 * Grid.IdxX * Group.DimX + Group.IdxX), next = i + 4 * Group.DimX;
        if (i >= a.Count)
            return;
        Float4 x0 = WeightVectors.Inputs(a.X, i), x1 = default;
        if (next < a.Count)
            x1 = WeightVectors.Inputs(a.X, next); // before anything is computed
        WeightVectors.Store(a.Y, i, Four(x0));
        if (next < a.Count)
            WeightVectors.Store(a.Y, next, Four(x1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float4 Four(Float4 x)
    {
        x.X = DeviceMath.Gelu(x.X);
        x.Y = DeviceMath.Gelu(x.Y);
        x.Z = DeviceMath.Gelu(x.Z);
        x.W = DeviceMath.Gelu(x.W);
        return x;
    }
}
