// Computes  x ← (x − min) / max(max − min, 1e-8)
// Idea      a thread computes one value
// Numerics  a difference and a quotient, each rounded once to f32
using ILGPU;

namespace HSENet.Kernels;

public static partial class MinMaxNormalize
{
    static void ForwardV1(MinMaxNormalizeArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Count)
            return;
        float smallest = a.Range[0];
        float spread = a.Range[1] - smallest;
        spread = spread < SmallestSpread ? SmallestSpread : spread;
        a.X[i] = ScalarInstructions.Divide(a.X[i] - smallest, spread);
    }
}
