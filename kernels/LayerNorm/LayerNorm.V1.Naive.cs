// Computes  y[n,c] = (x[n,c] − mean[n]) / √(var[n] + ε) · γ[c] + β[c]
// Idea      a thread computes a row: the formula as it stands, the rung to compare others with
// Numerics  sums left to right in f32, mean first and then squares of centred values: no cancellation when the mean is large
using ILGPU;

namespace HSENet.Kernels;

public static partial class LayerNorm
{
    static void ForwardV1(LayerNormArguments a)
    {
        int row = Grid.IdxX * Group.DimX + Group.IdxX;
        if (row >= a.Rows)
            return;
        int start = row * a.Channels;
        float sum = 0f;
        for (int c = 0; c < a.Channels; c++)
            sum += a.X[start + c];
        float mean = ScalarInstructions.Divide(sum, a.Channels);

        float squares = 0f;
        for (int c = 0; c < a.Channels; c++)
        {
            float centred = a.X[start + c] - mean;
            squares += centred * centred;
        }
        float variance = ScalarInstructions.Divide(squares, a.Channels);
        float inverseDeviation = ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(variance + a.Epsilon));

        for (int c = 0; c < a.Channels; c++)
            a.Y[start + c] = (a.X[start + c] - mean) * inverseDeviation * a.Gamma[c] + a.Beta[c];
    }
}
