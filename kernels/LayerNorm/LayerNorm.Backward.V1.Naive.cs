// Computes  gradX = residual + r·(γ·gradY − mean(γ·gradY) − x̂·mean(γ·gradY·x̂)),  gradGamma += Σ_n gradY·x̂,  gradBeta += Σ_n gradY
// Idea      the first groups have a thread for each row; the others own 128 channels each: first their threads share the rows for means and
//           deviations, a barrier, then a thread sums one channel over all rows. No group waits for another
// Numerics  sums left to right in f32; squares and products of centred values; what is added to is added last
using ILGPU;

namespace HSENet.Kernels;

public static partial class LayerNorm
{
    static void BackwardV1(LayerNormBackwardArguments a)
    {
        int rowGroups = (a.Rows + BackwardGroup - 1) / BackwardGroup, thread = Group.IdxX;
        if (Grid.IdxX < rowGroups)
        {
            int row = Grid.IdxX * BackwardGroup + thread;
            if (row < a.Rows)
                BackwardRow(a, row * a.Channels);
            return;
        }
        int group = Grid.IdxX - rowGroups, statistics = group * 2 * a.Rows, c = group * BackwardGroup + thread;
        for (int row = thread; row < a.Rows; row += BackwardGroup)
        {
            float mean = Mean(a.X, row * a.Channels, a.Channels);
            a.Scratch[statistics + row] = mean;
            a.Scratch[statistics + a.Rows + row] = InverseDeviation(a.X, row * a.Channels, a.Channels, mean, a.Epsilon);
        }
        Group.Barrier(); // every channel reads the statistics of all rows
        if (c >= a.Channels)
            return;

        float gradGamma = 0f, gradBeta = 0f;
        for (int row = 0; row < a.Rows; row++)
        {
            float gradient = a.GradY[row * a.Channels + c];
            float normalised = (a.X[row * a.Channels + c] - a.Scratch[statistics + row]) * a.Scratch[statistics + a.Rows + row];
            gradGamma = ScalarInstructions.FusedMultiplyAdd(gradient, normalised, gradGamma);
            gradBeta += gradient;
        }
        if (a.GradGamma.Length != 0)
            a.GradGamma[c] += gradGamma;
        if (a.GradBeta.Length != 0)
            a.GradBeta[c] += gradBeta;
    }

    static void BackwardRow(LayerNormBackwardArguments a, int start)
    {
        float mean = Mean(a.X, start, a.Channels), r = InverseDeviation(a.X, start, a.Channels, mean, a.Epsilon);
        float sum = 0f, products = 0f;
        for (int c = 0; c < a.Channels; c++)
        {
            float gradient = a.Gamma[c] * a.GradY[start + c];
            sum += gradient;
            products = ScalarInstructions.FusedMultiplyAdd(gradient, (a.X[start + c] - mean) * r, products);
        }
        float meanGradient = ScalarInstructions.Divide(sum, a.Channels), meanProduct = ScalarInstructions.Divide(products, a.Channels);
        for (int c = 0; c < a.Channels; c++)
        {
            float gradient = r * (a.Gamma[c] * a.GradY[start + c] - meanGradient - (a.X[start + c] - mean) * r * meanProduct);
            if (a.Residual.Length != 0)
                gradient += a.Residual[start + c];
            a.GradX[start + c] = gradient;
        }
    }
}
