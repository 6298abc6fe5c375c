// Computes  gradX[n,c] = residual[n,c] + r·γ[c]·gradY[n,c] − x[n,c] · r³/C · Σ γ·x·gradY,  r = 1/√(mean of x[n,·]² + ε)
// Idea      a thread computes a row: both sums in one pass, the gradient in a second
// Numerics  sums left to right in f32, fused multiply-adds; the residual is added last
using ILGPU;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    static void BackwardV1(RmsNormBackwardArguments a)
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
            dot = ScalarInstructions.FusedMultiplyAdd(a.Gamma[c] * x, a.GradY[start + c], dot);
        }
        float scale = ScalarInstructions.Divide(1f,
            ScalarInstructions.SquareRoot(ScalarInstructions.Divide(squares, a.Channels) + a.Epsilon));
        float pull = scale * scale * ScalarInstructions.Divide(dot, a.Channels);
        for (int c = 0; c < a.Channels; c++)
        {
            float gradient = scale * (a.Gamma[c] * a.GradY[start + c] - a.X[start + c] * pull);
            if (a.Residual.Length != 0)
                gradient += a.Residual[start + c];
            a.GradX[start + c] = gradient;
        }
    }
}
