// Computes  y[n,c] = x[n,c] / max(√Σ x[n,·]², 1e-12)
// Idea      a thread computes a row: the formula as it stands, the rung to compare others with
// Numerics  the sum of squares left to right in f32, fused multiply-adds
using ILGPU;

namespace HSENet.Kernels;

public static partial class L2Normalize
{
    static void ForwardV1(L2NormalizeArguments a)
    {
        int row = Grid.IdxX * Group.DimX + Group.IdxX;
        if (row >= a.Rows)
            return;
        int start = row * a.Channels;
        float squares = 0f;
        for (int c = 0; c < a.Channels; c++)
            squares = ScalarInstructions.FusedMultiplyAdd(a.X[start + c], a.X[start + c], squares);
        float length = ScalarInstructions.SquareRoot(squares);
        float scale = ScalarInstructions.Divide(1f, length < SmallestLength ? SmallestLength : length);

        for (int c = 0; c < a.Channels; c++)
            a.Y[start + c] = a.X[start + c] * scale;
    }
}
