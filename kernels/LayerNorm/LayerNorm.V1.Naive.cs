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
        float mean = Mean(a.X, start, a.Channels), inverseDeviation = InverseDeviation(a.X, start, a.Channels, mean, a.Epsilon);
        for (int c = 0; c < a.Channels; c++)
            AnyActivations.Store(a.Y, start + c, (a.X[start + c] - mean) * inverseDeviation * a.Gamma[c] + a.Beta[c]);
    }

    static float Mean(View<float> x, int start, int channels)
    {
        float sum = 0f;
        for (int c = 0; c < channels; c++)
            sum += x[start + c];
        return ScalarInstructions.Divide(sum, channels);
    }

    static float InverseDeviation(View<float> x, int start, int channels, float mean, float epsilon)
    {
        float squares = 0f;
        for (int c = 0; c < channels; c++)
        {
            float centred = x[start + c] - mean;
            squares += centred * centred;
        }
        return ScalarInstructions.Divide(1f, ScalarInstructions.SquareRoot(ScalarInstructions.Divide(squares, channels) + epsilon));
    }
}
