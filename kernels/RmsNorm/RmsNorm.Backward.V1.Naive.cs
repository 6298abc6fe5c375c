// Computes  gradX[n,c] = residual[n,c] + r·γ[c]·gradY[n,c] − x[n,c] · r³/C · Σ γ·x·gradY,  r = 1/√(mean of x[n,·]² + ε)
//           gradGamma[c] += Σ_n r·x[n,c]·gradY[n,c]
// Idea      the first groups have a thread for each row: both sums in one pass, the gradient in a second. The others own 128 channels
//           each: first their threads share the rows for r, a barrier, then a thread sums one channel over all rows
// Numerics  sums left to right in f32, fused multiply-adds; the residual, and what is added to, is added last
using ILGPU;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    static void BackwardV1(RmsNormBackwardArguments a)
    {
        int rowGroups = (a.Rows + BackwardGroup - 1) / BackwardGroup, thread = Group.IdxX;
        if (Grid.IdxX < rowGroups)
        {
            int row = Grid.IdxX * BackwardGroup + thread;
            if (row < a.Rows)
                BackwardRow(a, row * a.Channels);
            return;
        }
        int group = Grid.IdxX - rowGroups, scales = group * a.Rows, channel = group * BackwardGroup + thread;
        for (int row = thread; row < a.Rows; row += BackwardGroup)
        {
            float squares = 0f;
            for (int c = 0; c < a.Channels; c++)
                squares = ScalarInstructions.FusedMultiplyAdd(a.X[row * a.Channels + c], a.X[row * a.Channels + c], squares);
            a.Scratch[scales + row] = BackwardScale(a, squares);
        }
        Group.Barrier(); // every channel reads r of all rows
        if (channel >= a.Channels)
            return;
        float gradGamma = 0f;
        for (int row = 0; row < a.Rows; row++)
        {
            int i = row * a.Channels + channel;
            gradGamma = ScalarInstructions.FusedMultiplyAdd(a.Scratch[scales + row] * a.X[i], a.GradY[i], gradGamma);
        }
        a.GradGamma[channel] += gradGamma;
    }

    static float BackwardScale(RmsNormBackwardArguments a, float squares) => ScalarInstructions.Divide(1f,
        ScalarInstructions.SquareRoot(ScalarInstructions.Divide(squares, a.Channels) + a.Epsilon));

    static void BackwardRow(RmsNormBackwardArguments a, int start)
    {
        float squares = 0f, dot = 0f;
        for (int c = 0; c < a.Channels; c++)
        {
            float x = a.X[start + c];
            squares = ScalarInstructions.FusedMultiplyAdd(x, x, squares);
            dot = ScalarInstructions.FusedMultiplyAdd(a.Gamma[c] * x, a.GradY[start + c], dot);
        }
        float scale = BackwardScale(a, squares);
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
