// Computes  gradX[n,c] = (gradY[n,c] − x[n,c] · Σ x·gradY / |x|²) / |x|
// Idea      a thread computes a row: both sums in one pass, the gradient in a second
// Numerics  sums left to right in f32, fused multiply-adds
using ILGPU;

namespace HSENet.Kernels;

public static partial class L2Normalize
{
    static void BackwardV1(L2NormalizeBackwardArguments a)
    {
        int row = Grid.IdxX * Group.DimX + Group.IdxX;
        if (row >= a.Rows)
            return;
        int start = row * a.Channels;
        float squares = 0f, dot = 0f;
        for (int c = 0; c < a.Channels; c++)
        {
            float x = a.X[start + c];
            squares = ScalarInstructions.FusedMultiplyAdd(x, x, squares);
            dot = ScalarInstructions.FusedMultiplyAdd(x, a.GradY[start + c], dot);
        }
        float length = ScalarInstructions.SquareRoot(squares);
        float scale = ScalarInstructions.Divide(1f, length < SmallestLength ? SmallestLength : length);
        float pull = length < SmallestLength ? 0f : dot * scale * scale;
        for (int c = 0; c < a.Channels; c++)
            a.GradX[start + c] = scale * ScalarInstructions.FusedMultiplyAdd(-pull, a.X[start + c], a.GradY[start + c]);
    }
}
