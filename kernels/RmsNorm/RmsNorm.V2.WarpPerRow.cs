// Computes  y[n,c] = x[n,c] / √(mean of x[n,·]² + ε) · γ[c]
// Idea      a warp computes a row: neighbouring lanes read neighbouring channels, 4 sectors a load instead of 32
// Numerics  32 sums of every 32nd square, left to right in f32 with fused multiply-adds; then a butterfly of five additions
using ILGPU;

namespace HSENet.Kernels;

public static partial class RmsNorm
{
    const int RowsPerGroup = 4; // a warp each

    static void ForwardV2(RmsNormArguments a)
    {
        int lane = Group.IdxX & 31;
        int row = Grid.IdxX * RowsPerGroup + (Group.IdxX >> 5);
        if (row >= a.Rows)
            return;
        int start = row * a.Channels;
        float squares = 0f;
        for (int c = lane; c < a.Channels; c += 32)
            squares = ScalarInstructions.FusedMultiplyAdd(a.X[start + c], a.X[start + c], squares);
        float meanSquare = ScalarInstructions.Divide(WarpSums.Sum(squares), a.Channels);
        float scale = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(meanSquare + a.Epsilon));
        for (int c = lane; c < a.Channels; c += 32)
            AnyActivations.Store(a.Y, start + c, a.X[start + c] * scale * a.Gamma[c]);
    }
}
