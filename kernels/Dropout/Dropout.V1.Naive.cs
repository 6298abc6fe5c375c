// Computes  y[i] = residual[i] + x[i] · factor(seed, i, rate)
// Idea      a thread for each element; ten rounds of the generator instead of a stored mask, none where nothing is dropped: then it copies,
//           adds, or rounds to the type of y
// Numerics  the factor is rounded once, the product and the sum at most once each
using ILGPU;

namespace HSENet.Kernels;

public static partial class Dropout
{
    static void ForwardV1(DropoutArguments a)
    {
        int i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= a.Count)
            return;
        float value = a.X[i];
        if (a.Rate > 0f)
            value *= DropoutMask.Factor(a.Seed, i, a.Rate);
        if (a.Residual.Length != 0)
            value += a.Residual[i];
        AnyActivations.Store(a.Y, i, value);
    }
}
