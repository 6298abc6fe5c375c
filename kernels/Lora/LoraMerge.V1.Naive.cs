// Computes  merged[n,k] = W[n,k] + scale · Σⱼ B[n,j] · A[j,k]
// Idea      a thread for each element; neighbouring threads read neighbouring elements of W and of A's rows, and one element of B
// Numerics  one sum in f32 from j = 0 up, fused multiply-adds; then scale and W
using ILGPU;

namespace HSENet.Kernels;

public static partial class LoraMerge
{
    static void ForwardV1<TFormat>(LoraMergeArguments a) where TFormat : struct, IWeightFormat
    {
        int n = Grid.IdxX;
        int k = Grid.IdxY * Group.DimX + Group.IdxX;
        if (k >= a.Inputs)
            return;
        float sum = 0f;
        for (int j = 0; j < a.Rank; j++)
            sum = ScalarInstructions.FusedMultiplyAdd(AnyWeights.Load(a.B, n * a.Rank + j), AnyWeights.Load(a.A, j * a.Inputs + k), sum);
        int i = n * a.Inputs + k;
        a.Merged[i] = ScalarInstructions.FusedMultiplyAdd(a.Scale, sum, TFormat.Load(a.W, i));
    }
}
