// Computes  y[n,c] = (x[n,c] − mean[n]) / √(var[n] + ε) · γ[c] + β[c]
// Idea      a warp computes a row: neighbouring lanes read neighbouring channels, 4 sectors a load instead of 32; the row stays in L1
// Numerics  sums of every 32nd channel in f32, then a butterfly of five additions; mean first, then squares of centred values
using ILGPU;

namespace HSENet.Kernels;

public static partial class LayerNorm
{
    const int RowsPerGroup = 4; // a warp each

    static void ForwardV2(LayerNormArguments a)
    {
        int lane = Group.IdxX & 31;
        int row = Grid.IdxX * RowsPerGroup + (Group.IdxX >> 5);
        if (row >= a.Rows)
            return;
        int start = row * a.Channels;
        float sum = 0f, squares = 0f;
        for (int c = lane; c < a.Channels; c += 32)
            sum += a.X[start + c];
        float mean = ScalarInstructions.Divide(WarpSums.Sum(sum), a.Channels);
        for (int c = lane; c < a.Channels; c += 32)
        {
            float centred = a.X[start + c] - mean;
            squares = ScalarInstructions.FusedMultiplyAdd(centred, centred, squares);
        }
        float variance = ScalarInstructions.Divide(WarpSums.Sum(squares), a.Channels);
        float inverseDeviation = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(variance + a.Epsilon));
        for (int c = lane; c < a.Channels; c += 32)
            AnyActivations.Store(a.Y, start + c, (a.X[start + c] - mean) * inverseDeviation * a.Gamma[c] + a.Beta[c]);
    }
}
