// Computes  y[n,c] = x[n,c] / √(mean of x[n,·]² + ε) · γ[c]
// Idea      a thread computes a row: the formula as it stands, the rung to compare others with
// Numerics  the sum of squares left to right in f32, fused multiply-adds
using ILGPU;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    static void ForwardV1(RmsNormArguments a)
    {
        int row = Grid.IdxX * Group.DimX + Group.IdxX;
        if (row >= a.Rows)
            return;
        int start = row * a.Channels;
        float squares = 0f;
        for (int c = 0; c < a.Channels; c++)
            squares = ScalarInstructions.FusedMultiplyAdd(a.X[start + c], a.X[start + c], squares);
        float meanSquare = ScalarInstructions.Divide(squares, a.Channels);
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(meanSquare + a.Epsilon));

        for (int c = 0; c < a.Channels; c++)
            AnyActivations.Store(a.Y, start + c, a.X[start + c] * scale * a.Gamma[c]);
    }
}
